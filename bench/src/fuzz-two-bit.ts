import { MemorySink, readTwoBit, type SequenceRecord, writeTwoBit } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

/** Damaged 2bit files. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const sink = new MemorySink();
  await writeTwoBit(sink, makeSequences(new Random("two-bit")));
  const sound = sink.toBytes();
  return fuzzReader(iterations, seed, (random) => mutate(sound, random), readTwoBit);
}

/** A few short sequences with runs of N. */
export function makeSequences(random: Random): SequenceRecord[] {
  return ["chrI", "chrII", "chrM"].map((name, i) => {
    const codes = Uint8Array.from({ length: 50 + 37 * i }, () => random.integer(4));
    codes.fill(4, 10, 20);
    codes.fill(4, 40, 41);
    return { name, description: "", codes };
  });
}
