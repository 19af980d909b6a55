import { closeSync, openSync, readSync } from "node:fs";
import { BindscapeError } from "@bindscape/numerics";
import { checkReadRange } from "../byte-source.js";
import { openFile } from "../byte-source.node.js";
import { describeFileError } from "../file-error.node.js";
import { HttpSource, isAddress } from "../http/http-source.js";
import type { SynchronousByteSource } from "./block-reader.js";
import { inflateInNode } from "./codec.node.js";
import { BigWigReader, type BigWigReaderOptions } from "./read.js";

/** A bigWig file that is open for reading; `close` it when done. */
export interface OpenBigWig {
  readonly reader: BigWigReader;
  close(): void;
}

/**
 * Opens a bigWig file: a local one, or one on a web server by its http or https address, of which only what is asked
 * for is fetched. The reader inflates with `node:zlib`, and reads a local file without promises of its own, which
 * makes short windows several times faster than `BigWigReader.open(await openFile(path))`.
 * @throws BindscapeError where the file is missing, may not be read, or is no undamaged bigWig.
 */
export async function openBigWig(path: string, options: BigWigReaderOptions = {}): Promise<OpenBigWig> {
  if (isAddress(path)) {
    const source = await HttpSource.open(path);
    return {
      reader: await BigWigReader.open(source, { inflate: inflateInNode, ...options }),
      close: () => {},
    };
  }
  const source = await openLocalFile(path);
  try {
    const reader = await BigWigReader.open(source, { inflate: inflateInNode, ...options });
    return { reader, close: () => source.close() };
  } catch (error) {
    source.close();
    throw error;
  }
}

async function openLocalFile(path: string): Promise<SynchronousByteSource & { close(): void }> {
  // Refuses folders, pipes and what may not be read, with the messages every other format has.
  const checked = await openFile(path);
  const size = await checked.size();
  await checked.close();
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw describeFileError(error, path, "read");
  }
  let isOpen = true;
  const readNow = (offset: number, length: number): Uint8Array => {
    checkReadRange(path, offset, length, size);
    if (!isOpen) throw new BindscapeError({ source: path, found: "the file was read after it was closed" });
    const bytes = new Uint8Array(length);
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
        if (count === 0) {
          throw new BindscapeError({
            source: path,
            offset: offset + done,
            found: "the file became shorter while it was being read",
            next: "Wait until it is complete",
          });
        }
        done += count;
      }
    } catch (error) {
      throw describeFileError(error, path, "read");
    }
    return bytes;
  };
  return {
    name: path,
    size: async () => size,
    read: async (offset, length) => readNow(offset, length),
    readSync: readNow,
    close: () => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}
