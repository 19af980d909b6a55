import {
  areaUnderRoc,
  averagePrecision,
  distributionGap,
  mean,
  partialAreaUnderRoc,
} from "@bindscape/numerics";
import type { SplitName } from "../sequence-set.js";
import { SPLIT_NAMES } from "../sequence-set-files.js";

/** One number of every site, and what it is. */
export interface SiteValues {
  readonly name: string;
  readonly unit: string;
  readonly values: Float64Array;
}

/** How alike bound and unbound sites are in one number. */
export interface Likeness {
  readonly bound: number;
  readonly unbound: number;
  /** Largest difference of the cumulative distributions (Kolmogorov and Smirnov), 0 to 1. */
  readonly gap: number;
}

/** Means of a number over bound and over unbound sites, and how far their distributions are apart. */
export function compareClasses(
  values: Float64Array,
  isBound: ArrayLike<number>,
  items: Uint32Array,
): Likeness {
  const of = (wanted: boolean) =>
    Float64Array.from(
      items.filter((i) => (isBound[i] === 1) === wanted),
      (i) => values[i],
    );
  const [yes, no] = [of(true), of(false)];
  return { bound: mean(yes), unbound: mean(no), gap: distributionGap(yes, no) };
}

/** Counts of bound and unbound sites in classes of equal width. */
export interface ClassHistogram {
  /** Limits, one more than counts. */
  readonly edges: readonly number[];
  readonly bound: readonly number[];
  readonly unbound: readonly number[];
}

/** Histograms of items over the classes that `values` of `all` items fall in; at most 60 classes, the last open. */
export function countClasses(
  values: Float64Array,
  isBound: ArrayLike<number>,
  items: Uint32Array,
  all: Uint32Array,
  width: number,
): ClassHistogram {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const i of all) {
    const bin = Math.floor(values[i] / width + 1e-9);
    low = Math.min(low, bin);
    high = Math.max(high, bin);
  }
  const classes = all.length === 0 ? 0 : Math.min(60, high - low + 1);
  const bound = new Array<number>(classes).fill(0);
  const unbound = new Array<number>(classes).fill(0);
  for (const i of items) {
    const bin = Math.min(classes - 1, Math.floor(values[i] / width + 1e-9) - low);
    (isBound[i] === 1 ? bound : unbound)[bin]++;
  }
  const edges = Array.from({ length: classes + 1 }, (_, k) => Number(((low + k) * width).toPrecision(10)));
  return { edges: classes === 0 ? [] : edges, bound, unbound };
}

/** How well one number alone tells bound from unbound sites of a split. */
export interface SingleBaseline {
  readonly auroc: number | null;
  readonly auprc: number | null;
  readonly partialAuroc: number | null;
}

/**
 * Ranking by one number alone, by its name and split: what a network has to beat. A number that is smaller for bound
 * sites has an auROC below one half.
 */
export function measureBaselines(
  columns: readonly SiteValues[],
  labels: ArrayLike<number>,
  splits: readonly SplitName[],
): Record<string, Record<SplitName, SingleBaseline>> {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  return Object.fromEntries(
    columns.map(({ name, values }) => [
      name,
      Object.fromEntries(
        SPLIT_NAMES.map((split) => {
          const rows = splits.flatMap((own, row) => (own === split ? [row] : []));
          const scores = Float64Array.from(rows, (row) => values[row]);
          const own = Uint8Array.from(rows, (row) => labels[row]);
          const auroc = orNull(areaUnderRoc(scores, own));
          return [
            split,
            {
              auroc,
              auprc: auroc === null ? null : orNull(averagePrecision(scores, own)),
              partialAuroc: orNull(partialAreaUnderRoc(scores, own).normalised),
            },
          ];
        }),
      ) as Record<SplitName, SingleBaseline>,
    ]),
  );
}
