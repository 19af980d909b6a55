import { BindscapeError } from "@bindscape/numerics";
import type { Segment } from "./assembly.js";
import { WindowMaker } from "./window-maker.js";
import {
  listSources,
  type SourceTrack,
  type WindowPlan,
  type WindowRequest,
  type WindowSource,
  type WindowSources,
} from "./windows.js";

/** Windows whose features are read at a time. */
const FEATURE_BATCH = 4096;

/** Stretches this near to one another, in bp, are read as one: cheaper than another call. */
const NEAR = 500;

/** A stretch of one segment, in chromosome coordinates. */
export interface SegmentPart {
  readonly segmentIndex: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads what windows need of cells that stay in their files: the same windows in the same order as of cells in memory,
 * with memory for these windows. Cells in memory are handed on as they are. Calls must not overlap in time. Close it
 * when done.
 */
export class SourceReader {
  readonly sources: readonly WindowSource[];
  /** Null for cells in memory. */
  readonly #cells: readonly (OpenCell | null)[];

  private constructor(sources: readonly WindowSource[], cells: readonly (OpenCell | null)[]) {
    this.sources = sources;
    this.#cells = cells;
  }

  /** @throws BindscapeError where a file is missing or damaged */
  static async open(sources: WindowSources): Promise<SourceReader> {
    const list = listSources(sources);
    const cells: (OpenCell | null)[] = [];
    try {
      for (const source of list) cells.push(source.files ? await openCell(source) : null);
    } catch (error) {
      await closeCells(cells);
      throw error;
    }
    return new SourceReader(list, cells);
  }

  /**
   * Parts of the sources that hold the windows and features of a request, and the request on their segments. The parts
   * have all tracks, and bases where the plan sees them.
   */
  async readWindows(
    plan: WindowPlan,
    request: WindowRequest,
  ): Promise<{ readonly sources: readonly WindowSource[]; readonly request: WindowRequest }> {
    if (this.#cells.every((cell) => cell === null)) return { sources: this.sources, request };
    const segmentIndices = request.segmentIndices.slice();
    const sources: WindowSource[] = [];
    for (const [index, source] of this.sources.entries()) {
      const cell = this.#cells[index];
      if (cell === null) {
        sources.push(source);
        continue;
      }
      const rows: number[] = [];
      for (let row = 0; row < segmentIndices.length; row++) {
        if ((request.sourceIndices?.[row] ?? 0) === index) rows.push(row);
      }
      const { parts, partOfRow } = coverWindows(source.segments, plan, request, rows);
      rows.forEach((row, i) => {
        segmentIndices[row] = partOfRow[i];
      });
      sources.push(await readParts(source, cell, parts, seesSequence(plan)));
    }
    return { sources, request: { ...request, segmentIndices } };
  }

  /**
   * Stretches of one source, each as a segment of its own.
   * @param index which of the sources
   */
  async readRegions(parts: readonly SegmentPart[], index = 0): Promise<WindowSource> {
    const source = this.sources[index];
    const cell = this.#cells[index];
    if (cell !== null) return readParts(source, cell, parts);
    return {
      ...source,
      segments: parts.map(({ segmentIndex, start, end }) => {
        const segment = source.segments[segmentIndex];
        return { ...segment, start, end, offset: segment.offset + start - segment.start };
      }),
      partOf: Uint32Array.from(parts, ({ segmentIndex }) => source.partOf?.[segmentIndex] ?? segmentIndex),
    };
  }

  async close(): Promise<void> {
    await closeCells(this.#cells);
  }
}

/** Opens a reader for the time of a function. */
export async function withSourceReader<T>(
  sources: WindowSources,
  use: (reader: SourceReader) => Promise<T>,
): Promise<T> {
  const reader = await SourceReader.open(sources);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

/**
 * Features of windows, [count, features], of cells in memory or in files.
 * @throws BindscapeError where the plan names what a cell does not have
 */
export async function readFeatures(
  sources: WindowSources,
  plan: WindowPlan,
  request: WindowRequest,
): Promise<Float32Array> {
  const maker = new WindowMaker(sources, plan);
  if (listSources(sources).every(({ files }) => files === undefined)) return maker.fillFeatures(request);
  const width = plan.features.length;
  const count = request.binStarts.length;
  const out = new Float32Array(count * width);
  const featurePlan: WindowPlan = { ...plan, windowLength: 0, tracks: [] };
  const isSeen = (name: string) =>
    plan.features.some((feature) => feature.kind === "signal" && feature.track === name);
  const narrowed = listSources(sources).map((source) => keepTracks(source, isSeen));
  await withSourceReader(narrowed, async (reader) => {
    const featureMaker = new WindowMaker(narrowed, featurePlan);
    for (let from = 0; from < count; from += FEATURE_BATCH) {
      const part = await reader.readWindows(featurePlan, {
        segmentIndices: request.segmentIndices.subarray(from, from + FEATURE_BATCH),
        binStarts: request.binStarts.subarray(from, from + FEATURE_BATCH),
        sourceIndices: request.sourceIndices?.subarray(from, from + FEATURE_BATCH),
      });
      featureMaker.moveTo(part.sources);
      out.set(featureMaker.fillFeatures(part.request), from * width);
    }
  });
  return out;
}

/** A cell in files with only some of its tracks, so that the others are not read. */
function keepTracks(source: WindowSource, isKept: (name: string) => boolean): WindowSource {
  if (!source.files) return source;
  return {
    ...source,
    tracks: source.tracks.filter(({ name }) => isKept(name)),
    files: { ...source.files, tracks: source.files.tracks.filter(({ entry }) => isKept(entry.name)) },
  };
}

/** The tracks of a source that a plan looks at, in its windows or in its features. */
export function keepPlannedTracks(source: WindowSource, plan: WindowPlan): WindowSource {
  const wanted = new Set([
    ...plan.tracks,
    ...plan.features.flatMap((feature) => (feature.kind === "signal" ? [feature.track] : [])),
  ]);
  return keepTracks(source, (name) => wanted.has(name));
}

/** Open files of a cell. */
export interface OpenCell {
  readCodes(segmentIndex: number, start: number, end: number): Promise<Uint8Array> | Uint8Array;
  /** Fills the transformed values of a track along parts, each at its offset. */
  readTrack(track: number, parts: readonly Segment[], values: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens the files of a cell that stays in them. */
export type CellOpener = (source: WindowSource) => Promise<OpenCell>;

let provided: CellOpener | null = null;

/** Says how cells in files are opened: Node's entry does, so that what reads windows runs in web pages too. */
export function provideCellOpener(open: CellOpener): void {
  provided = open;
}

/** Opens the files of a cell that stays in them. */
export function openCell(source: WindowSource): Promise<OpenCell> {
  if (provided !== null) return provided(source);
  throw new BindscapeError({
    source: "cell",
    found: "sequence and tracks that stay in their files",
    expected: "cells in memory, where there are no files to open",
  });
}

async function closeCells(cells: readonly (OpenCell | null)[]): Promise<void> {
  for (const cell of cells) await cell?.close();
}

/** Reads parts as a source of their own, its segments the parts in order; without codes where they are not wanted. */
async function readParts(
  source: WindowSource,
  cell: OpenCell,
  parts: readonly SegmentPart[],
  withSequence = true,
): Promise<WindowSource> {
  let length = 0;
  const segments = parts.map(({ segmentIndex, start, end }): Segment => {
    const segment = { chromosome: source.segments[segmentIndex].chromosome, start, end, offset: length };
    length += end - start;
    return segment;
  });
  const codes = new Uint8Array(withSequence ? length : 0);
  for (const [i, { segmentIndex, start, end }] of parts.entries()) {
    if (withSequence && start < end)
      codes.set(await cell.readCodes(segmentIndex, start, end), segments[i].offset);
  }
  const tracks: SourceTrack[] = [];
  for (const [index, track] of source.tracks.entries()) {
    const values = new Float32Array(length);
    await cell.readTrack(index, segments, values);
    tracks.push({ ...track, values });
  }
  const { annotations, covariates, baseCounts } = source;
  const partOf = Uint32Array.from(parts, ({ segmentIndex }) => segmentIndex);
  return { segments, codes, tracks, annotations, covariates, baseCounts, partOf };
}

/** Whether the bases of its bins matter to a plan. */
function seesSequence({ windowLength, sequence, features }: WindowPlan): boolean {
  return (windowLength > 0 && sequence !== false) || features.some(({ kind }) => kind === "motif");
}

/** Stretches that cover what the windows and features of rows look at, ascending; near ones are one. */
function coverWindows(
  segments: readonly Segment[],
  plan: WindowPlan,
  { segmentIndices, binStarts }: WindowRequest,
  rows: readonly number[],
): { parts: SegmentPart[]; partOfRow: Uint32Array } {
  const { before, after } = measureSpan(plan);
  const order = Uint32Array.from(rows, (_, i) => i).sort(
    (a, b) => segmentIndices[rows[a]] - segmentIndices[rows[b]] || binStarts[rows[a]] - binStarts[rows[b]],
  );
  const parts: { segmentIndex: number; start: number; end: number }[] = [];
  const partOfRow = new Uint32Array(rows.length);
  for (const i of order) {
    const segmentIndex = segmentIndices[rows[i]];
    const segment = segments[segmentIndex];
    // Of a window wholly beyond the sequence nothing is left, at its end.
    const start = Math.min(Math.max(binStarts[rows[i]] - before, segment.start), segment.end);
    const end = Math.max(Math.min(binStarts[rows[i]] + after, segment.end), start);
    const last = parts.at(-1);
    if (last?.segmentIndex === segmentIndex && start <= last.end + NEAR) last.end = Math.max(last.end, end);
    else parts.push({ segmentIndex, start, end });
    partOfRow[i] = parts.length - 1;
  }
  return { parts, partOfRow };
}

/** How far before and behind a bin's first base its window and its features look, in bp. */
function measureSpan({ windowLength, binSize, features }: WindowPlan): { before: number; after: number } {
  const margin = Math.floor((windowLength - binSize) / 2);
  let before = Math.max(0, margin);
  let after = Math.max(binSize, windowLength - margin);
  for (const feature of features) {
    if (feature.kind === "signal") {
      const beside = Math.floor((feature.width - binSize) / 2);
      before = Math.max(before, beside);
      after = Math.max(after, feature.width - beside);
    } else if (feature.kind === "motif" && feature.sites === "middle") {
      before = Math.max(before, Math.floor(feature.length / 2));
      after = Math.max(after, binSize + feature.length - 1 - Math.floor(feature.length / 2));
    }
  }
  return { before, after };
}
