import type { PeakMotif } from "../demo/discover-in-peaks.js";

/** Area under the curves and recall at fixed false discovery rates of one scoring method on one set of bins. */
export interface MethodMetrics {
  /** Probability that a bound bin outranks an unbound one (ties count one half). */
  readonly auroc: number;
  /** Exact average precision, ties grouped. */
  readonly auprc: number;
  /** Largest recall at a false discovery rate of at most the key ("0.01", "0.05", "0.1", "0.25", "0.5"). */
  readonly recallAtFdr: Readonly<Record<string, number>>;
}

/** Points of a curve, thinned for drawing; x ascending. */
export interface CurvePoints {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What one method scored: the model itself or one of its baselines. */
export interface MethodEvaluation {
  /** "model", "pwm", "signal" or "regression"; "ceiling" for the ChIP signal itself. */
  readonly method: string;
  /** How reports name it: "FactorNet", "PWM log-odds (best in bin)", ... */
  readonly label: string;
  readonly pooled: MethodMetrics;
  readonly perChromosome: Readonly<Record<string, MethodMetrics>>;
  readonly roc: CurvePoints;
  readonly precisionRecall: CurvePoints;
}

/** Counts of scores of bound and unbound bins in equal steps from 0 to 1. */
export interface ScoreDistribution {
  readonly edges: readonly number[];
  readonly bound: readonly number[];
  readonly unbound: readonly number[];
}

/** One epoch of a training history. */
export interface HistoryEntry {
  /** 1-based. */
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
  /** Where another cell chooses the epoch (validationLoss is its loss): validation loss in the cells trained in. */
  readonly withinCellLoss?: number;
  readonly learningRate: number;
  readonly seconds: number;
}

/** The motif of a database that a kernel resembles most. */
export interface KernelMatch {
  readonly id: string;
  readonly name: string;
  /** length x 4 probabilities of the motif as the database has it, row-major in the order A, C, G, T. */
  readonly probabilities: readonly number[];
  /** Column of the motif, turned where `isReversed`, that the kernel's first position stands on; may be below 0. */
  readonly offset: number;
  readonly isReversed: boolean;
  /** Columns that were compared. */
  readonly overlap: number;
  readonly pValue: number;
  readonly eValue: number;
  /** Motifs in the database. */
  readonly databaseSize: number;
}

/** A first-layer kernel as a motif with the mean signal over its sites. */
export interface KernelSummary {
  readonly index: number;
  /** The motif whose PWM the kernel started from, or null for one that started random. */
  readonly seededFrom: string | null;
  /** Sites the motif was built from. */
  readonly sites: number;
  /** Largest activation seen. */
  readonly largestActivation: number;
  /** length x 4 probabilities, row-major in the order A, C, G, T. */
  readonly probabilities: readonly number[];
  /** Mean track signal at every kernel position (same length as the kernel), by track name. */
  readonly meanSignal: Readonly<Record<string, readonly number[]>>;
  /** Units of the signals, by track name; shown beside the names where known. */
  readonly signalUnits?: Readonly<Record<string, string>>;
  /** Its best match in the study's motifs; null where none is good enough, left out where there are no motifs. */
  readonly match?: KernelMatch | null;
}

/** A stretch of genome to draw: what was measured, what was predicted, where the peaks are. */
export interface LocusView {
  readonly title: string;
  readonly chromosome: string;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
  /** Equal steps from start to end; null where there is no data. */
  readonly tracks: readonly {
    readonly label: string;
    readonly unit: string;
    readonly kind: "signal" | "prediction";
    readonly values: readonly (number | null)[];
  }[];
  readonly peaks: readonly { readonly start: number; readonly end: number; readonly relaxed: boolean }[];
  /** Best motif sites, where a PWM is known. */
  readonly sites: readonly {
    readonly start: number;
    readonly end: number;
    readonly strand: "+" | "-";
    readonly score: number;
  }[];
}

/** Everything the report says about one factor in one cell. */
export interface FactorReport {
  readonly factor: string;
  readonly cell: string;
  /** Bins of the evaluated chromosomes. */
  readonly bins: { readonly bound: number; readonly unbound: number; readonly ambiguous: number };
  readonly peaks: { readonly training: number; readonly validation: number; readonly test: number };
  readonly methods: readonly MethodEvaluation[];
  readonly scores: ScoreDistribution;
  /** What the model's scores are; a probability where left out. */
  readonly scoreScale?: "probability" | "rank";
  /** One history a network: an ensemble has several. */
  readonly histories: readonly {
    readonly label: string;
    readonly bestEpoch: number;
    readonly entries: readonly HistoryEntry[];
  }[];
  readonly kernels: readonly KernelSummary[];
  readonly loci: readonly LocusView[];
}

/** A label and its value for the small tables of a report. */
export interface ReportFact {
  readonly label: string;
  readonly value: string;
}

/** What `renderReport` turns into one self-contained HTML file. */
export interface ReportData {
  readonly title: string;
  /** One or two sentences under the title: what data, what was held out. */
  readonly summary: string;
  /** Loud notice such as "simulated data", or null. */
  readonly notice: string | null;
  /** Assembly, hold-outs, preset, seed, versions, time: in this order. */
  readonly facts: readonly ReportFact[];
  /** Where the model departs from the paper, one sentence each. */
  readonly departures: readonly string[];
  /** The paper the model implements, as a reference line. */
  readonly citation: string;
  readonly factors: readonly FactorReport[];
  /** Motifs found in the peaks themselves, where they were looked for. */
  readonly peakMotifs?: readonly PeakMotif[];
}
