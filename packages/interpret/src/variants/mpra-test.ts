import {
  areaUnderRoc,
  BindscapeError,
  type MannWhitneyTest,
  qValues,
  testMannWhitney,
} from "@bindscape/numerics";

/** A variant of a massively parallel reporter assay with its score. */
export interface AssayedVariant {
  readonly chromosome: string;
  /** 1-based. */
  readonly position: number;
  readonly id: string;
  readonly reference: string;
  readonly alternate: string;
  /** Of the difference between the alleles: the assay's own false discovery rate, or a p-value's q-value. */
  readonly fdr: number;
  /** The score furthest from 0 of any factor. */
  readonly value: number;
  /** Where that score is from. */
  readonly factor: string;
}

export interface AssayTest extends MannWhitneyTest {
  readonly significant: number;
  readonly insignificant: number;
  /** Of |score| for being significant; that of the test's share. */
  readonly auroc: number;
  readonly medianSignificant: number;
  readonly medianInsignificant: number;
}

/**
 * Do variants that change a reporter's expression score higher? |score| of those with a false discovery rate below the
 * threshold against all others, by a two-sided Mann-Whitney test (Zheng et al. 2021, AgentBind, methods: 5 %).
 *
 * @throws BindscapeError where either side is empty
 */
export function testAssay(variants: readonly AssayedVariant[], threshold: number): AssayTest {
  const scores = variants.map(({ value }) => Math.abs(value));
  const labels = variants.map(({ fdr }) => (fdr < threshold ? 1 : 0));
  const significant = scores.filter((_, i) => labels[i] === 1);
  const insignificant = scores.filter((_, i) => labels[i] === 0);
  if (significant.length === 0 || insignificant.length === 0)
    throw new BindscapeError({
      source: "reporter assay",
      found: `${significant.length} scored variants with a false discovery rate below ${threshold} and ${insignificant.length} others`,
      expected: "at least one of each",
      next: "Check that the assay's coordinates are of the scores' assembly",
    });
  return {
    ...testMannWhitney(significant, insignificant),
    significant: significant.length,
    insignificant: insignificant.length,
    auroc: areaUnderRoc(scores, labels),
    medianSignificant: medianOf(significant),
    medianInsignificant: medianOf(insignificant),
  };
}

/** False discovery rates of p-values by Benjamini and Hochberg. */
export function adjustPValues(pValues: ArrayLike<number>): Float64Array {
  return qValues(pValues, 1);
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
