import { BindscapeError } from "@bindscape/numerics";
import { AnswerTimer, PassingTrouble, readBody, wait } from "./answer.js";

export interface RangeOptions {
  /** Requests at most for one range; 5 where left out. */
  readonly attempts?: number;
  /** Wait before the second request, doubled before each further one; half a second where left out. */
  readonly waitMilliseconds?: number;
  /** Longest silence of the server; 20 s where left out. */
  readonly silenceMilliseconds?: number;
  /** Headers of every request, such as an authorisation. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops waiting and reading; reads then fail with its reason. */
  readonly signal?: AbortSignal;
}

/** What tells a file from a later one at the same address. */
export interface FileVersion {
  readonly size: number;
  /** Null where the server says none, or a browser may not see it. */
  readonly etag: string | null;
}

/** Errors of the system behind a failed fetch that a second attempt does not mend. */
const lasting = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EINVAL",
  "ERR_INVALID_URL",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Requests for ranges of one file, asked again where that may help. */
export class RangeRequests {
  readonly address: string;
  readonly #options: RangeOptions;
  #hasAnswered = false;

  constructor(address: string, options: RangeOptions) {
    this.address = address;
    this.#options = options;
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
    if (url !== undefined && isWeb && url.username === "" && url.password === "") return;
    throw new BindscapeError({
      source: isWeb ? url!.host : address,
      found: isWeb ? "an address with a user name" : "this is not an address",
      expected: "http:// or https://, a server and a path",
      next: isWeb ? "Give the authorisation as a header" : undefined,
    });
  }

  /** The first `length` bytes, or as many as there are, and the file's version. */
  begin(length: number): Promise<{ version: FileVersion; bytes: Uint8Array }> {
    return this.#insist(0, async (timer) => {
      const response = await this.#ask(0, length, timer);
      // Of an empty file no range can be served.
      if (response.status === 416 && totalOf(response) === 0) {
        await response.body?.cancel();
        return { version: versionOf(response, 0), bytes: new Uint8Array(0) };
      }
      await this.#checkStatus(response, 0);
      const size = totalOf(response) ?? (await this.#askSize(timer));
      const bytes = await readBody(response, Math.min(length, size), timer);
      return { version: versionOf(response, size), bytes };
    });
  }

  /** Exactly `length` bytes from `offset` on, of the version given. */
  fetchRange(offset: number, length: number, version: FileVersion): Promise<Uint8Array> {
    return this.#insist(offset, async (timer) => {
      const response = await this.#ask(offset, length, timer);
      const changed = () =>
        new BindscapeError({
          source: this.address,
          offset,
          found: "the file has changed on the server since it was opened",
          next: "Start again, so that all of it is of one version",
        });
      const total = totalOf(response);
      const { etag } = versionOf(response, 0);
      const isOther =
        (total !== null && total !== version.size) ||
        (etag !== null && version.etag !== null && etag !== version.etag);
      if (response.status === 416 || (response.ok && isOther)) {
        await response.body?.cancel();
        throw changed();
      }
      await this.#checkStatus(response, offset);
      return readBody(response, length, timer);
    });
  }

  async #insist<T>(offset: number, work: (timer: AnswerTimer) => Promise<T>): Promise<T> {
    const { attempts = 5, waitMilliseconds = 500, silenceMilliseconds = 20_000, signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const timer = new AnswerTimer(silenceMilliseconds, signal);
      try {
        return await work(timer);
      } catch (error) {
        signal?.throwIfAborted();
        const trouble = timer.describe(error);
        if (!(trouble instanceof PassingTrouble)) throw trouble;
        if (attempt >= attempts || this.#isHopeless(trouble)) {
          throw new BindscapeError({
            source: this.address,
            offset,
            found: `${trouble.message}${attempt > 1 ? ` (asked ${attempt} times)` : ""}`,
            next: "Check the address and the connection, or download the file and name it in place of the address",
            cause: trouble.cause,
          });
        }
        await wait(waitMilliseconds * 2 ** (attempt - 1), signal);
      } finally {
        timer.stop();
      }
    }
  }

  /** A server that never answered and is not there need not be waited for. */
  #isHopeless({ cause }: PassingTrouble): boolean {
    const below = cause instanceof Error ? cause.cause : undefined;
    const code = below instanceof Error && "code" in below ? String(below.code) : "";
    return !this.#hasAnswered && lasting.has(code);
  }

  async #ask(offset: number, length: number, timer: AnswerTimer): Promise<Response> {
    const range = `bytes=${offset}-${offset + length - 1}`;
    const headers = { ...this.#options.headers, range };
    // What a browser's own cache holds may be of another version.
    const response = await fetch(this.address, { headers, signal: timer.signal, cache: "no-store" });
    timer.restart();
    this.#hasAnswered = true;
    const from = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (response.status === 206 && from !== undefined && Number(from) !== offset) {
      await response.body?.cancel();
      throw new BindscapeError({
        source: this.address,
        offset,
        found: `the server answers a request for ${range} with ${response.headers.get("content-range")}`,
        next: "Download the file and name it in place of the address",
      });
    }
    return response;
  }

  /** Length by a HEAD request, where the answer to a range does not say it (as in a browser, by CORS). */
  async #askSize(timer: AnswerTimer): Promise<number> {
    const { headers } = this.#options;
    const response = await fetch(this.address, { method: "HEAD", headers, signal: timer.signal });
    timer.restart();
    const size = Number(response.headers.get("content-length") ?? Number.NaN);
    if (response.ok && Number.isSafeInteger(size)) return size;
    throw new BindscapeError({
      source: this.address,
      found: "the server does not say how long the file is",
      expected: "Content-Range in its answer to a range request, or Content-Length in its answer to HEAD",
      next: "In a browser the server has to expose Content-Range; or download the file",
    });
  }

  async #checkStatus(response: Response, offset: number): Promise<void> {
    const { status, headers } = response;
    const encoding = headers.get("content-encoding") ?? "identity";
    if (status === 206 && encoding === "identity") return;
    await response.body?.cancel();
    if (status === 429 || status === 408 || status >= 500) {
      throw new PassingTrouble(`the server answers ${status} ${response.statusText}`.trimEnd());
    }
    const parts = { source: this.address, offset: offset > 0 ? offset : undefined };
    if (response.ok) {
      throw new BindscapeError({
        ...parts,
        found:
          status === 206
            ? `the server compresses what it sends (${encoding})`
            : "the server sends the whole file where a part of it was asked for: it does not serve ranges",
        expected: "status 206 with the bytes asked for, as they are in the file",
        next: "Download the file and name it in place of the address, or put it on a server with range requests",
      });
    }
    throw new BindscapeError({
      ...parts,
      found: `the server answers ${status} ${response.statusText}`.trimEnd(),
      next:
        status === 404 || status === 410
          ? "There is no such file: check the address"
          : status === 401 || status === 403
            ? "The file may not be read without permission: check the address and who may read it"
            : "Check the address",
    });
  }
}

/** The whole file's length, of a Content-Range header; null where there is none or it does not say. */
function totalOf(response: Response): number | null {
  const found = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return found === null || !Number.isSafeInteger(Number(found[1])) ? null : Number(found[1]);
}

function versionOf(response: Response, size: number): FileVersion {
  return { size, etag: response.headers.get("etag") };
}
