import type { Interval } from "@bindscape/genome";
import { BindscapeError, type Random } from "@bindscape/numerics";
import type { SegmentBins } from "./bins.js";
import { BOUND, forEachOverlap, UNBOUND } from "./labels.js";
import { type BinSplits, TRAINING, VALIDATION } from "./splits.js";
import { type Experiment, labelExperiment, type Study } from "./study.js";
import type { WindowRequest } from "./windows.js";

/** How training windows are drawn (FactorNet, section 2.4). */
export interface SamplingOptions {
  /** One bin a peak (single-task, 2.4.1), or every bound bin (multi-task, 2.4.2). */
  readonly positives: "peaks" | "bins";
  /** Bp of a peak that a shifted bin must still cover; the reference keeps 76. For `positives: "peaks"`. */
  readonly minimumOverlap: number;
  /** Largest shift in bp of a bound bin off its grid position; the reference uses 20. For `positives: "bins"`. */
  readonly jitter: number;
  /** Unbound bins a positive bin, drawn anew each epoch. */
  readonly negativesPerPositive: number;
  /** Negatives keep this many bp away from every peak; the reference uses 200. */
  readonly negativeMargin: number;
  /**
   * What a negative counts in the loss: as much as a positive, or as much as the unbound bins it was drawn for, so
   * that the loss is an unbiased estimate of that over all training bins and scores are calibrated.
   */
  readonly negativeWeight: "equal" | "prior";
  /** Unbound bins a positive bin in the validation set, drawn once; 0 takes all of them. */
  readonly validationNegativesPerPositive: number;
}

/** Windows with their targets, one row a window and one column an experiment. */
export interface LabelledWindows extends WindowRequest {
  /** 1 bound, 0 unbound. */
  readonly labels: Float32Array;
  /** What the label counts in the loss: 0 where it is ambiguous or missing. */
  readonly weights: Float32Array;
  readonly tasks: number;
}

/** Draws the windows of epochs for one or more experiments of one cell. */
export class WindowSampler {
  readonly #labels: readonly Int8Array[];
  readonly #negatives: Uint32Array;
  readonly #positives: readonly Positive[];
  /** Chance of each negative to be in an epoch, where negatives are not drawn alike. */
  #inclusion: Float64Array | null = null;
  /** Peaks whose own bin lies in the training split, summed over the experiments. */
  readonly trainingPeaks: number;

  constructor(
    readonly study: Study,
    readonly experiments: readonly Experiment[],
    readonly splits: BinSplits,
    readonly options: SamplingOptions,
    /** A cell that is only validated in needs no training bins. */
    use: "training" | "validation" = "training",
  ) {
    const { bins } = study;
    this.#labels = experiments.map((experiment) => labelExperiment(study, experiment));
    this.#positives = options.positives === "peaks" ? this.#placePeaks() : this.#boundBins(TRAINING);
    this.trainingPeaks = countPeaksInSplit(study, experiments, splits, TRAINING);
    this.#negatives = this.#unboundBins(TRAINING, options.negativeMargin);
    for (const [count, what, next] of [
      [this.#positives.length, "bound", "Check the peaks, or hold out less of the genome"],
      [this.#negatives.length, "unbound", "Hold out less of the genome"],
    ] as const) {
      if (count > 0 || use === "validation") continue;
      throw new BindscapeError({
        source: study.source,
        found: `no ${what} bin of ${experiments.map((e) => e.factor).join(", ")} to train on (${bins.count} bins in all)`,
        expected: "at least one outside the hold-outs",
        next,
      });
    }
  }

  /** Unbound bins an epoch draws its negatives from. */
  get negativeCandidates(): Uint32Array {
    return this.#negatives;
  }

  /** Negatives an epoch has, on average where they are drawn by difficulty. */
  get negativesPerEpoch(): number {
    const wanted = Math.round(this.#positives.length * this.options.negativesPerPositive);
    return Math.min(wanted, this.#negatives.length);
  }

  /**
   * Makes epochs prefer some negatives: each candidate is drawn by itself with a chance in proportion to its
   * difficulty, scaled so that an epoch still has as many negatives on average.
   * @param difficulty positive numbers, one a candidate
   */
  preferNegatives(difficulty: Float64Array): void {
    this.#inclusion = scaleToSum(difficulty, this.negativesPerEpoch);
  }

  /** Windows of one training epoch in random order. Every positive is in it once. */
  drawEpoch(random: Random): LabelledWindows {
    const rows: Row[] = this.#positives.map((positive) => {
      const shift = positive.shift > 0 ? random.integer(2 * positive.shift + 1) - positive.shift : 0;
      return { ...positive, start: this.#shifted(positive, shift), weight: 1 };
    });
    const hasPrior = this.options.negativeWeight === "prior";
    if (this.#inclusion) {
      this.#negatives.forEach((bin, i) => {
        const chance = this.#inclusion![i];
        if (random.uniform() < chance) rows.push(this.#gridRow(bin, hasPrior ? 1 / chance : 1));
      });
    } else {
      const weight = hasPrior ? this.#negatives.length / this.negativesPerEpoch : 1;
      for (const bin of drawWithoutReplacement(this.#negatives, this.negativesPerEpoch, random)) {
        rows.push(this.#gridRow(bin, weight));
      }
    }
    return this.#toWindows(random.shuffle(rows));
  }

  #gridRow(bin: number, weight: number): Row {
    const { bins } = this.study;
    return {
      segmentIndex: bins.partOf(bin).segmentIndex,
      start: bins.startOf(bin),
      bin,
      peakOf: -1,
      weight,
    };
  }

  /** The validation windows: grid bins, not shifted, the same for one seed. */
  validationWindows(random: Random): LabelledWindows {
    const bound = this.#boundBins(VALIDATION).map(({ bin }) => bin);
    if (bound.length === 0) {
      throw new BindscapeError({
        source: this.study.source,
        found: `no bound bin of ${this.experiments.map((e) => e.factor).join(", ")} in the validation hold-out`,
        expected: "at least one, to stop training by",
        next: "Hold out another chromosome or region for validation",
      });
    }
    const unbound = this.#unboundBins(VALIDATION, 0);
    const perPositive = this.options.validationNegativesPerPositive;
    const chosen =
      perPositive === 0
        ? unbound
        : drawWithoutReplacement(unbound, Math.round(bound.length * perPositive), random);
    const all = [...bound, ...chosen].sort((a, b) => a - b);
    return this.#toWindows(all.map((bin) => this.#gridRow(bin, 1)));
  }

  #toWindows(rows: readonly Row[]): LabelledWindows {
    const tasks = this.experiments.length;
    const windows = {
      segmentIndices: new Uint32Array(rows.length),
      binStarts: new Int32Array(rows.length),
      labels: new Float32Array(rows.length * tasks),
      weights: new Float32Array(rows.length * tasks),
      tasks,
    };
    rows.forEach(({ segmentIndex, start, bin, peakOf, weight }, row) => {
      windows.segmentIndices[row] = segmentIndex;
      windows.binStarts[row] = start;
      for (let task = 0; task < tasks; task++) {
        // A bin placed on a peak is bound by its factor, even where its shift left less than the grid's rule.
        const label = task === peakOf ? BOUND : this.#labels[task][bin];
        windows.labels[row * tasks + task] = label === BOUND ? 1 : 0;
        windows.weights[row * tasks + task] = label === BOUND || label === UNBOUND ? weight : 0;
      }
    });
    return windows;
  }

  /** A shifted start, or the unshifted one where the shift would leave the segment or the training split. */
  #shifted(positive: { segmentIndex: number; start: number }, shift: number): number {
    const { bins } = this.study;
    const part = bins.parts[positive.segmentIndex];
    const start = positive.start + shift;
    if (start < part.segment.start || start + bins.grid.size > part.segment.end) return positive.start;
    return this.#isInTraining(part, start) ? start : positive.start;
  }

  /** Whether both bins of the grid that a start off the grid stands between are in the training split. */
  #isInTraining(part: SegmentBins, start: number): boolean {
    const step = (start - part.firstStart) / this.study.bins.grid.step;
    return [Math.floor(step), Math.ceil(step)].every((index) => {
      const inPart = Math.min(Math.max(index, 0), part.count - 1);
      return this.splits.use[part.firstIndex + inPart] === TRAINING;
    });
  }

  /** One bin centred on each training peak (FactorNet, section 2.4.1), with how far it may shift. */
  #placePeaks(): Positive[] {
    const { bins } = this.study;
    const { size, step } = bins.grid;
    const placed: Positive[] = [];
    for (const [peakOf, experiment] of this.experiments.entries()) {
      for (const { chromosome, start, end } of experiment.peaks) {
        const binStart = centredStart(start, end, size);
        for (const part of bins.partsOf(chromosome)) {
          if (binStart < part.segment.start || binStart + size > part.segment.end || part.count === 0)
            continue;
          const nearest = Math.round((binStart - part.firstStart) / step);
          const bin = part.firstIndex + Math.min(Math.max(nearest, 0), part.count - 1);
          if (!this.#isInTraining(part, binStart)) continue;
          const shift = Math.max(0, Math.floor((size + end - start) / 2 - this.options.minimumOverlap));
          placed.push({ segmentIndex: part.segmentIndex, start: binStart, shift, bin, peakOf });
        }
      }
    }
    return placed;
  }

  #boundBins(split: number): Positive[] {
    const { bins } = this.study;
    const found: Positive[] = [];
    for (const part of bins.parts) {
      for (let bin = part.firstIndex; bin < part.firstIndex + part.count; bin++) {
        if (this.splits.use[bin] !== split) continue;
        if (!this.#labels.some((labels) => labels[bin] === BOUND)) continue;
        found.push({
          segmentIndex: part.segmentIndex,
          start: bins.startOf(bin),
          shift: this.options.jitter,
          bin,
          peakOf: -1,
        });
      }
    }
    return found;
  }

  /** Bins of a split that no experiment binds, `margin` bp away from every peak. */
  #unboundBins(split: number, margin: number): Uint32Array {
    const { bins } = this.study;
    const near = new Uint8Array(bins.count);
    if (margin > 0) {
      for (const { peaks, relaxedPeaks } of this.experiments) {
        forEachOverlap(
          bins,
          [...peaks, ...relaxedPeaks].map((peak) => widen(peak, margin)),
          (bin) => {
            near[bin] = 1;
          },
        );
      }
    }
    const isFound = (bin: number) =>
      this.splits.use[bin] === split &&
      near[bin] === 0 &&
      this.#labels.every((labels) => labels[bin] === UNBOUND);
    // Most bins of a genome are unbound: counted first, they need no more room than their numbers.
    let count = 0;
    for (let bin = 0; bin < bins.count; bin++) if (isFound(bin)) count++;
    const found = new Uint32Array(count);
    for (let bin = 0, at = 0; bin < bins.count; bin++) if (isFound(bin)) found[at++] = bin;
    return found;
  }
}

interface Row {
  readonly segmentIndex: number;
  readonly start: number;
  /** Grid bin whose labels hold; the nearest one for a bin placed on a peak. */
  readonly bin: number;
  /** The experiment whose peak the bin was placed on, or -1 for a bin of the grid. */
  readonly peakOf: number;
  /** What its labels count in the loss. */
  readonly weight: number;
}

/** A window that is in every epoch, and how far it may be shifted, in bp. */
interface Positive extends Omit<Row, "weight"> {
  readonly shift: number;
}

/** Peaks whose middle lies in a bin of the split. */
export function countPeaksInSplit(
  study: Study,
  experiments: readonly Experiment[],
  splits: BinSplits,
  split: number,
): number {
  const { bins } = study;
  let count = 0;
  for (const experiment of experiments) {
    for (const { chromosome, start, end } of experiment.peaks) {
      const binStart = centredStart(start, end, bins.grid.size);
      const part = bins
        .partsOf(chromosome)
        .find(({ segment }) => binStart >= segment.start && binStart + bins.grid.size <= segment.end);
      if (!part || part.count === 0) continue;
      const nearest = Math.round((binStart - part.firstStart) / bins.grid.step);
      if (splits.use[part.firstIndex + Math.min(Math.max(nearest, 0), part.count - 1)] === split) count++;
    }
  }
  return count;
}

/** Start of the bin of `size` bp that is centred on a peak. */
function centredStart(start: number, end: number, size: number): number {
  return Math.floor((start + end) / 2) - Math.floor(size / 2);
}

function widen({ chromosome, start, end }: Interval, by: number): Interval {
  return { chromosome, start: start - by, end: end + by };
}

/**
 * The values times one factor and cut off at 1, such that they add up to `sum` (found by bisection).
 * @param sum at most as many as there are values
 */
function scaleToSum(values: Float64Array, sum: number): Float64Array {
  const total = (factor: number) => values.reduce((all, value) => all + Math.min(1, value * factor), 0);
  let low = 0;
  let high = 1;
  while (total(high) < sum && high < 1e30) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (total(middle) < sum) low = middle;
    else high = middle;
  }
  return values.map((value) => Math.min(1, value * high));
}

/**
 * Draws `wanted` items, each at most once, in random order; all of them where there are no more. The first steps of a
 * Fisher-Yates shuffle, of which only the places that changed are kept: items may be all bins of a genome.
 */
function drawWithoutReplacement(items: Uint32Array, wanted: number, random: Random): Uint32Array {
  const drawn = new Uint32Array(Math.min(wanted, items.length));
  const moved = new Map<number, number>();
  for (let i = 0; i < drawn.length; i++) {
    const j = i + random.integer(items.length - i);
    drawn[i] = moved.get(j) ?? items[j];
    if (j !== i) moved.set(j, moved.get(i) ?? items[i]);
    moved.delete(i);
  }
  return drawn;
}
