import { BindscapeError } from "@bindscape/numerics";

/** A request that failed in a way that another one may not. */
export class PassingTrouble extends Error {}

/** Cuts a request off where its server stays silent, or where the caller's signal says so. */
export class AnswerTimer {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSilent = false;

  constructor(milliseconds: number, signal?: AbortSignal) {
    this.#milliseconds = milliseconds;
    this.#outer = signal;
    signal?.addEventListener("abort", this.#abort);
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The server has said something. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isSilent = true;
      this.#controller.abort();
    }, this.#milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }

  /** What fetch throws, as trouble that may pass. */
  describe(error: unknown): unknown {
    if (error instanceof BindscapeError || error instanceof PassingTrouble) return error;
    if (this.#isSilent) {
      return new PassingTrouble(`the server was silent for ${this.#milliseconds / 1000} s`, { cause: error });
    }
    // fetch and the body's reader throw TypeErrors for all trouble with the connection.
    if (!(error instanceof TypeError)) return error;
    const { cause } = error;
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : error.message;
    return new PassingTrouble(`no connection to the server, or it was cut: ${reason}`, { cause: error });
  }
}

/** The body of an answer, which must have exactly `length` bytes; never holds more than that. */
export async function readBody(response: Response, length: number, timer: AnswerTimer): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  if (response.body !== null) {
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      timer.restart();
      if (at + value.length > length) {
        await reader.cancel();
        throw new BindscapeError({
          source: response.url,
          found: `the server sends more than the ${length} bytes asked for`,
          next: "Download the file and name it in place of the address",
        });
      }
      bytes.set(value, at);
      at += value.length;
    }
  }
  if (at < length) throw new PassingTrouble(`the answer ended after ${at} of ${length} bytes`);
  return bytes;
}

/** Waits, or less where the signal says so. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal?.addEventListener("abort", finish);
  });
}
