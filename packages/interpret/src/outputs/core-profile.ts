import type { AttributionFile } from "../attribution-file.js";
import { scorePositions } from "../position-scores.js";

/** Mean |score| by distance from the core. */
export interface CoreProfile {
  /** Distance of the first entry from the middle of the core in bp; the next ones follow base by base. */
  readonly first: number;
  /** First and last distance that a core covers, half-open; null where the sequences have no cores. */
  readonly core: readonly [number, number] | null;
  /** Sequences together: "bound" and "unbound" where the target has labels, else "all". */
  readonly groups: readonly {
    readonly name: "bound" | "unbound" | "all";
    readonly sequences: number;
    /** NaN where fewer than half of the sequences reach. */
    readonly values: Float64Array;
  }[];
}

/**
 * Mean |score| (`scorePositions`) by distance from the middle of the core, in the core's direction; from the middle of
 * the sequence where there are no cores. Unknown bases do not count. In cores of an even length the base before
 * their middle has distance 0.
 */
export function profileAroundCore(file: AttributionFile): CoreProfile {
  const { count, length, codes, cores, strands, labels, target } = file;
  const scores = scorePositions(file);
  const tasks = labels ? labels.length / count : 0;
  const groupOf = (row: number) => {
    if (!labels) return 0;
    const label = labels[row * tasks + Math.min(target, tasks - 1)];
    return label === 1 ? 0 : label === 0 ? 1 : -1;
  };
  // Distances from -length to length: cores may lie anywhere.
  const span = 2 * length + 1;
  const sums = [new Float64Array(span), new Float64Array(span)];
  const counts = [new Uint32Array(span), new Uint32Array(span)];
  const sequences = [0, 0];
  let core: [number, number] | null = null;
  for (let row = 0; row < count; row++) {
    const group = groupOf(row);
    if (group < 0) continue;
    sequences[group]++;
    const start = cores ? cores[row * 2] : Math.floor(length / 2);
    const end = cores ? cores[row * 2 + 1] : start + 1;
    const isReverse = strands?.[row] === -1;
    // Twice the middle, so that it is whole.
    const middle = start + end - 1;
    const distance = (position: number) =>
      Math.ceil((isReverse ? middle - 2 * position : 2 * position - middle) / 2);
    if (cores) {
      const ends = [distance(start), distance(end - 1)];
      const own: [number, number] = [Math.min(...ends), Math.max(...ends) + 1];
      core = core === null ? own : [Math.min(core[0], own[0]), Math.max(core[1], own[1])];
    }
    for (let position = 0; position < length; position++) {
      if (codes[row * length + position] > 3) continue;
      const at = distance(position) + length;
      if (at < 0 || at >= span) continue;
      sums[group][at] += Math.abs(scores[row * length + position]);
      counts[group][at]++;
    }
  }
  const names = labels ? (["bound", "unbound"] as const) : (["all"] as const);
  const isSeen = (at: number) =>
    names.some((_, group) => counts[group][at] * 2 >= Math.max(1, sequences[group]));
  let from = 0;
  let to = span;
  while (from < to && !isSeen(from)) from++;
  while (to > from && !isSeen(to - 1)) to--;
  return {
    first: from - length,
    core,
    groups: names.flatMap((name, group) =>
      sequences[group] === 0
        ? []
        : [
            {
              name,
              sequences: sequences[group],
              values: Float64Array.from({ length: to - from }, (_, i) =>
                counts[group][from + i] * 2 >= sequences[group]
                  ? sums[group][from + i] / counts[group][from + i]
                  : Number.NaN,
              ),
            },
          ],
    ),
  };
}

/** A table of a profile: `distance` and a column a group, tab-separated; empty where there is no value. */
export function writeProfileTable({ first, groups }: CoreProfile): string {
  const rows = [["distance", ...groups.map(({ name }) => `mean_absolute_score_${name}`)].join("\t")];
  for (let i = 0; i < (groups[0]?.values.length ?? 0); i++) {
    rows.push(
      [first + i, ...groups.map(({ values }) => (Number.isNaN(values[i]) ? "" : values[i]))].join("\t"),
    );
  }
  return `${rows.join("\n")}\n`;
}
