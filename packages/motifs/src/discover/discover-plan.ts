import { type ProgressListener, Random } from "@bindscape/numerics";
import type { Alphabet } from "../alphabet.js";
import { backgroundFromSequences, type MarkovBackground } from "../background.js";
import { SequenceShuffler } from "../shuffle.js";
import type { SiteDistribution } from "./site-alignment.js";

/** A sequence to find motifs in. */
export interface NamedSequence {
  readonly name: string;
  /** Codes of the alphabet's letters; above them unknown. */
  readonly codes: Uint8Array;
}

/** What `discover` may be told; names in brackets are those of STREME's and MEME's options. */
export interface DiscoverOptions {
  /**
   * "streme" (the default): motifs enriched in the sequences over controls, for many sequences; "meme": expectation
   * maximisation, for up to a thousand or so.
   */
  readonly method?: "streme" | "meme";
  /** How many motifs to find (-nmotifs). STREME's method by default stops by `threshold`; MEME's after 1. */
  readonly motifs?: number;
  /** Narrowest motif (-minw); 8 when left out. */
  readonly minimumWidth?: number;
  /** Widest motif (-maxw); 15 for STREME's method, at most 30, and 50 for MEME's, at most 60, when left out. */
  readonly maximumWidth?: number;
  /** Read the reverse complement too (default); off is STREME's and MEME's single-strand mode. */
  readonly bothStrands?: boolean;
  /** Control sequences (--n); shuffled primary ones when left out. For STREME's method only. */
  readonly control?: readonly NamedSequence[];
  /** Shuffles keep words of `order` + 1 letters, and sites are scored against a background of this order; 2 (--order). */
  readonly order?: number;
  /** Share of the sequences held out for unbiased p-values; 0.1 (--hofract). None where that is fewer than 5. */
  readonly holdOut?: number;
  /** Largest p-value of a motif that counts (--thresh); 0.05. */
  readonly threshold?: number;
  /** Motifs in a row that may miss the threshold before the search ends (--patience); 3. */
  readonly patience?: number;
  /** How sites are spread over sequences (-mod); "zoops". For MEME's method only. */
  readonly distribution?: SiteDistribution;
  /** Fewest and most sites of a motif (-minsites, -maxsites), for MEME's method. */
  readonly minimumSites?: number;
  readonly maximumSites?: number;
  /** Letter probabilities (-bfile); those of the controls, or of the sequences for MEME's method, when left out. */
  readonly background?: MarkovBackground;
  /** 0 when left out, as in STREME. */
  readonly seed?: number | string;
  readonly alphabet?: Alphabet;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Options with everything filled in that both methods share. */
export interface DiscoverPlan extends DiscoverOptions {
  readonly minimumWidth: number;
  readonly maximumWidth: number;
  readonly bothStrands: boolean;
  readonly alphabet: Alphabet;
  readonly seed: number | string;
}

/** Shuffled controls: each sequence with its words of `order` + 1 letters kept, whatever others there are. */
export function shuffledControls(
  sequences: readonly NamedSequence[],
  order: number,
  seed: number | string,
  alphabet: Alphabet,
): Uint8Array[] {
  const shuffler = new SequenceShuffler(order + 1, alphabet);
  return sequences.map(({ codes }, index) =>
    shuffler.shuffle(codes, Random.forPart(seed, "shuffled control", index)),
  );
}

/** The background of an order from sequences, on the strands that are read. */
export function backgroundOf(
  sequences: readonly Uint8Array[],
  order: number,
  { alphabet, bothStrands }: DiscoverPlan,
): MarkovBackground {
  return backgroundFromSequences(sequences, { order, bothStrands, alphabet });
}

/** Runs a search step by step, letting the event loop in now and then, so that it can be stopped. */
export async function runSteps<T>(steps: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  let last = Date.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (Date.now() - last < 50) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    last = Date.now();
  }
}
