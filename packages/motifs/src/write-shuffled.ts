import type { ByteSink, SequenceRecord } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { type Alphabet, DNA, decodeLetters } from "./alphabet.js";
import { SequenceShuffler } from "./shuffle.js";

/** What {@link writeShuffledFasta} writes. */
export interface ShuffledFastaOptions {
  /** Length of the words whose counts are kept. */
  readonly k: number;
  readonly copies: number;
  /** Put behind each name, with the number of the copy behind it. */
  readonly tag: string;
  readonly seed: number | string;
  readonly alphabet?: Alphabet;
}

/** Shuffled copies of sequences as FASTA, 60 letters a line; each copy has a stream of random numbers of its own. */
export async function writeShuffledFasta(
  sink: ByteSink,
  sequences: readonly SequenceRecord[],
  { k, copies, tag, seed, alphabet = DNA }: ShuffledFastaOptions,
): Promise<void> {
  const shuffler = new SequenceShuffler(k, alphabet);
  for (const [index, { name, codes }] of sequences.entries()) {
    for (let copy = 1; copy <= copies; copy++) {
      const shuffled = shuffler.shuffle(codes, Random.forPart(seed, "shuffle", index, copy));
      const lines = [`>${name}${tag}${copy}`];
      const text = decodeLetters(shuffled, alphabet);
      for (let at = 0; at < text.length; at += 60) lines.push(text.slice(at, at + 60));
      await sink.write(`${lines.join("\n")}\n`);
    }
  }
}
