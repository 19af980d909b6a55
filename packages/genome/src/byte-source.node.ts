import { type FileHandle, open, stat } from "node:fs/promises";
import { BindscapeError } from "@bindscape/numerics";
import { type ByteSource, checkReadRange } from "./byte-source.js";
import { describeFileError } from "./file-error.node.js";

/** A local file that is open for reading; `close` it when done. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/**
 * Opens a local file for reading.
 * @throws BindscapeError where it is missing, is a folder or may not be read.
 */
export async function openFile(path: string): Promise<FileSource> {
  let handle: FileHandle | undefined;
  try {
    // Before opening: to open a pipe that nobody writes to would wait for ever.
    const status = await stat(path);
    if (status.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    if (!status.isFile()) {
      throw new BindscapeError({
        source: path,
        found: "this is a pipe or a device",
        expected: "a regular file, which can be read at any offset",
        next: "Save it to a file first",
      });
    }
    handle = await open(path, "r");
    return new LocalFile(path, handle, (await handle.stat()).size);
  } catch (error) {
    await handle?.close();
    throw describeFileError(error, path, "read");
  }
}

class LocalFile implements FileSource {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(name: string, handle: FileHandle, size: number) {
    this.name = name;
    this.#handle = handle;
    this.#size = size;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkReadRange(this.name, offset, length, this.#size);
    const bytes = new Uint8Array(length);
    let done = 0;
    try {
      while (done < length) {
        // The operating system may return fewer bytes than asked for, and never more than 2 GiB.
        const asked = Math.min(length - done, 2 ** 30);
        const { bytesRead } = await this.#handle.read(bytes, done, asked, offset + done);
        if (bytesRead === 0) {
          throw new BindscapeError({
            source: this.name,
            offset: offset + done,
            found: "the file became shorter while it was being read",
            next: "Wait until it is complete",
          });
        }
        done += bytesRead;
      }
    } catch (error) {
      throw describeFileError(error, this.name, "read");
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
