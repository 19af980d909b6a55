import type { Segment } from "./assembly.js";
import type { CellFiles } from "./cell-files.node.js";

/** A track in memory. */
export interface SourceTrack {
  readonly name: string;
  readonly unit: string;
  /** Transformed signal a base, in the layout of the assembly's codes; bases without data are 0. Empty in files. */
  readonly values: Float32Array;
  /** The values are log(1 + signal). */
  readonly log: boolean;
}

/** Intervals of a cell-independent annotation, such as coding sequence: merged, sorted, on the assembly's segments. */
export interface SourceAnnotation {
  readonly name: string;
  /** [segments + 1]: the intervals of segment s are those from `segmentFirst[s]` to before `segmentFirst[s + 1]`. */
  readonly segmentFirst: Uint32Array;
  /** Chromosome coordinates, 0-based and half-open, ascending within a segment. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** The part of an assembly and its tracks that worker threads need: everything in it can be shared or cloned. */
export interface WindowSource {
  readonly segments: readonly Segment[];
  /** Base codes 0-4 of all segments behind one another. Empty where they stay in a file. */
  readonly codes: Uint8Array;
  readonly tracks: readonly SourceTrack[];
  /** None where absent. */
  readonly annotations?: readonly SourceAnnotation[];
  /** Numbers about the cell, such as components of its gene expression; none where absent. */
  readonly covariates?: Readonly<Record<string, number>>;
  /** Where the tracks, and as a rule the sequence, stay: parts are read when asked for ({@link SourceReader}). */
  readonly files?: CellFiles;
  /** Segment of the annotations that each segment is a part of; its own number where absent. */
  readonly partOf?: Uint32Array;
  /** Bases of the whole assembly by code, [5], where `codes` does not hold all of them. */
  readonly baseCounts?: Float64Array;
}

/** Bins to make windows of: chromosome coordinates of their first base, which may be jittered off the grid. */
export interface WindowRequest {
  readonly segmentIndices: Uint32Array;
  readonly binStarts: Int32Array;
  /** Which of several sources (cells) each window is of; the first where absent. */
  readonly sourceIndices?: Uint16Array;
}

/** What windows are made from: one cell, or several of one assembly. */
export type WindowSources = WindowSource | readonly WindowSource[];

/** One or several sources as a list. */
export function listSources(sources: WindowSources): readonly WindowSource[] {
  return "segments" in sources ? [sources] : sources;
}

/** A number about a bin that a model sees beside its sequence window. */
export type BinFeature =
  /** Best log-odds score in bits of any motif site in the bin, on either strand. */
  | {
      readonly kind: "motif";
      readonly name: string;
      /** length x 4 log-odds in bits, row-major, order A, C, G, T. */
      readonly logOdds: readonly number[];
      readonly length: number;
      /** Which sites count: those wholly in the bin, or all whose middle lies in it. */
      readonly sites: "inside" | "middle";
    }
  /** Mean track signal in `width` bp centred on the bin, or log(1 + sum) with `log`; a track's own logarithm undone. */
  | {
      readonly kind: "signal";
      readonly name: string;
      readonly track: string;
      readonly width: number;
      readonly log: boolean;
    }
  /** 1 where any base of the bin lies in an interval of the annotation, else 0. */
  | { readonly kind: "overlap"; readonly name: string; readonly annotation: string }
  /** A number about the cell, the same for all its bins. */
  | { readonly kind: "covariate"; readonly name: string };

/** What windows a model wants: recorded in its bundle. */
export interface WindowPlan {
  /** Window length in bp, centred on the bin. */
  readonly windowLength: number;
  readonly binSize: number;
  /** Tracks in channel order, behind the four bases. */
  readonly tracks: readonly string[];
  /** False where windows have no channels of bases, the tracks alone; true where absent. */
  readonly sequence?: boolean;
  /** What every channel of bases holds at an unknown base, and beyond the sequence; 0 where absent. */
  readonly unknownBase?: 0 | 0.25;
  readonly features: readonly BinFeature[];
}

/** Input arrays for a number of windows. */
export interface WindowBatch {
  readonly count: number;
  /**
   * [count, 4 + tracks, windowLength]: one-hot A, C, G, T (all `unknownBase` for N and beyond the sequence), then the tracks; the
   * tracks alone where the plan is without sequence.
   */
  readonly windows: Float32Array;
  /** [count, features]. */
  readonly features: Float32Array;
}

/** Channels of a plan's windows. */
export function countChannels(plan: Pick<WindowPlan, "tracks" | "sequence">): number {
  return countBaseChannels(plan) + plan.tracks.length;
}

/** Channels of bases, which stand before the tracks: 4, or 0 in a plan without sequence. */
export function countBaseChannels({ sequence = true }: Pick<WindowPlan, "sequence">): 0 | 4 {
  return sequence ? 4 : 0;
}

/** Allocates the arrays of a batch of `count` windows. */
export function allocateBatch(plan: WindowPlan, count: number): WindowBatch {
  return {
    count,
    windows: new Float32Array(count * countChannels(plan) * plan.windowLength),
    features: new Float32Array(count * plan.features.length),
  };
}
