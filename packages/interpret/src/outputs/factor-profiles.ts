import { BindscapeError, clusterByAverage, type Merge, pairIndex } from "@bindscape/numerics";
import type { CoreProfile } from "./core-profile.js";

/** A factor's profile, to be set beside others. */
export interface NamedProfile {
  readonly name: string;
  readonly source: string;
  readonly profile: CoreProfile;
}

/** Profiles in bins of one width, z-normalised, and how they cluster. */
export interface FactorProfiles {
  readonly names: readonly string[];
  /** Distance of the first bin's first base from the core's middle. */
  readonly first: number;
  /** bp of a bin. */
  readonly binWidth: number;
  /** [factors][bins]: how many standard deviations a bin's mean is from the mean over all bins. */
  readonly kept: readonly Float64Array[];
  /** The same without the bins that a core touches, which are NaN. */
  readonly masked: readonly Float64Array[];
  /** Joined by average linkage on 1 - correlation of the masked profiles; none for a single factor. */
  readonly merges: readonly Merge[];
  /** Rows in the order of the dendrogram's leaves. */
  readonly order: readonly number[];
}

/**
 * Profiles of several factors as Figure 2d of AgentBind has them: mean |score| of bound sequences (all, where none are
 * labelled) around the core, z-normalised within each factor, in the order of a hierarchical clustering.
 * @param binWidth bp; a hundredth of the span where absent
 * @throws BindscapeError for profiles that share no bin
 */
export function compareProfiles(given: readonly NamedProfile[], binWidth?: number): FactorProfiles {
  const chosen = given.map(({ profile, source }) => {
    const group = profile.groups.find(({ name }) => name !== "unbound");
    if (group) return { first: profile.first, values: group.values, core: profile.core };
    throw new BindscapeError({ source, found: "no bound sequences", expected: "at least one" });
  });
  const from = Math.max(...chosen.map(({ first }) => first));
  const to = Math.min(...chosen.map(({ first, values }) => first + values.length));
  const width = binWidth ?? Math.max(1, Math.round((to - from) / 100));
  // Bins lie so that one starts at the core's middle.
  const first = Math.ceil(from / width) * width;
  const bins = Math.floor((to - first) / width);
  if (bins < 2) {
    throw new BindscapeError({
      source: given[0]?.source,
      found: `${Math.max(0, to - from)} bp that all profiles share, in bins of ${width} bp`,
      expected: "at least two bins",
      next: "Give attributions of windows of one length, or a smaller --bin",
    });
  }
  const binned = chosen.map(({ first: start, values }) =>
    Float64Array.from({ length: bins }, (_, bin) => {
      const part = values.subarray(first + bin * width - start, first + (bin + 1) * width - start);
      return part.reduce((sum, value) => sum + value, 0) / width;
    }),
  );
  const isCore = (bin: number, core: readonly [number, number] | null) =>
    core !== null && first + bin * width < core[1] && first + (bin + 1) * width > core[0];
  const masked = binned.map((values, row) =>
    normalise(values.map((value, bin) => (isCore(bin, chosen[row].core) ? Number.NaN : value))),
  );
  const merges =
    given.length < 2
      ? []
      : clusterByAverage(
          allPairs(given.length, (a, b) => 1 - correlate(masked[a], masked[b])),
          given.length,
        );
  return {
    names: given.map(({ name }) => name),
    first,
    binWidth: width,
    kept: binned.map(normalise),
    masked,
    merges,
    order: leavesInOrder(merges, given.length),
  };
}

/** Items from left to right under a tree of merges. */
export function leavesInOrder(merges: readonly Merge[], items: number): number[] {
  if (merges.length === 0) return Array.from({ length: items }, (_, i) => i);
  const walk = (node: number): number[] =>
    node < items ? [node] : [...walk(merges[node - items].left), ...walk(merges[node - items].right)];
  return walk(items + merges.length - 1);
}

/** A table: `factor`, `core` (kept or masked), then a column a bin named by its first distance; empty where masked. */
export function writeProfilesTable({ names, first, binWidth, kept, masked, order }: FactorProfiles): string {
  const bins = Array.from({ length: kept[0].length }, (_, bin) => first + bin * binWidth);
  const rows = [["factor", "core", ...bins].join("\t")];
  for (const row of order) {
    for (const [core, values] of [
      ["kept", kept[row]],
      ["masked", masked[row]],
    ] as const)
      rows.push(
        [names[row], core, ...Array.from(values, (value) => (Number.isNaN(value) ? "" : value))].join("\t"),
      );
  }
  return `${rows.join("\n")}\n`;
}

function normalise(values: Float64Array): Float64Array {
  const present = values.filter((value) => !Number.isNaN(value));
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  const spread = Math.sqrt(present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / present.length);
  return values.map((value) => (spread > 0 ? (value - mean) / spread : value - mean));
}

/** Pearson correlation over the bins that both have; 0 where one does not vary. */
function correlate(a: Float64Array, b: Float64Array): number {
  const both: [number, number][] = [];
  a.forEach((value, i) => {
    if (!Number.isNaN(value) && !Number.isNaN(b[i])) both.push([value, b[i]]);
  });
  const mean = (index: 0 | 1) => both.reduce((sum, pair) => sum + pair[index], 0) / both.length;
  const [x, y] = [mean(0), mean(1)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [p, q] of both) {
    xy += (p - x) * (q - y);
    xx += (p - x) ** 2;
    yy += (q - y) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function allPairs(items: number, distance: (a: number, b: number) => number): Float64Array {
  const distances = new Float64Array((items * (items - 1)) / 2);
  for (let a = 0; a < items; a++)
    for (let b = a + 1; b < items; b++) distances[pairIndex(a, b, items)] = Math.max(0, distance(a, b));
  return distances;
}
