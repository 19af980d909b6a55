import { type ByteSource, checkReadRange } from "@bindscape/genome";
import { BindscapeError, Random } from "@bindscape/numerics";

export interface FuzzCounts {
  readonly inputs: number;
  /** Ended in a BindscapeError. */
  readonly rejected: number;
  /** Were read all the same: the damage changed a value, not the form. */
  readonly accepted: number;
}

/** A reader did with a damaged file what it must not; `seed` makes that very input again. */
export class FuzzFailure extends Error {
  readonly seed: number;

  constructor(seed: number, what: string, cause?: unknown) {
    super(what, { cause });
    this.name = "FuzzFailure";
    this.seed = seed;
  }
}

/** What a reader may use for one damaged file of a few kilobytes. */
const longestMilliseconds = 2000;
const mostMemory = 256 * 2 ** 20;
const mostReads = 100_000;

/**
 * Gives damaged files to a reader. Input i is made from the seed `seed + i`, so a failure at one input is run again
 * alone by `--inputs 1 --seed SEED`.
 * @throws FuzzFailure where anything but a BindscapeError comes out, or the reader takes over 2 s or over 256 MiB.
 */
export async function fuzzReader(
  iterations: number,
  seed: number,
  makeInput: (random: Random) => Uint8Array | Promise<Uint8Array>,
  read: (source: ByteSource) => Promise<unknown>,
): Promise<FuzzCounts> {
  let rejected = 0;
  for (let i = 0; i < iterations; i++) {
    const inputSeed = seed + i;
    const source = new CountingSource(await makeInput(new Random(inputSeed)));
    const memory = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    try {
      await read(source);
    } catch (error) {
      if (!(error instanceof BindscapeError)) {
        throw new FuzzFailure(inputSeed, `not a BindscapeError: ${error}`, error);
      }
      rejected++;
    }
    const milliseconds = performance.now() - start;
    const taken = process.memoryUsage().arrayBuffers - memory;
    if (milliseconds > longestMilliseconds) {
      throw new FuzzFailure(inputSeed, `took ${Math.round(milliseconds)} ms`);
    }
    if (taken > mostMemory) throw new FuzzFailure(inputSeed, `took ${Math.round(taken / 2 ** 20)} MiB`);
    if (source.reads > mostReads) throw new FuzzFailure(inputSeed, `read the file ${source.reads} times`);
  }
  return { inputs: iterations, rejected, accepted: iterations - rejected };
}

class CountingSource implements ByteSource {
  readonly name = "fuzz";
  readonly #bytes: Uint8Array;
  reads = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  async size(): Promise<number> {
    return this.#bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    checkReadRange(this.name, offset, length, this.#bytes.length);
    return this.#bytes.slice(offset, offset + length);
  }
}
