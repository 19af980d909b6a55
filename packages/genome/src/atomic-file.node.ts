import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import { type ByteSink, checkOverwriteRange, toBytes } from "./byte-sink.js";
import { describeFileError } from "./file-error.node.js";

/**
 * Writes a file so that its name only ever stands for a complete file: the bytes go to a temporary name in the
 * same folder, reach the disk (fsync), and then take the final name in one step. Where anything fails, the
 * temporary file is removed and a file that had the name before stays as it was. The parent folder is made
 * where missing; a symbolic link is followed.
 * @param content the whole content, or a function that writes it to the sink it is given.
 * @throws BindscapeError where the disk is full, the folder may not be written, or the name is a folder's;
 *   what `content` throws is passed on.
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string | ((sink: ByteSink) => Promise<void>),
): Promise<void> {
  let temporary: string | undefined;
  let handle: FileHandle | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    const target = await findTarget(path);
    const partial = temporaryName(target);
    handle = await open(partial, "wx");
    temporary = partial;
    const sink = new FileSink(path, handle);
    if (typeof content === "function") await content(sink);
    else await sink.write(content);
    await sink.flush();
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(partial, target);
    temporary = undefined;
    await syncFolder(dirname(target));
  } catch (error) {
    await handle?.close().catch(() => {});
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
    throw describeFileError(error, path, "write");
  }
}

/** The file that `path` stands for, links followed; a folder or a device is refused, since rename would replace it. */
async function findTarget(path: string): Promise<string> {
  let target: string;
  try {
    target = await realpath(path);
  } catch {
    return path;
  }
  const status = await stat(target);
  if (!status.isFile()) {
    throw new BindscapeError({
      source: path,
      found: `the name is that of ${status.isDirectory() ? "a folder" : "a pipe or a device"}`,
      expected: "the name of a file",
    });
  }
  return target;
}

/** Hidden, short enough for any file system, and recognisable where a killed process left one behind. */
function temporaryName(target: string): string {
  const start = basename(target).slice(0, 40);
  return join(dirname(target), `.${start}.${randomBytes(6).toString("hex")}.partial`);
}

/** Makes the rename itself survive a power cut, on the systems where a folder can be opened. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch {
    // Windows and some network file systems refuse; the file is complete all the same.
  } finally {
    await handle?.close().catch(() => {});
  }
}

const bufferLength = 1 << 20;

/** A sink over a file handle that gathers small writes. */
class FileSink implements ByteSink {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #buffer = new Uint8Array(bufferLength);
  #buffered = 0;
  #flushed = 0;

  constructor(name: string, handle: FileHandle) {
    this.name = name;
    this.#handle = handle;
  }

  get position(): number {
    return this.#flushed + this.#buffered;
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = toBytes(data);
    if (this.#buffered + bytes.length > bufferLength) await this.flush();
    if (bytes.length > bufferLength) {
      await this.#writeAll(bytes, this.#flushed);
      this.#flushed += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    checkOverwriteRange(this, offset, bytes.length);
    await this.flush();
    await this.#writeAll(bytes, offset);
  }

  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.#writeAll(this.#buffer.subarray(0, this.#buffered), this.#flushed);
    this.#flushed += this.#buffered;
    this.#buffered = 0;
  }

  async #writeAll(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const asked = Math.min(bytes.length - done, 2 ** 30);
      const { bytesWritten } = await this.#handle.write(bytes, done, asked, offset + done);
      done += bytesWritten;
    }
  }
}
