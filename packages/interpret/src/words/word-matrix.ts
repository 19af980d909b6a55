import { clusterByAverage, type Merge, pairIndex } from "@bindscape/numerics";
import type { WordEnrichment } from "./enrich-words.js";

/** Words of one factor, or of part of its sequences. */
export interface WordRow {
  readonly name: string;
  readonly words: readonly WordEnrichment[];
}

/** An order of factors and words that heat maps share. */
export interface WordOrder {
  readonly rows: readonly string[];
  readonly words: readonly string[];
}

/** log10 of the nominal p-value from which an odds ratio is taken as none (Zheng et al. 2021: P > 0.01). */
const LEAST_LOG10_P = Math.log10(0.01);
/** Odds ratios above are all coloured, and clustered, alike. */
export const LARGEST_RATIO = 10;

/** A word's odds ratio, 0 where its nominal p-value is above 0.01 or it does not occur. */
export function significantRatio(entry: WordEnrichment | undefined): number {
  return entry !== undefined && entry.log10P <= LEAST_LOG10_P ? entry.oddsRatio : 0;
}

/** The words of largest significant odds ratio in any of the rows, the largest first. */
export function listTopWords(rows: readonly WordRow[], count: number): string[] {
  const best = new Map<string, { ratio: number; log10P: number }>();
  for (const { words } of rows) {
    for (const entry of words) {
      const ratio = significantRatio(entry);
      const known = best.get(entry.word);
      if (
        ratio > 0 &&
        (known === undefined || ratio > known.ratio || (ratio === known.ratio && entry.log10P < known.log10P))
      ) {
        best.set(entry.word, { ratio, log10P: entry.log10P });
      }
    }
  }
  return [...best]
    .sort(
      ([a, x], [b, y]) =>
        (x.ratio === y.ratio ? 0 : y.ratio - x.ratio) || x.log10P - y.log10P || (a < b ? -1 : 1),
    )
    .slice(0, count)
    .map(([word]) => word);
}

/**
 * Rows and words in the order of hierarchical clustering (average linkage of Euclidean distances) of their odds ratios,
 * insignificant ones 0 and those above 10 as 10.
 */
export function orderByClustering(rows: readonly WordRow[], words: readonly string[]): WordOrder {
  const matrix = rows.map((row) => {
    const byWord = new Map(row.words.map((entry) => [entry.word, entry]));
    return words.map((word) => Math.min(LARGEST_RATIO, significantRatio(byWord.get(word))));
  });
  const turned = words.map((_, column) => matrix.map((row) => row[column]));
  return {
    rows: orderOf(matrix).map((index) => rows[index].name),
    words: orderOf(turned).map((index) => words[index]),
  };
}

/** An earlier order for these rows and words: what it does not know comes behind, clustered among itself. */
export function extendOrder(order: WordOrder, rows: readonly WordRow[], words: readonly string[]): WordOrder {
  const names = rows.map(({ name }) => name);
  const knownRows = order.rows.filter((name) => names.includes(name));
  const newRows = rows.filter(({ name }) => !order.rows.includes(name));
  const newWords = words.filter((word) => !order.words.includes(word));
  return {
    rows: [...knownRows, ...orderByClustering(newRows, words).rows],
    words: [...order.words, ...orderByClustering(rows, newWords).words],
  };
}

/** Indices of vectors in the order of the leaves of their tree, the branch of larger values first. */
export function orderOf(vectors: readonly (readonly number[])[]): number[] {
  const count = vectors.length;
  if (count < 2) return vectors.map((_, index) => index);
  const distances = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      distances[pairIndex(i, j, count)] = Math.hypot(...vectors[i].map((value, k) => value - vectors[j][k]));
    }
  }
  const merges: Merge[] = clusterByAverage(distances, count);
  const sums = vectors.map((vector) => vector.reduce((sum, value) => sum + value, 0));
  const leaves: number[][] = vectors.map((_, index) => [index]);
  const mean = (items: readonly number[]) =>
    items.reduce((sum, index) => sum + sums[index], 0) / items.length;
  for (const { left, right } of merges) {
    const [a, b] = [leaves[left], leaves[right]];
    leaves.push(mean(a) >= mean(b) ? [...a, ...b] : [...b, ...a]);
  }
  return leaves[leaves.length - 1];
}
