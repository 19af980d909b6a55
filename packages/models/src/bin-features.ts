import { logOddsMatrix, type Motif } from "@bindscape/motifs";
import type { BinFeature, WindowPlan, WindowSource } from "@bindscape/study";

/** Widths in bp around the middle of a bin over which signal is summed: the bin itself and its neighbourhood. */
const SIGNAL_WIDTHS = [200, 1000] as const;

/**
 * Base composition of a genome, both strands taken together (A = T, C = G).
 * @returns shares of A, C, G, T
 */
export function genomeBackground(codes: Uint8Array): [number, number, number, number] {
  const counts = new Float64Array(5);
  for (const code of codes) counts[code]++;
  const strong = counts[1] + counts[2];
  const weak = counts[0] + counts[3];
  const total = strong + weak || 1;
  return [weak / total / 2, strong / total / 2, strong / total / 2, weak / total / 2];
}

/** Best log-odds of a motif in the bin against the genome's composition. */
export function motifFeature(motif: Motif, codes: Uint8Array, sites: "inside" | "middle"): BinFeature {
  const logOdds = logOddsMatrix(motif, { background: genomeBackground(codes), pseudocount: 0.001 });
  return { kind: "motif", name: motif.name, logOdds: Array.from(logOdds), length: motif.length, sites };
}

/** Log counts of every track in the bin and in 1 kb around its middle. */
export function signalFeatures(source: WindowSource): BinFeature[] {
  return source.tracks.flatMap(({ name }) =>
    SIGNAL_WIDTHS.map((width) => ({
      kind: "signal" as const,
      name: `log ${name} in ${width} bp`,
      track: name,
      width,
      log: true,
    })),
  );
}

/** Bp around the middle of a bin that a model sees of it, in its window or in its features. */
export function measureReach(plan: WindowPlan): number {
  return Math.max(plan.windowLength, ...plan.features.map((feature) => featureReach(feature, plan.binSize)));
}

function featureReach(feature: BinFeature, binSize: number): number {
  if (feature.kind === "signal") return feature.width;
  return feature.kind === "motif" ? binSize + 2 * feature.length : binSize;
}
