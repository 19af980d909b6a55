import type { Segment } from "./assembly.js";
import { type OpenCell, openCell } from "./source-reader.js";
import type { WindowSource } from "./windows.js";

/** Sequence and tracks of a cell, read stretch by stretch, wherever they are. Close it when done. */
export interface CellAccess {
  readonly segments: readonly Segment[];
  /** Tracks in the order of their numbers. */
  readonly tracks: readonly { readonly name: string; readonly unit: string; readonly log: boolean }[];
  /** Codes (0..4) of [start, end) of a segment, in chromosome coordinates. Not to be changed. */
  readCodes(segmentIndex: number, start: number, end: number): Promise<Uint8Array>;
  /**
   * Values of a track along [start, end) of a segment, transformed as the study says but for its logarithm, which is
   * undone. Not to be changed.
   */
  readSignal(track: number, segmentIndex: number, start: number, end: number): Promise<Float32Array>;
  /** As `readSignal`, of many short stretches: the mean of each. NaN for an empty one. */
  readMeans(track: number, stretches: readonly SegmentStretch[]): Promise<Float64Array>;
  close(): Promise<void>;
}

/** A stretch of one segment, in chromosome coordinates. */
export interface SegmentStretch {
  readonly segmentIndex: number;
  readonly start: number;
  readonly end: number;
}

/** Bases of stretches that are read in one go. */
const BASES_AT_ONCE = 1 << 22;

/** Opens a cell of a study as `loadCell` gives it: in memory, or in its files. */
export async function accessCell(source: WindowSource): Promise<CellAccess> {
  const { segments, tracks } = source;
  const opened: OpenCell | null = source.files ? await openCell(source) : null;
  const offsetOf = (segmentIndex: number, position: number) =>
    segments[segmentIndex].offset + position - segments[segmentIndex].start;
  const readMany = async (track: number, parts: readonly Segment[], bases: number): Promise<Float32Array> => {
    const values = new Float32Array(bases);
    await opened!.readTrack(track, parts, values);
    return values;
  };
  const readSignal = async (track: number, segmentIndex: number, start: number, end: number) => {
    const { chromosome } = segments[segmentIndex];
    const values = opened
      ? await readMany(track, [{ chromosome, start, end, offset: 0 }], end - start)
      : tracks[track].values.subarray(offsetOf(segmentIndex, start), offsetOf(segmentIndex, end));
    return tracks[track].log ? values.map(Math.expm1) : values;
  };
  return {
    segments,
    tracks: tracks.map(({ name, unit, log }) => ({ name, unit, log })),
    readCodes: async (segmentIndex, start, end) =>
      opened
        ? await opened.readCodes(segmentIndex, start, end)
        : source.codes.subarray(offsetOf(segmentIndex, start), offsetOf(segmentIndex, end)),
    readSignal,
    async readMeans(track, stretches) {
      const means = new Float64Array(stretches.length);
      for (let first = 0; first < stretches.length; ) {
        let last = first;
        let bases = 0;
        const parts: Segment[] = [];
        for (; last < stretches.length && (last === first || bases < BASES_AT_ONCE); last++) {
          const { segmentIndex, start, end } = stretches[last];
          parts.push({ chromosome: segments[segmentIndex].chromosome, start, end, offset: bases });
          bases += end - start;
        }
        const values = opened ? await readMany(track, parts, bases) : null;
        for (let i = first; i < last; i++) {
          const { segmentIndex, start, end } = stretches[i];
          const part =
            values?.subarray(parts[i - first].offset, parts[i - first].offset + end - start) ??
            tracks[track].values.subarray(offsetOf(segmentIndex, start), offsetOf(segmentIndex, end));
          let sum = 0;
          for (const value of part) sum += tracks[track].log ? Math.expm1(value) : value;
          means[i] = sum / part.length;
        }
        first = last;
      }
      return means;
    },
    close: async () => opened?.close(),
  };
}
