import type { Columns } from "./column-scores.js";

/** Targets side by side in a group: one for each byte of a vector. */
export const LANES = 16;

/**
 * Target columns in the order vectors want them: targets of like width stand in groups of sixteen, and a group has the first columns of all its
 * targets, then all second columns, and so on. Narrower targets, and places without a target, are filled up with
 * copies of the first column.
 */
export interface TargetLanes {
  /** The columns in their new order, a multiple of {@link LANES}. */
  readonly columns: Columns;
  /** Columns of each group, its widest target's. */
  readonly groupWidths: Int32Array;
  /** Index of the target in each lane of each group; -1 where there is none. */
  readonly targets: Int32Array;
  /** Width of the target in each lane; 0 where there is none. */
  readonly widths: Int16Array;
  /** Where columns only fill up. */
  readonly fillers: Int32Array;
}

/** @param starts where targets begin among the columns, see `startsOf` */
export function layOutLanes(columns: Columns, starts: Int32Array): TargetLanes {
  const count = starts.length - 1;
  const widthOf = (target: number) => starts[target + 1] - starts[target];
  const order = Int32Array.from({ length: count }, (_, target) => target);
  order.sort((a, b) => widthOf(a) - widthOf(b) || a - b);
  const groups = Math.ceil(count / LANES);
  const targets = new Int32Array(groups * LANES).fill(-1);
  targets.set(order);
  const widths = Int16Array.from(targets, (target) => (target < 0 ? 0 : widthOf(target)));
  const groupWidths = Int32Array.from({ length: groups }, (_, group) =>
    widthOf(order[Math.min(count, (group + 1) * LANES) - 1]),
  );
  const total = groupWidths.reduce((sum, width) => sum + width * LANES, 0);
  const from = new Int32Array(total);
  const fillers = new Int32Array(total - columns.count);
  let filled = 0;
  for (let group = 0, at = 0; group < groups; group++) {
    for (let position = 0; position < groupWidths[group]; position++) {
      for (let lane = group * LANES; lane < (group + 1) * LANES; lane++, at++) {
        if (position < widths[lane]) from[at] = starts[targets[lane]] + position;
        else {
          fillers[filled++] = at;
          from[at] = starts[targets[0]];
        }
      }
    }
  }
  const take = (values: Float64Array) => {
    const taken = new Float64Array(total);
    for (let at = 0; at < total; at++) taken[at] = values[from[at]];
    return taken;
  };
  const [a, c, g, t] = columns.bases;
  return {
    columns: { count: total, bases: [take(a), take(c), take(g), take(t)], sites: take(columns.sites) },
    groupWidths,
    targets,
    widths,
    fillers,
  };
}
