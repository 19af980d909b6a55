import { BindscapeError, NULL_SHARE_LAMBDAS } from "@bindscape/numerics";
import { backgroundOfLetters, type MarkovBackground, NRDB_BACKGROUND } from "../background.js";
import type { Motif } from "../motif.js";
import type { ScoreThreshold } from "./deficits.js";
import { lowestScoreAt, tailProbabilities } from "./score-distribution.js";
import { makeScoreMatrix } from "./score-matrix.js";

/** What decides which sites a scan finds, with the defaults of FIMO 5.5. */
export interface ScanOptions {
  /** Sites of a p-value up to this; 0.0001 when left out, 0.001 where `qThreshold` is given. */
  readonly threshold?: number;
  /** Of these, sites of a q-value up to this; all when left out. */
  readonly qThreshold?: number;
  /** Of scores and p-values; FIMO's, of the non-redundant nucleotide database, when left out. */
  readonly background?: MarkovBackground;
  /**
   * How many letters back the background's p-values look, at most its order; 0 when left out, as in FIMO, which
   * takes letter frequencies alone from a file of any order. Scores are log-odds to letter frequencies in any case.
   */
  readonly markovOrder?: number;
  /** Sites' worth of background added to a motif; 0.1 when left out. */
  readonly pseudocount?: number;
  /** The reverse strand too; true when left out. Backgrounds are averaged over the strands then. */
  readonly bothStrands?: boolean;
  /** Of sites on both strands at one place only the better; the forward one where both score the same. */
  readonly maxStrand?: boolean;
  /** Only the best site of each motif in each sequence; the first where several score the same. */
  readonly bestSite?: boolean;
  /** False leaves q-values out. */
  readonly computeQValues?: boolean;
}

/** A motif made ready for scanning. */
export interface PlannedMotif extends ScoreThreshold {
  readonly id: string;
  readonly name: string;
  /** The p-value of every score. */
  readonly tail: Float64Array;
}

export interface ScanPlan {
  readonly motifs: readonly PlannedMotif[];
  /** A, C, G, T, as used. */
  readonly background: readonly number[];
  readonly bothStrands: boolean;
  readonly maxStrand: boolean;
  readonly bestSite: boolean;
  /** Of p-values and of q-values. */
  readonly threshold: number;
  readonly qThreshold: number;
  readonly computeQValues: boolean;
}

/**
 * Works out score matrices, p-values and lowest scores.
 * @throws BindscapeError for options out of range
 */
export function planScan(motifs: readonly Motif[], options: ScanOptions = {}): ScanPlan {
  const { qThreshold, bothStrands = true, maxStrand = false, bestSite = false } = options;
  const { threshold = qThreshold === undefined ? 1e-4 : 1e-3, markovOrder = 0, pseudocount } = options;
  checkShare("threshold", threshold);
  if (qThreshold !== undefined) checkShare("q-value threshold", qThreshold);
  if (qThreshold !== undefined && options.computeQValues === false) {
    throw new BindscapeError({
      source: "scan",
      found: "a threshold for q-values without q-values",
      next: "Leave one of the two out",
    });
  }
  const given = options.background ?? backgroundOfLetters(NRDB_BACKGROUND);
  if (given.alphabet.letters !== "ACGT") {
    throw new BindscapeError({
      source: "background",
      found: `letters ${given.alphabet.letters}`,
      expected: "ACGT",
    });
  }
  const background = bothStrands ? averageStrands(given) : given;
  const letters = Array.from(background.words[0]);
  return {
    motifs: motifs.map((motif) => {
      const matrix = makeScoreMatrix(motif, { background: letters, pseudocount });
      const tail = tailProbabilities(matrix, background, markovOrder);
      return { id: motif.id, name: motif.name, matrix, tail, lowest: lowestScoreAt(tail, threshold) };
    }),
    background: letters,
    bothStrands,
    maxStrand,
    bestSite,
    threshold,
    qThreshold: qThreshold ?? 1,
    computeQValues: options.computeQValues ?? true,
  };
}

/** The model under which a word is as probable as its reverse complement: the mean of both strands' models. */
export function averageStrands(background: MarkovBackground): MarkovBackground {
  const { letters, complement } = background.alphabet;
  const size = letters.length;
  const words = background.words.map((table, k) =>
    table.map((probability, word) => {
      let other = 0;
      for (let i = 0, rest = word; i <= k; i++, rest = Math.floor(rest / size)) {
        other = other * size + complement[rest % size];
      }
      return (probability + table[other]) / 2;
    }),
  );
  return { ...background, words };
}

/** For each score of a motif, which of the intervals between Storey's thresholds its p-value lies in. */
export function nullShareClasses(tail: Float64Array): Uint8Array {
  const classes = new Uint8Array(tail.length);
  let lambda = NULL_SHARE_LAMBDAS.length;
  for (let score = 0; score < tail.length; score++) {
    while (lambda > 0 && tail[score] <= NULL_SHARE_LAMBDAS[lambda - 1]) lambda--;
    classes[score] = lambda;
  }
  return classes;
}

function checkShare(name: string, value: number): void {
  if (value > 0 && value <= 1) return;
  throw new BindscapeError({ source: name, found: `${value}`, expected: "a number above 0, at most 1" });
}
