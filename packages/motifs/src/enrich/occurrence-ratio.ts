import type { SequenceRecord } from "@bindscape/genome";
import { testTwoProportions } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { scan } from "../scan/scan.js";
import type { ScanOptions } from "../scan/scan-plan.js";

/** How many of some sequences hold a motif, beside how many of some control sequences do. */
export interface OccurrenceTest {
  /** Sequences with at least one site, and all. */
  readonly hits: number;
  readonly total: number;
  readonly controlHits: number;
  readonly controlTotal: number;
  /** Above 0 where a larger share of the sequences than of the controls holds the motif. */
  readonly zScore: number;
  /** One-sided, of the tail on the side of `zScore`. */
  readonly pValue: number;
}

/** Largest p-value at which Factorbook calls a motif enriched. */
const ENRICHED_P = 0.05;

/** How many of the sequences hold at least one site of each motif; by motif. Sites are those of {@link scan}. */
export function countSequencesWithSites(
  motifs: readonly Motif[],
  sequences: readonly Pick<SequenceRecord, "name" | "codes">[],
  options: Omit<ScanOptions, "bestSite" | "computeQValues" | "qThreshold"> = {},
): number[] {
  const { sites } = scan(motifs, sequences, {
    ...options,
    bestSite: true,
    computeQValues: false,
    parseGenomicCoordinates: false,
  });
  const counts = motifs.map(() => 0);
  for (const { motif } of sites) counts[motif]++;
  return counts;
}

/** Compares two shares of sequences that hold a motif by the two-proportion z test. */
export function testOccurrences(
  hits: number,
  total: number,
  controlHits: number,
  controlTotal: number,
): OccurrenceTest {
  const { zScore, pValue } = testTwoProportions(hits, total, controlHits, controlTotal);
  return { hits, total, controlHits, controlTotal, zScore, pValue };
}

/** Factorbook's rule of quality: no more sites than the controls have (z below 0), or not certainly more (p above 0.05). */
export function isPoorlyEnriched({ zScore, pValue }: Pick<OccurrenceTest, "zScore" | "pValue">): boolean {
  return zScore < 0 || pValue > ENRICHED_P;
}
