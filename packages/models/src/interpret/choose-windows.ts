import { BindscapeError, Random } from "@bindscape/numerics";
import { type BinSplits, type Experiment, type Study, TEST } from "@bindscape/study";
import { selectBins } from "../evaluate/select-bins.js";

/** Windows to look at. */
export interface ChosenWindows {
  /** Ascending. */
  readonly bins: Uint32Array;
  readonly labels: Uint8Array;
}

/**
 * Held-out windows that do not overlap one another, so that no site is seen twice: bound ones first, up to half of
 * `count`, then unbound ones between them. Drawn with a fixed seed.
 * @param windowLength in bp
 * @throws BindscapeError where the hold-out has no labelled bin
 */
export function chooseSeparateWindows(
  study: Study,
  experiment: Experiment,
  splits: BinSplits,
  windowLength: number,
  count: number,
  split: number = TEST,
): ChosenWindows {
  const selected = selectBins(study, experiment, splits, split);
  const random = new Random("interpreted windows");
  const taken = new Map<string, number>();
  const chosen: number[] = [];
  for (const label of [1, 0]) {
    const rows: number[] = [];
    selected.labels.forEach((value, row) => {
      if (value === label) rows.push(row);
    });
    const most = label === 1 ? Math.ceil(count / 2) : count;
    for (const row of random.shuffle(rows)) {
      if (chosen.length >= most) break;
      const { segmentIndex } = study.bins.partOf(selected.bins[row]);
      const start = study.bins.startOf(selected.bins[row]);
      // Each cell of a window's length holds at most one window's start, so that three cells hold all neighbours.
      const cell = Math.floor(start / windowLength);
      const isFree = [cell - 1, cell, cell + 1].every((near) => {
        const other = taken.get(`${segmentIndex} ${near}`);
        return other === undefined || Math.abs(other - start) >= windowLength;
      });
      if (!isFree) continue;
      taken.set(`${segmentIndex} ${cell}`, start);
      chosen.push(row);
    }
  }
  if (chosen.length === 0) {
    throw new BindscapeError({ found: `${count} windows asked for`, expected: "at least one" });
  }
  chosen.sort((a, b) => a - b);
  return {
    bins: Uint32Array.from(chosen, (row) => selected.bins[row]),
    labels: Uint8Array.from(chosen, (row) => selected.labels[row]),
  };
}
