import {
  logBinomialTail,
  logFactorialTable,
  logFisherEnrichment,
  logHypergeometric,
} from "@bindscape/numerics";
import type { SequenceSet } from "./sequence-set.js";
import type { BestSites } from "./site-scorer.js";

/**
 * Letters of control sequence for each hit there, at least. Among tens of thousands of sequences the smallest p-value
 * of all would go to motifs so vague that they measure composition, which then hide binding sites inside them.
 */
const LETTERS_PER_HIT = 2000;
/** Average lengths that differ by less than this share count as equal, as in STREME. */
const SAME_LENGTH = 1e-4;

/** The p-value of more hits among primary sequences than among controls, as ln p. */
export interface EnrichmentTest {
  readonly name: "fisher" | "binomial";
  /** Most hits that a motif may have in the controls. */
  readonly mostControlHits: number;
  logP(primaryHits: number, controlHits: number): number;
  /** A number that is never above `logP`, at the cost of a few table look-ups. */
  lowerBound(primaryHits: number, controlHits: number): number;
}

/**
 * Fisher's exact test on sequences with and without a hit where primary and control sequences are as long on
 * average; otherwise a binomial test of the hits against the share of all places for a site that primary
 * sequences have (Bailey 2021).
 */
export function makeEnrichmentTest(set: SequenceSet, step = 1): EnrichmentTest {
  const primaries = Math.ceil(set.primaries / step);
  const controls = Math.ceil(set.count / step) - primaries;
  const total = (from: number, to: number) => set.starts[to] - set.starts[from] - (to - from);
  const primaryLetters = total(0, set.primaries);
  const controlLetters = total(set.primaries, set.count);
  const isAsLong =
    controls === 0 ||
    Math.abs(primaryLetters / set.primaries / (controlLetters / (set.count - set.primaries)) - 1) <=
      SAME_LENGTH;
  // Two standard deviations more, which lets small sets choose freely.
  const expected = controlLetters / step / LETTERS_PER_HIT;
  const mostControlHits = Math.floor(expected + 2 * Math.sqrt(expected) + 2);
  if (isAsLong) {
    return {
      name: "fisher",
      mostControlHits,
      logP: (hits, controlHits) => logFisherEnrichment(hits, primaries, controlHits, controls),
      lowerBound: (hits, controlHits) => logHypergeometric(hits, primaries, controlHits, controls),
    };
  }
  const share = primaryLetters / (primaryLetters + controlLetters);
  const logShare = Math.log(share);
  const logRest = Math.log1p(-share);
  return {
    name: "binomial",
    mostControlHits,
    logP: (hits, controlHits) => logBinomialTail(hits, hits + controlHits, share),
    lowerBound: (hits, controlHits) => {
      const f = logFactorialTable(hits + controlHits);
      return f[hits + controlHits] - f[hits] - f[controlHits] + hits * logShare + controlHits * logRest;
    },
  };
}

/** The threshold at which the best sites of the sequences are enriched most. */
export interface BestThreshold {
  /** Least score of a hit. */
  readonly threshold: number;
  readonly logP: number;
  readonly primaryHits: number;
  readonly controlHits: number;
}

/**
 * Looks through all thresholds of at least `lowest` for the smallest p-value; among equal ones the highest
 * threshold. Null where no primary sequence scores as high, or controls alone do.
 */
export function findBestThreshold(
  best: BestSites,
  primaries: number,
  lowest: number,
  test: EnrichmentTest,
): BestThreshold | null {
  const { scores } = best;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < primaries; i++) if (scores[i] > highest) highest = scores[i];
  if (highest < lowest) return null;
  const bins = highest - lowest + 1;
  const primaryCounts = new Int32Array(bins);
  const controlCounts = new Int32Array(bins);
  let controlHits = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (score < lowest) continue;
    if (i < primaries) primaryCounts[score - lowest]++;
    else if (score > highest) controlHits++;
    else controlCounts[score - lowest]++;
  }
  let primaryHits = 0;
  let found: BestThreshold | null = null;
  for (let bin = bins - 1; bin >= 0; bin--) {
    controlHits += controlCounts[bin];
    if (controlHits > test.mostControlHits) break;
    if (primaryCounts[bin] === 0) continue;
    primaryHits += primaryCounts[bin];
    const beat = found?.logP ?? Number.POSITIVE_INFINITY;
    if (test.lowerBound(primaryHits, controlHits) >= beat) continue;
    const logP = test.logP(primaryHits, controlHits);
    if (logP < beat) found = { threshold: bin + lowest, logP, primaryHits, controlHits };
  }
  return found;
}
