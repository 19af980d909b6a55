import type { Interval, IntervalIndex } from "@bindscape/genome";
import { BindscapeError, type ProgressListener, Random } from "@bindscape/numerics";
import { BinTable } from "../bins.js";
import { accessCell } from "../cell-access.js";
import { BOUND, forEachOverlap, UNBOUND, UNLABELLED } from "../labels.js";
import { readWindowCodes } from "../motif-sites/site-windows.js";
import { indexIntervals, makeWindowSplitter } from "../motif-sites/split-windows.js";
import type { SequencePlace, SequenceSet, SequenceTask, SplitName } from "../sequence-set.js";
import { SPLIT_NAMES, writeTask } from "../sequence-set-files.js";
import type { Study } from "../study.js";
import type { WindowSource } from "../windows.js";

/** Where one factor was measured in one cell. Read when its turn comes, so that peaks of many need not be held. */
export interface CompendiumTrack extends SequenceTask {
  read(): Promise<CompendiumPeaks>;
}

export interface CompendiumPeaks {
  readonly peaks: readonly Interval[];
  /** Bins that these touch and that are not bound have no label. */
  readonly relaxedPeaks?: readonly Interval[];
  /** Bins that do not lie wholly inside have no label; everywhere where absent. */
  readonly measured?: readonly Interval[];
  /** Labels of the study's bins, in place of peaks. */
  readonly labels?: Int8Array;
}

/** Choices of a compendium; DeepSEA's (Zhou and Troyanskaya 2015, Online Methods) where left out. */
export interface CompendiumOptions {
  /** bp of a bin and between starts of bins; 200 both. */
  readonly binSize?: number;
  readonly binStep?: number;
  /** A bin is bound where one peak covers more than this share of it; .5. */
  readonly coverage?: number;
  /** bp of the window centred on a bin; 1000. */
  readonly length?: number;
  /** Fewest bound labels of a bin that is used; 1. With 0 all bins are. */
  readonly leastBound?: number;
  /** Most sequences: as many bins are drawn; all when left out. */
  readonly sample?: number;
  /** Whether windows that reach beyond their chromosome are dropped or filled up with N; "drop". */
  readonly ends?: "drop" | "pad";
  /** 0. */
  readonly seed?: number | string;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Bins, and why some were left out, each counted at the first reason. */
export interface BinCounts {
  readonly bins: number;
  readonly blacklisted: number;
  /** In regions without labels. */
  readonly unlabelled: number;
  readonly atEnds: number;
  readonly atBorders: number;
  /** With fewer bound labels than asked for. */
  readonly unbound: number;
  /** Not drawn. */
  readonly notDrawn: number;
  readonly kept: number;
}

export interface CompendiumSummary {
  readonly kind: "compendium";
  readonly assembly: string;
  readonly seed: number | string;
  readonly bins: BinCounts;
  /** By task: peaks, and bins they bind on the whole genome. */
  readonly tracks: Readonly<Record<string, { readonly peaks: number; readonly boundBins: number }>>;
  /** How many sequences have so many bound labels: entry k of k of them, the last of that many or more. */
  readonly boundLabels: readonly number[];
  readonly warnings: readonly string[];
}

export interface Compendium {
  readonly set: SequenceSet;
  readonly summary: CompendiumSummary;
}

/** Most numbers of one array of a data set. */
const MOST_NUMBERS = 2 ** 32 - 1;
/** Last class of the histogram of bound labels. */
const MOST_CLASSES = 40;

/**
 * Multi-label sequences after DeepSEA: bins of a genome that at least one factor binds, each with the sequence around
 * it and a label for every factor. Memory: a number a bin of the genome, one for every bound bin of every track, and
 * the data set itself.
 * @param source sequence of the study's assembly; its tracks are not used
 * @throws BindscapeError where no bin is left, where there are too many to hold, and for options out of range
 */
export async function makeCompendium(
  study: Pick<Study, "source" | "assembly" | "holdOuts"> & Partial<Pick<Study, "bins">>,
  source: WindowSource,
  tracks: readonly CompendiumTrack[],
  options: CompendiumOptions = {},
): Promise<Compendium> {
  const { binSize = 200, binStep = 200, length = 1000, seed = 0, leastBound = 1, signal } = options;
  checkOptions(options, tracks.length);
  const bins = new BinTable(study.assembly, { size: binSize, step: binStep });
  const boundCounts = new Uint16Array(bins.count);
  const read: ReadTrack[] = [];
  for (const [done, track] of tracks.entries()) {
    signal?.throwIfAborted();
    options.onProgress?.({ task: "reading peaks", done, total: tracks.length, unit: "tracks" });
    const own = labelTrack(bins, await track.read(), options.coverage ?? 0.5, study.bins);
    for (const bin of own.bound) boundCounts[bin]++;
    read.push(own);
  }
  const chosen = chooseBins(bins, boundCounts, study, options);
  if (chosen.bins.length === 0) {
    throw new BindscapeError({
      source: study.source,
      found: `no bin with ${leastBound === 0 ? "a window inside the genome" : `at least ${leastBound} bound labels`}`,
      expected: "at least one",
      next: `Check peaks and hold-outs (of ${bins.count} bins: ${describeCounts(chosen.counts)})`,
    });
  }
  checkSize(chosen.bins.length, length, tracks.length);
  const labels = fillLabels(bins, chosen.bins, read);
  const before = Math.floor((length - binSize) / 2);
  const windows = Array.from(chosen.bins, (bin) => {
    const { segmentIndex, segment } = bins.partOf(bin);
    const start = bins.startOf(bin) - before;
    const window: SequencePlace = {
      chromosome: segment.chromosome,
      start,
      end: start + length,
      strand: "+",
    };
    return { segmentIndex, window };
  });
  const access = await accessCell({ ...source, tracks: [] });
  let codes: Uint8Array;
  try {
    codes = await readWindowCodes(access, windows, length, [0, 0], "keep", options);
  } finally {
    await access.close();
  }
  const set: SequenceSet = {
    source: study.source,
    count: windows.length,
    length,
    tasks: tracks.map(({ factor, cell }) => ({ factor, cell })),
    codes,
    labels,
    splits: chosen.splits,
    names: windows.map(({ window }) => `${window.chromosome}_${window.start + before}`),
    places: windows.map(({ window }) => window),
  };
  const summary: CompendiumSummary = {
    kind: "compendium",
    assembly: study.assembly.name,
    seed,
    bins: chosen.counts,
    tracks: Object.fromEntries(
      tracks.map((track, t) => [writeTask(track), { peaks: read[t].peaks, boundBins: read[t].bound.length }]),
    ),
    boundLabels: countBoundLabels(set),
    warnings: warnOfLabels(set),
  };
  return { set, summary };
}

interface ReadTrack {
  readonly peaks: number;
  readonly bound: Uint32Array;
  readonly ambiguous: Uint32Array;
  readonly measured: IntervalIndex | null;
}

/** Bound and ambiguous bins of one track, ascending. */
function labelTrack(
  bins: BinTable,
  { peaks, relaxedPeaks = [], measured, labels }: CompendiumPeaks,
  coverage: number,
  studyBins: BinTable | undefined,
): ReadTrack {
  const bound = new Set<number>();
  const ambiguous = new Set<number>();
  const { size } = bins.grid;
  if (labels) {
    forEachLabel(bins, studyBins, labels, (bin, label) => {
      if (label === BOUND) bound.add(bin);
      else if (label !== UNBOUND) ambiguous.add(bin);
    });
  } else {
    forEachOverlap(bins, peaks, (bin, overlap) => {
      if (overlap > coverage * size) bound.add(bin);
    });
    forEachOverlap(bins, relaxedPeaks, (bin) => {
      if (!bound.has(bin)) ambiguous.add(bin);
    });
  }
  return {
    peaks: peaks.length,
    bound: Uint32Array.from(bound).sort(),
    ambiguous: Uint32Array.from(ambiguous).sort(),
    measured: measured ? indexIntervals(measured) : null,
  };
}

/** Labels of bins by those of the study's bins at the same places; without label where there is none. */
function forEachLabel(
  bins: BinTable,
  studyBins: BinTable | undefined,
  labels: Int8Array,
  visit: (bin: number, label: number) => void,
): void {
  if (studyBins?.grid.size !== bins.grid.size) {
    throw new BindscapeError({
      source: "compendium",
      found: `bins of ${bins.grid.size} bp where the study has labels of bins of ${studyBins?.grid.size} bp`,
      expected: "bins of the same size",
      next: `Choose --bin ${studyBins?.grid.size}`,
    });
  }
  for (const { segmentIndex, firstIndex, firstStart, count } of bins.parts) {
    const own = studyBins.parts[segmentIndex];
    for (let i = 0; i < count; i++) {
      const place = (firstStart + i * bins.grid.step - own.firstStart) / studyBins.grid.step;
      const isThere = Number.isInteger(place) && place >= 0 && place < own.count;
      visit(firstIndex + i, isThere ? labels[own.firstIndex + place] : UNLABELLED);
    }
  }
}

function chooseBins(
  bins: BinTable,
  boundCounts: Uint16Array,
  { holdOuts }: Pick<Study, "holdOuts">,
  { length = 1000, leastBound = 1, sample, ends = "drop", seed = 0 }: CompendiumOptions,
): { bins: Uint32Array; splits: SplitName[]; counts: BinCounts } {
  const { size } = bins.grid;
  const before = Math.floor((length - size) / 2);
  const blacklist = indexIntervals(holdOuts.blacklist);
  const unlabelled = indexIntervals(holdOuts.unlabelled);
  const splitOf = makeWindowSplitter(holdOuts);
  const counts = { blacklisted: 0, unlabelled: 0, atEnds: 0, atBorders: 0, unbound: 0 };
  const splits = new Uint8Array(bins.count);
  const eligible: number[] = [];
  for (const { segment, firstIndex, firstStart, count } of bins.parts) {
    const { chromosome } = segment;
    for (let i = 0; i < count; i++) {
      const bin = firstIndex + i;
      // Most bins of a genome are unbound: asked first.
      if (boundCounts[bin] < leastBound) {
        counts.unbound++;
        continue;
      }
      const start = firstStart + i * bins.grid.step;
      if (blacklist.overlaps(chromosome, start, start + size)) {
        counts.blacklisted++;
        continue;
      }
      if (unlabelled.overlaps(chromosome, start, start + size)) {
        counts.unlabelled++;
        continue;
      }
      const from = Math.max(segment.start, start - before);
      const to = Math.min(segment.end, start - before + length);
      if (ends === "drop" && to - from < length) {
        counts.atEnds++;
        continue;
      }
      const split = splitOf({ chromosome, start: from, end: to });
      if (split === null) {
        counts.atBorders++;
        continue;
      }
      splits[bin] = SPLIT_NAMES.indexOf(split);
      eligible.push(bin);
    }
  }
  let kept = Uint32Array.from(eligible);
  if (sample !== undefined && sample < kept.length) {
    const random = Random.forPart(seed, "compendium");
    for (let i = 0; i < sample; i++) {
      const other = i + random.integer(kept.length - i);
      [kept[i], kept[other]] = [kept[other], kept[i]];
    }
    kept = kept.slice(0, sample).sort();
  }
  return {
    bins: kept,
    splits: Array.from(kept, (bin) => SPLIT_NAMES[splits[bin]]),
    counts: {
      bins: bins.count,
      ...counts,
      notDrawn: eligible.length - kept.length,
      kept: kept.length,
    },
  };
}

/** Labels [rows, tasks]: 1 in bound bins, NaN where a track has no label, else 0. */
function fillLabels(bins: BinTable, rows: Uint32Array, tracks: readonly ReadTrack[]): Float32Array {
  const tasks = tracks.length;
  const labels = new Float32Array(rows.length * tasks);
  for (const [t, { bound, ambiguous, measured }] of tracks.entries()) {
    forEachCommon(rows, bound, (row) => {
      labels[row * tasks + t] = 1;
    });
    forEachCommon(rows, ambiguous, (row) => {
      labels[row * tasks + t] = Number.NaN;
    });
    if (measured === null) continue;
    for (const [row, bin] of rows.entries()) {
      const start = bins.startOf(bin);
      const { chromosome } = bins.partOf(bin).segment;
      const end = start + bins.grid.size;
      if (measured.overlapLength(chromosome, start, end) < bins.grid.size) {
        labels[row * tasks + t] = Number.NaN;
      }
    }
  }
  return labels;
}

/** Visits places in `rows` of the numbers that both ascending lists have. */
function forEachCommon(rows: Uint32Array, others: Uint32Array, visit: (row: number) => void): void {
  let row = 0;
  for (const other of others) {
    while (row < rows.length && rows[row] < other) row++;
    if (rows[row] === other) visit(row);
  }
}

function countBoundLabels({ count, tasks, labels }: SequenceSet): number[] {
  const classes = new Array<number>(Math.min(MOST_CLASSES, tasks.length) + 1).fill(0);
  for (let row = 0; row < count; row++) {
    let bound = 0;
    for (let t = 0; t < tasks.length; t++) if (labels[row * tasks.length + t] === 1) bound++;
    classes[Math.min(bound, classes.length - 1)]++;
  }
  return classes;
}

/** Parts of the data set that nothing can be learned from or measured on. */
function warnOfLabels({ tasks, labels, splits, count }: SequenceSet): string[] {
  const warnings: string[] = [];
  for (const split of SPLIT_NAMES) {
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => splits![row] === split);
    if (rows.length === 0) {
      warnings.push(`no sequence is in ${split}: choose other hold-outs`);
      continue;
    }
    const without = tasks.filter((_, t) => !rows.some((row) => labels[row * tasks.length + t] === 1));
    if (without.length === 0) continue;
    const names = without.slice(0, 5).map(writeTask).join(", ");
    warnings.push(
      `${without.length} of ${tasks.length} tracks have no bound sequence in ${split} (${names}${without.length > 5 ? ", ..." : ""})`,
    );
  }
  return warnings;
}

function checkOptions(options: CompendiumOptions, tracks: number): void {
  const { binSize = 200, binStep = 200, coverage = 0.5, length = 1000, leastBound = 1, sample = 1 } = options;
  const whole = [
    ["bin size", binSize, 1],
    ["distance between bins", binStep, 1],
    ["window length", length, binSize],
    ["least number of bound labels", leastBound, 0],
    ["number of sequences", sample, 1],
  ] as const;
  for (const [what, value, least] of whole) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new BindscapeError({
      source: "compendium",
      found: `a ${what} of ${value}`,
      expected: `a whole number of at least ${least}`,
    });
  }
  if (!(coverage >= 0 && coverage < 1)) {
    throw new BindscapeError({
      source: "compendium",
      found: `bins bound where a peak covers more than ${coverage} of them`,
      expected: "a share from 0 to below 1",
    });
  }
  if (tracks >= 1 && tracks <= 65_535) return;
  throw new BindscapeError({
    source: "compendium",
    found: `${tracks} tracks`,
    expected: "1 to 65,535",
  });
}

function checkSize(count: number, length: number, tasks: number): void {
  if (count * Math.max(length, tasks) <= MOST_NUMBERS) return;
  throw new BindscapeError({
    source: "compendium",
    found: `${count.toLocaleString("en-US")} sequences of ${length} bp with ${tasks} labels`,
    expected: `at most ${Math.floor(MOST_NUMBERS / Math.max(length, tasks)).toLocaleString("en-US")} of them in one data set`,
    next: "Draw some of them with --sample, or ask for more bound labels with --least-bound",
  });
}

function describeCounts(counts: BinCounts): string {
  const parts = [
    [counts.unbound, "with fewer"],
    [counts.blacklisted, "on the blacklist"],
    [counts.unlabelled, "without labels"],
    [counts.atEnds, "at ends of chromosomes"],
    [counts.atBorders, "at borders of hold-outs"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, why]) => `${count} ${why}`)
    .join(", ");
}
