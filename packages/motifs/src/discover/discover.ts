import { BindscapeError } from "@bindscape/numerics";
import { type Alphabet, DNA } from "../alphabet.js";
import { discoverByEm } from "./discover-by-em.js";
import { discoverEnriched } from "./discover-enriched.js";
import type { DiscoverOptions, DiscoverPlan, NamedSequence } from "./discover-plan.js";
import type { DiscoverResult } from "./discovered-motif.js";

/** Widest motif that either method looks for. */
export const WIDEST_MOTIF = 60;
/** Widest motif of the enrichment method, whose words are sorted whole. */
export const WIDEST_ENRICHED_MOTIF = 30;

/**
 * Finds motifs de novo. Lengths may differ; names may repeat; sequences shorter than a motif are kept and hold none.
 *
 * @throws BindscapeError for no sequences, none long enough, and options out of range
 */
export async function discover(
  sequences: readonly NamedSequence[],
  options: DiscoverOptions = {},
): Promise<DiscoverResult> {
  const plan = makePlan(sequences, options);
  return options.method === "meme" ? discoverByEm(sequences, plan) : discoverEnriched(sequences, plan);
}

function makePlan(sequences: readonly NamedSequence[], options: DiscoverOptions): DiscoverPlan {
  const { method = "streme", alphabet = DNA, bothStrands = true, seed = 0 } = options;
  const isMeme = method === "meme";
  const widest = isMeme ? WIDEST_MOTIF : WIDEST_ENRICHED_MOTIF;
  const minimumWidth = options.minimumWidth ?? Math.min(8, options.maximumWidth ?? 8);
  const maximumWidth = options.maximumWidth ?? Math.max(minimumWidth, isMeme ? 50 : 15);
  const isWhole = (value: number, low: number, high: number) =>
    Number.isInteger(value) && value >= low && value <= high;
  const check = (holds: boolean, name: string, found: unknown, expected: string) => {
    if (!holds) throw new BindscapeError({ source: name, found: `${found}`, expected });
  };
  check(
    isWhole(minimumWidth, 3, widest),
    "minimum width",
    minimumWidth,
    `a whole number from 3 to ${widest}`,
  );
  check(
    isWhole(maximumWidth, minimumWidth, widest),
    "maximum width",
    maximumWidth,
    `a whole number from the minimum width, ${minimumWidth}, to ${widest}`,
  );
  const { motifs, order = 2, holdOut = 0.1, threshold = 0.05, patience = 3 } = options;
  check(
    motifs === undefined || isWhole(motifs, 1, 1000),
    "number of motifs",
    motifs,
    "a whole number from 1",
  );
  check(isWhole(order, 0, 5), "order", order, "a whole number from 0 to 5");
  check(holdOut >= 0 && holdOut <= 0.5, "hold-out share", holdOut, "0 to 0.5");
  check(threshold > 0, "threshold", threshold, "a p-value above 0");
  check(isWhole(patience, 1, 1000), "patience", patience, "a whole number from 1");
  if (isMeme && alphabet.letters !== DNA.letters) {
    throw new BindscapeError({
      source: "discover",
      found: `the alphabet ${alphabet.name} with the method meme`,
      expected: "DNA",
      next: "The method streme takes other alphabets",
    });
  }
  if (isMeme && options.control !== undefined) {
    throw new BindscapeError({
      source: "discover",
      found: "control sequences with the method meme",
      next: "The method streme compares with controls",
    });
  }
  check(sequences.length > 0, "sequences", "none", "at least one");
  const longest = longestRun(sequences, alphabet);
  check(
    longest >= minimumWidth,
    "sequences",
    `no more than ${longest} known letters in a row`,
    `${minimumWidth}, the minimum width of a motif`,
  );
  return {
    ...options,
    minimumWidth,
    maximumWidth: Math.min(maximumWidth, longest),
    bothStrands,
    alphabet,
    seed,
  };
}

function longestRun(sequences: readonly NamedSequence[], alphabet: Alphabet): number {
  const unknown = alphabet.letters.length;
  let longest = 0;
  for (const { codes } of sequences) {
    let run = 0;
    for (let i = 0; i < codes.length; i++) {
      run = codes[i] < unknown ? run + 1 : 0;
      if (run > longest) longest = run;
    }
  }
  return longest;
}
