import { logOddsMatrix, type Motif } from "@bindscape/motifs";
import { addBaseCounts, type BinFeature, type WindowPlan, type WindowSource } from "@bindscape/study";

/** Widths in bp around the middle of a bin over which signal is summed: the bin itself and its neighbourhood. */
const SIGNAL_WIDTHS = [200, 1000] as const;

/**
 * Base composition of a genome, both strands taken together (A = T, C = G).
 * @returns shares of A, C, G, T
 */
export function genomeBackground({
  codes,
  baseCounts: counts = addBaseCounts(codes, new Float64Array(5)),
}: Pick<WindowSource, "codes" | "baseCounts">): [number, number, number, number] {
  const strong = counts[1] + counts[2];
  const weak = counts[0] + counts[3];
  const total = strong + weak || 1;
  return [weak / total / 2, strong / total / 2, strong / total / 2, weak / total / 2];
}

/** Best log-odds of a motif in the bin against the genome's composition. */
export function motifFeature(
  motif: Motif,
  source: Pick<WindowSource, "codes" | "baseCounts">,
  sites: "inside" | "middle",
): BinFeature {
  const logOdds = logOddsMatrix(motif, { background: genomeBackground(source), pseudocount: 0.001 });
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

/** The order in which the reference gives annotations to its networks; others follow in the order of the study. */
const ANNOTATION_ORDER = ["cpg", "cds", "intron", "promoter", "utr5", "utr3"];

/** Covariates of the cell, in its order (FactorNet, section 2.3). */
export function covariateFeatures(source: WindowSource): BinFeature[] {
  return Object.keys(source.covariates ?? {}).map((name) => ({ kind: "covariate", name }));
}

/** Whether the bin overlaps each annotation of the study (FactorNet, section 2.3), in the reference's order. */
export function annotationFeatures(source: WindowSource): BinFeature[] {
  const names = (source.annotations ?? []).map(({ name }) => name);
  const rank = (name: string) => {
    const known = ANNOTATION_ORDER.indexOf(name.toLowerCase());
    return known < 0 ? ANNOTATION_ORDER.length + names.indexOf(name) : known;
  };
  return names
    .toSorted((a, b) => rank(a) - rank(b))
    .map((name) => ({ kind: "overlap", name, annotation: name }));
}

/** Bp around the middle of a bin that a model sees of it, in its window or in its features. */
export function measureReach(plan: WindowPlan): number {
  return Math.max(plan.windowLength, ...plan.features.map((feature) => featureReach(feature, plan.binSize)));
}

function featureReach(feature: BinFeature, binSize: number): number {
  if (feature.kind === "signal") return feature.width;
  return feature.kind === "motif" ? binSize + 2 * feature.length : binSize;
}
