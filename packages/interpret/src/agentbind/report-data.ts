import type { Motif } from "@bindscape/motifs";

/** How negatives were chosen; the paper's three models. */
export const agentBindControls = ["baseline", "gc", "accessibility"] as const;

export type AgentBindControl = (typeof agentBindControls)[number];

export const controlTitles: Readonly<Record<AgentBindControl, string>> = {
  baseline: "baseline",
  gc: "GC-controlled",
  accessibility: "accessibility-controlled",
};

/** A model or a baseline on the test sites of one data set. */
export interface SiteEvaluation {
  /** Unique in a factor's report. */
  readonly key: string;
  readonly label: string;
  readonly control: AgentBindControl;
  readonly core: "keep" | "mask";
  /** A network's first weights; null for what is no network. */
  readonly start: "pretrained" | "scratch" | null;
  readonly positives: number;
  readonly negatives: number;
  readonly auroc: number;
  readonly auprc: number;
  /** Area under the curve at false-positive rates below 0.1: raw, at most 0.1, and its share of 0.1. */
  readonly partialAuroc: number;
  readonly normalisedPartialAuroc: number;
  /** Thinned; empty where none is drawn. */
  readonly roc: { readonly x: readonly number[]; readonly y: readonly number[] };
}

/** What one data set holds. */
export interface SiteCountsSummary {
  readonly control: AgentBindControl;
  /** Motif instances found, and those bound. */
  readonly sites: number;
  readonly bound: number;
  /** Chosen: bound and unbound, by split. */
  readonly chosen: Readonly<
    Record<"training" | "validation" | "test", { readonly bound: number; readonly unbound: number }>
  >;
  /** Mean share of G and C in chosen bound and unbound windows. */
  readonly gcBound: number;
  readonly gcUnbound: number;
  readonly warnings: readonly string[];
}

/** Mean |score| by position. */
export interface SiteProfile {
  readonly core: "keep" | "mask";
  readonly label: "bound" | "unbound";
  readonly sequences: number;
  /** One value a position of the window, first to last. */
  readonly values: readonly number[];
}

/** A word that scores high. */
export interface SiteWord {
  readonly word: string;
  /** Times it stands among top-scoring windows, and in all. */
  readonly top: number;
  readonly all: number;
  readonly oddsRatio: number;
  /** log10 of the p-value of Fisher's one-sided test, times the number of words tested; at most 0. */
  readonly log10AdjustedP: number;
  readonly known: string | null;
}

/** A motif found among attributions. */
export interface SiteMotif {
  readonly motif: Motif;
  readonly seqlets: number;
  readonly known: string | null;
}

/** One window with its scores: Fig. 2c. */
export interface SiteExample {
  readonly name: string;
  readonly chromosome: string;
  /** 0-based. */
  readonly start: number;
  readonly strand: "+" | "-";
  readonly sequence: string;
  /** In the window. */
  readonly core: readonly [number, number];
  readonly scores: readonly number[];
  readonly probability: number;
}

/** What a factor's report shows. Parts that were not made are empty. */
export interface AgentBindReport {
  readonly factor: string;
  readonly cell: string;
  readonly motif: Motif | null;
  readonly windowLength: number;
  readonly architecture: string;
  /** How the networks started: tracks and sequences of the compendium; null where none was used. */
  readonly pretraining: {
    readonly tracks: number;
    readonly sequences: number;
    readonly auroc: number;
  } | null;
  readonly counts: readonly SiteCountsSummary[];
  readonly evaluations: readonly SiteEvaluation[];
  /** The data set that is explained. */
  readonly explained: AgentBindControl;
  readonly method: string;
  readonly profiles: readonly SiteProfile[];
  readonly words: readonly SiteWord[];
  readonly motifs: readonly SiteMotif[];
  readonly examples: readonly SiteExample[];
  readonly notes: readonly string[];
}
