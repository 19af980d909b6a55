import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describeFileError } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes; while it is incomplete its name has `.partial` at the end. */
  readonly file: string;
  /** Length in bytes, where known: no more than this is ever written. */
  readonly bytes?: number;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string;
  readonly onProgress?: ProgressListener;
  /** Stops the download; what has arrived stays for the next time. */
  readonly signal?: AbortSignal;
  /** Requests at most; 5 where left out. */
  readonly attempts?: number;
  /** Longest time until a server answers; 8 s where left out. */
  readonly connectMilliseconds?: number;
  /** Longest time between two pieces of the answer; 15 s where left out. */
  readonly stallMilliseconds?: number;
  /** Wait before the second request, doubled before each further one; half a second where left out. */
  readonly waitMilliseconds?: number;
}

/**
 * Makes sure that a file of known SHA-256 is there: does nothing where it is already, resumes what an earlier
 * call left half-way, and asks again when the connection is cut, stalls or the server has trouble (5xx). A server
 * that cannot be reached at all is not asked twice. The file takes its name only when its hash is right.
 * @returns whether anything was downloaded
 * @throws BindscapeError for a server that cannot be reached, a refusal (404), wrong contents and a full disk;
 *   the signal's reason when it is aborted
 */
export async function downloadFile(options: DownloadOptions): Promise<boolean> {
  options.signal?.throwIfAborted();
  if (existsSync(options.file) && (await hashFile(options.file)) === options.sha256) return false;
  try {
    await mkdir(dirname(options.file), { recursive: true });
    await new Download(options).run();
  } catch (error) {
    throw describeFileError(error, options.file, "write");
  }
  return true;
}

/** SHA-256 of a file in hexadecimal. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw describeFileError(error, file, "read");
  }
  return hash.digest("hex");
}

/** A request that failed in a way that another one may not. */
class PassingTrouble extends Error {
  /** No server has answered. */
  readonly isUnreachable: boolean;
  /** What was there before does not fit what came now. */
  readonly isMisfit: boolean;

  constructor(
    message: string,
    { isUnreachable = false, isMisfit = false, cause = undefined as unknown } = {},
  ) {
    super(message, { cause });
    this.isUnreachable = isUnreachable;
    this.isMisfit = isMisfit;
  }
}

class Download {
  readonly #options: DownloadOptions;
  readonly #partial: string;
  #hasAnswered = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#partial = `${options.file}.partial`;
  }

  async run(): Promise<void> {
    const { attempts = 5, waitMilliseconds = 500, signal } = this.#options;
    let hasRestarted = false;
    for (let attempt = 1; ; attempt++) {
      try {
        // What an earlier call left may be of another version: the hash decides, and then once more from the start.
        const resumedFrom = await this.#fetchRest();
        const found = await hashFile(this.#partial);
        if (found === this.#options.sha256) break;
        await this.#refuse(`has the SHA-256 ${found}`, resumedFrom > 0 && !hasRestarted);
      } catch (error) {
        if (!(error instanceof PassingTrouble)) throw error;
        hasRestarted ||= error.isMisfit;
        if (attempt >= attempts || (error.isUnreachable && !this.#hasAnswered)) {
          throw this.#givingUp(error, attempt);
        }
        await wait(waitMilliseconds * 2 ** (attempt - 1), undefined, { signal }).catch(() => {});
        signal?.throwIfAborted();
      }
    }
    await rename(this.#partial, this.#options.file);
  }

  /** Fetches what is not there yet. @returns how many bytes were there before */
  async #fetchRest(): Promise<number> {
    const { bytes, signal } = this.#options;
    let have = await sizeOf(this.#partial);
    if (bytes !== undefined && have > bytes) have = 0;
    if (bytes !== undefined && have === bytes) return have;
    const timer = new RequestTimer();
    try {
      timer.start(this.#options.connectMilliseconds ?? 8_000, "the server did not answer");
      const request = AbortSignal.any(signal ? [timer.signal, signal] : [timer.signal]);
      let response = await this.#request(have, request);
      if (have > 0 && !continuesAt(response, have)) {
        if (response.status === 416 || response.status === 206) {
          // Nothing to continue there, or not where we are: start again.
          await response.body?.cancel();
          response = await this.#request(0, request);
        }
        if (response.ok) have = 0;
      }
      this.#checkStatus(response);
      await this.#writeBody(response, have, timer);
      return have;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof BindscapeError || error instanceof PassingTrouble) throw error;
      if (timer.reason === undefined && isDiskError(error)) throw error;
      const reason = timer.reason ?? networkReason(error);
      throw new PassingTrouble(reason, { isUnreachable: !this.#hasAnswered, cause: error });
    } finally {
      timer.stop();
    }
  }

  async #request(from: number, signal: AbortSignal): Promise<Response> {
    // Without "identity" a server may compress, and then neither the length nor a range would be the file's.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (from > 0) headers.range = `bytes=${from}-`;
    const response = await fetch(this.#options.url, { headers, signal, redirect: "follow" });
    this.#hasAnswered = true;
    return response;
  }

  #checkStatus({ status, statusText }: Response): void {
    if (status === 200 || status === 206) return;
    const said = `the server said ${status}${statusText ? ` ${statusText}` : ""}`;
    if (status >= 500 || status === 408 || status === 429) throw new PassingTrouble(said);
    throw new BindscapeError({
      source: this.#options.url,
      found: said,
      expected: `the file ${basename(this.#options.file)}`,
      next: "It may have been moved: check the address in a browser",
    });
  }

  async #writeBody(response: Response, have: number, timer: RequestTimer): Promise<void> {
    const { bytes, stallMilliseconds = 15_000, onProgress } = this.#options;
    // The length of a compressed answer is not the file's.
    const isPlain = (response.headers.get("content-encoding") ?? "identity") === "identity";
    const length = Number((isPlain && response.headers.get("content-length")) || Number.NaN);
    const total = bytes ?? (Number.isFinite(length) ? have + length : 0);
    const task = `downloading ${basename(this.#options.file)}`;
    if (bytes !== undefined && Number.isFinite(length) && have + length !== bytes) {
      await response.body?.cancel();
      await this.#refuse(`is ${have + length} bytes long`, have > 0);
    }
    let done = have;
    const handle = await open(this.#partial, have > 0 ? "a" : "w");
    try {
      timer.start(stallMilliseconds, "the connection stalled");
      for await (const chunk of response.body ?? []) {
        done += chunk.length;
        if (bytes !== undefined && done > bytes) break;
        await writeAll(handle, chunk);
        onProgress?.({ task, done, total: Math.max(total, done), unit: "bytes" });
        timer.start(stallMilliseconds, "the connection stalled");
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (bytes === undefined || done === bytes) return;
    if (done > bytes) await this.#refuse("is longer than that", have > 0);
    throw new PassingTrouble(`the connection ended after ${done} of ${bytes} bytes`);
  }

  /** The contents are not the file's: nothing of them is kept, and where they continued earlier ones, both may be at fault. */
  async #refuse(found: string, continued: boolean): Promise<never> {
    await rm(this.#partial, { force: true });
    if (continued) throw new PassingTrouble("what an earlier download left does not fit", { isMisfit: true });
    throw new BindscapeError({
      source: this.#options.file,
      found: `what ${this.#options.url} gave ${found}`,
      expected: this.#expectation(),
      next: "Nothing was kept. A proxy or a sign-in page may stand between: try again on another network",
    });
  }

  #expectation(): string {
    const { bytes, sha256 } = this.#options;
    return `${bytes === undefined ? "" : `${bytes} bytes with `}the SHA-256 ${sha256}`;
  }

  #givingUp(trouble: PassingTrouble, attempt: number): BindscapeError {
    const tries = attempt === 1 ? "" : ` (after ${attempt} attempts)`;
    return new BindscapeError({
      source: this.#options.url,
      found: `the download failed: ${trouble.message}${tries}`,
      next: "Check the network and run the same command again: it goes on where it stopped",
      cause: trouble.cause ?? trouble,
    });
  }
}

/** Aborts a request that takes too long over one of its steps. */
class RequestTimer {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Why the request was aborted, if it was. */
  reason: string | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  start(milliseconds: number, what: string): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.reason = `${what} for ${milliseconds / 1000} s`;
      this.#controller.abort(new Error(this.reason));
    }, milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Whether a response is the rest of the file from byte `from` on. */
function continuesAt(response: Response, from: number): boolean {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  const encoding = response.headers.get("content-encoding") ?? "identity";
  return response.status === 206 && Number(start) === from && encoding === "identity";
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
}

/** Errors of file handles have a code and name the system call. */
function isDiskError(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return (
    code !== undefined &&
    ["open", "write", "close", "fsync", "unlink", "rename", "stat"].includes(syscall ?? "")
  );
}

/** Why `fetch` failed: it hides the reason one or two levels down. */
function networkReason(error: unknown): string {
  const causes: unknown[] = [];
  for (let cause: unknown = error; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(cause);
    if (cause instanceof AggregateError) causes.push(...cause.errors);
  }
  const codes = causes
    .map((cause) => (cause as NodeJS.ErrnoException).code)
    .filter((code) => code !== undefined);
  const known = codes.map((code) => reasons[code]).find((reason) => reason !== undefined);
  if (known !== undefined) return known;
  const last = causes.at(-1) as Error | undefined;
  return `${last?.message || "the connection failed"}${codes.length > 0 ? ` (${codes.at(-1)})` : ""}`;
}

const reasons: Record<string, string> = {
  ENOTFOUND: "the server's name is not known (no network?)",
  EAI_AGAIN: "the server's name could not be looked up (no network?)",
  ECONNREFUSED: "the server refused the connection",
  ENETUNREACH: "the network cannot be reached",
  EHOSTUNREACH: "the server cannot be reached",
  ETIMEDOUT: "the server did not answer",
  UND_ERR_CONNECT_TIMEOUT: "the server did not answer",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not trusted",
};
