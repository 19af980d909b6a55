import type { Interval } from "@bindscape/genome";
import type { MarkovBackground } from "@bindscape/motifs";
import type { ProgressListener } from "@bindscape/numerics";
import type { SequenceSet, SplitName } from "../sequence-set.js";
import type { BoundRule } from "./label-sites.js";
import type { PositiveRule } from "./match-controls.js";
import type { ClassHistogram, Likeness, SingleBaseline, SiteValues } from "./site-summary.js";
import type { CoreRule } from "./site-windows.js";

/** What unbound instances share with bound ones: the p-value; also the GC share; also accessible chromatin. */
export const CONTROLS = ["baseline", "gc", "accessibility"] as const;
export type Control = (typeof CONTROLS)[number];

/** Choices of a data set of motif sites; the paper's (AgentBind, Zheng et al. 2021, Online Methods) where left out. */
export interface MotifSiteOptions {
  /** bp of windows; 1000. */
  readonly length?: number;
  /** p-value of an instance, at most; .0001. */
  readonly threshold?: number;
  /** The genome's base composition. */
  readonly background?: MarkovBackground;
  /** Sites' worth of background added to the motif; .1. */
  readonly pseudocount?: number;
  /** Both strands at one place as one instance; true. */
  readonly maxStrand?: boolean;
  /** Of overlapping instances the best alone; false. */
  readonly dropOverlapping?: boolean;
  /** "strict". */
  readonly boundRule?: BoundRule;
  /** What becomes of instances that a peak overlaps without making them bound; "unbound". */
  readonly touched?: "unbound" | "drop";
  /** "baseline". */
  readonly control?: Control;
  /** Width of bins of -log10 p; .1. */
  readonly pValueBin?: number;
  /** Width of bins of the window's GC share, for "gc" and "accessibility"; .02 (the paper names none). */
  readonly gcBin?: number;
  /** Match over the whole genome, as the paper does, or within training, validation and test each; "genome". */
  readonly matchWithin?: "genome" | "split";
  /** "matched". */
  readonly positives?: PositiveRule;
  /** Unbound sites for each bound one; 1. */
  readonly ratio?: number;
  /** "keep". */
  readonly core?: CoreRule;
  /** Whether windows that reach beyond their chromosome are dropped or filled up with N; "drop". */
  readonly ends?: "drop" | "pad";
  /** Whether the instance or its whole window must keep off the blacklist; "core". */
  readonly blacklisted?: "core" | "window";
  /** Accessible regions for "accessibility"; called from a track where left out. */
  readonly accessible?: readonly Interval[];
  /** Track they are called from; the first of the cell. */
  readonly track?: string;
  /** Share of the genome that is called accessible, and bp the signal is averaged over; .05 and 150. */
  readonly accessibleShare?: number;
  readonly accessibleWidth?: number;
  /** bp around the middle of the core that tracks are averaged over, for the accessibility-alone baseline; 200. */
  readonly signalWidth?: number;
  /** Fewest bound and fewest unbound sites of the training part; 50. */
  readonly minimumSites?: number;
  /** 0. */
  readonly seed?: number | string;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** How many instances there were and why some were left out, each counted at the first reason. */
export interface SiteCounts {
  readonly instances: number;
  readonly blacklisted: number;
  /** In regions without labels. */
  readonly unlabelled: number;
  /** Their window reaches beyond their chromosome. */
  readonly atEnds: number;
  /** Their window lies across the border of a hold-out. */
  readonly atBorders: number;
  /** Touched by a relaxed peak, or by a peak that does not cover them, where those are dropped. */
  readonly ambiguous: number;
  readonly inaccessible: number;
  /** What was left to match. */
  readonly bound: number;
  readonly unbound: number;
}

/** Counts and quality of a data set of motif sites: what `dataset.json` and the report say. */
export interface MotifSiteSummary {
  readonly kind: "motif sites";
  readonly assembly: string;
  readonly factor: string;
  readonly cell: string;
  readonly motif: {
    readonly id: string;
    readonly name: string;
    readonly length: number;
    readonly consensus: string;
  };
  readonly control: Control;
  readonly seed: number | string;
  readonly peaks: number;
  readonly sites: SiteCounts & {
    /** What is in the data set. */
    readonly keptBound: number;
    readonly keptUnbound: number;
    /** Windows of the data set with N beyond their chromosome. */
    readonly padded: number;
  };
  /** Where only accessible sites count. */
  readonly accessible: {
    readonly regions: number;
    /** Share of the genome's bases, and the lowest average signal, where they were called from a track. */
    readonly share: number | null;
    readonly threshold: number | null;
    readonly track: string | null;
  } | null;
  readonly matching: {
    readonly bins: number;
    /** Bins in which bound sites found fewer unbound ones than asked for. */
    readonly unmatchedBins: readonly UnmatchedBin[];
    /** Bound sites left out for want of unbound ones. */
    readonly boundLeftOut: number;
    /** "-log10 p" and "GC share" of windows. */
    readonly quality: Readonly<Record<string, MatchQuality>>;
  };
  /** Mean GC share of bound less that of unbound windows of the data set. */
  readonly gcDifference: number;
  /** By what and by split: how well a single number tells bound from unbound. */
  readonly baselines: Readonly<Record<string, Readonly<Record<SplitName, SingleBaseline>>>>;
  readonly warnings: readonly string[];
}

export interface UnmatchedBin {
  /** In words, such as "-log10 p 4.1 to 4.2". */
  readonly bin: string;
  readonly bound: number;
  readonly unbound: number;
  readonly keptBound: number;
  readonly keptUnbound: number;
}

/** How alike bound and unbound sites are before and after matching. */
export interface MatchQuality {
  readonly before: Likeness;
  readonly after: Likeness;
  readonly histogramBefore: ClassHistogram;
  readonly histogramAfter: ClassHistogram;
}

export interface MotifSiteSet {
  readonly set: SequenceSet;
  /** One column a number, by sequence: -log10 p, motif score, GC share, tracks. */
  readonly columns: readonly SiteValues[];
  readonly summary: MotifSiteSummary;
}
