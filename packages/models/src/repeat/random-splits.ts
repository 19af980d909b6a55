import { BindscapeError, Random } from "@bindscape/numerics";
import type { SequenceSet, SplitName } from "@bindscape/study";

/** How a trial's test sequences are drawn: sequence by sequence, as the paper does, or whole chromosomes. */
export const TRIAL_UNITS = ["sequence", "chromosome"] as const;
export type TrialUnit = (typeof TRIAL_UNITS)[number];

export interface RandomSplitOptions {
  /** Share of the sequences that is tested on; .2. */
  readonly testShare?: number;
  /** Share of the others that chooses the epoch; .1. */
  readonly validationShare?: number;
  /** "sequence". */
  readonly unit?: TrialUnit;
  readonly seed: number;
  /** Number of the trial; each draws anew. */
  readonly trial: number;
}

/**
 * A set with a random split in place of its own. By sequence, each split has its share of the bound and of the unbound
 * sequences of the first task; by chromosome, chromosomes are drawn until the share is reached, which keeps windows
 * that overlap on one side.
 * @throws BindscapeError where a part would be empty, or chromosomes are not known
 */
export function splitRandomly(set: SequenceSet, options: RandomSplitOptions): SequenceSet {
  const { testShare = 0.2, validationShare = 0.1, unit = "sequence", seed, trial } = options;
  for (const share of [testShare, validationShare]) {
    if (share > 0 && share < 1) continue;
    throw new BindscapeError({
      source: "random splits",
      found: `a share of ${share}`,
      expected: "a number between 0 and 1",
    });
  }
  const random = Random.forPart(seed, "trial", trial);
  const splits = new Array<SplitName>(set.count).fill("training");
  const groups = unit === "sequence" ? groupByLabel(set) : [groupByChromosome(set, random)];
  const take = (share: number, name: SplitName, from: readonly number[][]) => {
    const size = from.reduce((sum, rows) => sum + rows.length, 0);
    let taken = 0;
    for (const rows of from) {
      // The nearest to the share that whole units allow, but one at least.
      if (taken > 0 && taken + rows.length / 2 > share * size) break;
      for (const row of rows) splits[row] = name;
      taken += rows.length;
    }
  };
  for (const group of groups) {
    if (unit === "sequence") shuffleInPlace(group, random);
    take(testShare, "test", group);
    take(
      validationShare,
      "validation",
      group.filter(([row]) => splits[row] === "training"),
    );
  }
  for (const name of ["training", "validation", "test"] as const) {
    if (splits.includes(name)) continue;
    throw new BindscapeError({
      source: set.source,
      found: `no sequence for ${name} of ${set.count}${unit === "chromosome" ? " by chromosome" : ""}`,
      expected: "some in each part",
      next: unit === "chromosome" ? "Draw by sequence, or take another share" : "Give more sequences",
    });
  }
  return { ...set, splits };
}

/** Sequences one by one: those bound, unbound and without a label of the first task. */
function groupByLabel({ count, labels, tasks }: SequenceSet): number[][][] {
  const groups: number[][][] = [[], [], []];
  for (let row = 0; row < count; row++) {
    const label = labels[row * tasks.length];
    groups[Number.isNaN(label) ? 2 : label].push([row]);
  }
  return groups;
}

/** Chromosomes in random order, with their sequences. */
function groupByChromosome({ places, source }: SequenceSet, random: Random): number[][] {
  if (!places) {
    throw new BindscapeError({
      source,
      found: "sequences without places",
      expected: "a data set that says on which chromosomes they lie",
      next: "Draw by sequence",
    });
  }
  const groups = new Map<string, number[]>();
  for (const [row, { chromosome }] of places.entries()) {
    const group = groups.get(chromosome);
    if (group) group.push(row);
    else groups.set(chromosome, [row]);
  }
  const list = [...groups.values()];
  shuffleInPlace(list, random);
  return list;
}

function shuffleInPlace<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [items[i], items[other]] = [items[other], items[i]];
  }
}
