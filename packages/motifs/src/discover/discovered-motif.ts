import type { Alphabet } from "../alphabet.js";
import type { MarkovBackground } from "../background.js";
import type { Motif } from "../motif.js";

/** One site of a discovered motif. */
export interface DiscoveredSite {
  /** Index of the sequence. */
  readonly sequence: number;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  /** Log-odds in bits against the background. */
  readonly score: number;
  /** The site's letters in the motif's direction. */
  readonly text: string;
}

/** How many primary and control sequences hold a site, and how improbable that is. */
export interface HitCounts {
  readonly primaryHits: number;
  readonly primaries: number;
  readonly controlHits: number;
  readonly controls: number;
  /** log10 of the p-value. */
  readonly log10P: number;
}

/** A sequence that passes a motif's threshold. */
export interface PassingSequence {
  /** Index among the primary sequences, or among the controls. */
  readonly sequence: number;
  readonly isControl: boolean;
  readonly isHeldOut: boolean;
  /** Best site, log-odds in bits. */
  readonly score: number;
}

/** A motif found de novo; `probabilities` has a column for each letter of its alphabet. */
export interface DiscoveredMotif extends Motif {
  readonly alphabet: Alphabet;
  readonly consensus: string;
  /** log10 of `eValue`, which may be too small for a number. */
  readonly log10E: number;
  /** log10 of the p-value it is ranked by; null for MEME's method. */
  readonly log10P: number | null;
  /** Least score of a site, in bits; null for MEME's method, which weighs sites. */
  readonly threshold: number | null;
  /** On the sequences that the motif was made from; null for MEME's method. */
  readonly training: HitCounts | null;
  /** On the sequences held out; null where none were. */
  readonly heldOut: HitCounts | null;
  /** Sum over the columns of their log-likelihood ratio, in nats; null for STREME's method. */
  readonly logLikelihoodRatio: number | null;
  /** The word the search began with. */
  readonly seed: string | null;
  /** One in each primary sequence that holds any; all of them for MEME's "anr". Best first. */
  readonly siteList: readonly DiscoveredSite[];
  /** Sequences that pass the threshold, best first; empty for MEME's method. */
  readonly passing: readonly PassingSequence[];
}

export interface DiscoverResult {
  readonly method: "streme" | "meme";
  /** Best first. */
  readonly motifs: readonly DiscoveredMotif[];
  readonly background: MarkovBackground;
  /** Why no more motifs were looked for, as a sentence. */
  readonly stopped: string;
  readonly sequences: number;
  readonly controls: number;
  /** Sequences held out, and controls held out. */
  readonly heldOut: number;
  /** "fisher" or "binomial"; null for MEME's method. */
  readonly test: "fisher" | "binomial" | null;
  /** Whether the controls are shuffled sequences; null for MEME's method. */
  readonly isShuffled: boolean | null;
}
