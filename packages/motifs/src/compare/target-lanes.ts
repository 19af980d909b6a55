/** Targets side by side in a group: one for each byte of a vector. */
export const LANES = 16;

/**
 * Target columns in the order vectors want them: targets of like width stand in groups of sixteen, and a group has the first columns of all its
 * targets, then all second columns, and so on. Narrower targets, and places without a target, are filled up with
 * copies of the first column.
 */
export interface TargetLanes {
  /** Index of the column at each place, a multiple of {@link LANES} of them. */
  readonly columns: Int32Array;
  /** Columns of each group, its widest target's. */
  readonly groupWidths: Int32Array;
  /** Index of the target in each lane of each group; -1 where there is none. */
  readonly targets: Int32Array;
  /** Width of the target in each lane; 0 where there is none. */
  readonly widths: Int16Array;
  /** Where columns only fill up. */
  readonly fillers: Int32Array;
}

/** @param starts where targets begin among all columns, see `startsOf` */
export function layOutLanes(starts: Int32Array): TargetLanes {
  const count = starts.length - 1;
  const widthOf = (target: number) => starts[target + 1] - starts[target];
  const order = sortByWidth(starts);
  const groups = Math.ceil(count / LANES);
  const targets = new Int32Array(groups * LANES).fill(-1);
  targets.set(order);
  const widths = Int16Array.from(targets, (target) => (target < 0 ? 0 : widthOf(target)));
  const groupWidths = Int32Array.from({ length: groups }, (_, group) =>
    widthOf(order[Math.min(count, (group + 1) * LANES) - 1]),
  );
  const total = groupWidths.reduce((sum, width) => sum + width * LANES, 0);
  const columns = new Int32Array(total).fill(starts[targets[0]]);
  const isReal = new Uint8Array(total);
  for (let group = 0, first = 0; group < groups; first += groupWidths[group++] * LANES) {
    for (let lane = 0; lane < LANES; lane++) {
      const target = targets[group * LANES + lane];
      if (target < 0) continue;
      const end = starts[target + 1];
      for (let column = starts[target], at = first + lane; column < end; column++, at += LANES) {
        columns[at] = column;
        isReal[at] = 1;
      }
    }
  }
  const fillers = new Int32Array(total - starts[count]);
  for (let at = 0, filled = 0; filled < fillers.length; at++) if (isReal[at] === 0) fillers[filled++] = at;
  return { columns, groupWidths, targets, widths, fillers };
}

/** Targets from the narrowest to the widest, in their order where they are as wide. */
function sortByWidth(starts: Int32Array): Int32Array {
  const count = starts.length - 1;
  let widest = 0;
  for (let i = 0; i < count; i++) widest = Math.max(widest, starts[i + 1] - starts[i]);
  const places = new Int32Array(widest + 2);
  for (let i = 0; i < count; i++) places[starts[i + 1] - starts[i] + 1]++;
  for (let width = 1; width < places.length; width++) places[width] += places[width - 1];
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[places[starts[i + 1] - starts[i]]++] = i;
  return order;
}
