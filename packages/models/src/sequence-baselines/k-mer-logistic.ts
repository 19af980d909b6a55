import {
  areaUnderRoc,
  BindscapeError,
  fitSparseLogisticRegression,
  type ProgressListener,
  Random,
  type SparseLogisticFit,
  type SparseRows,
} from "@bindscape/numerics";
import { type CodedSequences, countKMers, type KMerFeatures } from "./k-mer-counts.js";

export interface KMerLogisticOptions extends Partial<KMerFeatures> {
  /**
   * Strengths to choose among: the weight of the summed losses against half the squared norm of the coefficients
   * (scikit-learn's C). With one, none is chosen. Default 0.001, 0.01, 0.1, 1.
   */
  readonly strengths?: readonly number[];
  /** Share of the training rows that the strength is chosen on; they are trained on in the end. Default 0.1. */
  readonly innerShare?: number;
  /** Of the rows that the strength is chosen on. */
  readonly seed?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What is known of a strength: auROC on the inner validation rows. */
export interface TriedStrength {
  readonly strength: number;
  readonly auroc: number;
}

/** Logistic regression on counts of words. */
export class KMerLogisticModel {
  constructor(
    readonly features: KMerFeatures,
    /** By word, as {@link countKMers} numbers them: 4^k. */
    readonly coefficients: Float64Array,
    readonly intercept: number,
  ) {}

  /** ln(p / (1 - p)) of each sequence. */
  score(sequences: CodedSequences): Float64Array {
    return scoreRows(countKMers(sequences, this.features), this);
  }
}

export interface KMerLogisticTraining {
  readonly model: KMerLogisticModel;
  readonly strength: number;
  /** Empty where there was one strength. */
  readonly tried: readonly TriedStrength[];
  readonly iterations: number;
}

/** Enough to tell strengths apart; the last fit goes on to the default of 1e-7. */
const INNER_TOLERANCE = 1e-5;

export const KMER_LOGISTIC_STRENGTHS: readonly number[] = [0.001, 0.01, 0.1, 1];

/**
 * Trains logistic regression on the counts of words of k letters (default 6, reverse complements counted together):
 * the baseline every network has to beat.
 *
 * @param labels by sequence: 0 or 1; NaN is allowed where a sequence is not in `rows`
 * @param rows sequences to train on
 * @throws BindscapeError where only one class is there, or too few rows to choose a strength on
 */
export function trainKMerLogistic(
  sequences: CodedSequences,
  labels: ArrayLike<number>,
  rows: ArrayLike<number>,
  options: KMerLogisticOptions = {},
): KMerLogisticTraining {
  const { k = 6, mergesStrands = true, hasUnitNorm = false, signal, onProgress } = options;
  const { strengths = KMER_LOGISTIC_STRENGTHS, innerShare = 0.1, seed = 0 } = options;
  checkStrengths(strengths);
  const features = { k, mergesStrands, hasUnitNorm };
  const counts = countKMers(sequences, features);
  const total = strengths.length + 1;
  const report = (done: number, note: string) =>
    onProgress?.({ task: "k-mer logistic regression", done, total, unit: "fits", note });

  const tried: TriedStrength[] = [];
  let fit: SparseLogisticFit | undefined;
  if (strengths.length > 1) {
    const { fitted, held } = splitInner(labels, rows, innerShare, seed);
    const heldLabels = Array.from(held, (row) => labels[row]);
    // From the strongest penalty on, each fit starts at the last one.
    for (const strength of [...strengths].sort((a, b) => a - b)) {
      report(tried.length, `C ${strength}`);
      const l2 = 1 / (strength * fitted.length);
      const inner = { features: counts, labels, rows: fitted, l2, start: fit, signal };
      fit = fitSparseLogisticRegression({ ...inner, tolerance: INNER_TOLERANCE });
      tried.push({ strength, auroc: areaUnderRoc(scoreRows(counts, fit, held), heldLabels) });
    }
  }
  const strength = tried.reduce<TriedStrength | undefined>(
    (best, one) => (best === undefined || one.auroc > best.auroc ? one : best),
    undefined,
  )?.strength;
  const chosen = strength ?? strengths[0];
  report(total - 1, `C ${chosen}, all training rows`);
  const l2 = 1 / (chosen * rows.length);
  const last = fitSparseLogisticRegression({ features: counts, labels, rows, l2, start: fit, signal });
  report(total, `C ${chosen}`);
  return {
    model: new KMerLogisticModel(features, last.coefficients, last.intercept),
    strength: chosen,
    tried,
    iterations: last.iterations,
  };
}

function scoreRows(
  { rows, starts, indices, values }: SparseRows,
  { coefficients, intercept }: Pick<SparseLogisticFit, "coefficients" | "intercept">,
  which?: ArrayLike<number>,
): Float64Array {
  const scores = new Float64Array(which?.length ?? rows);
  for (let i = 0; i < scores.length; i++) {
    const row = which === undefined ? i : which[i];
    let sum = intercept;
    for (let at = starts[row]; at < starts[row + 1]; at++) sum += values[at] * coefficients[indices[at]];
    scores[i] = sum;
  }
  return scores;
}

/** A seeded share of the rows held out, taken from either class alike. */
function splitInner(labels: ArrayLike<number>, rows: ArrayLike<number>, share: number, seed: number) {
  const fitted: number[] = [];
  const held: number[] = [];
  for (const label of [0, 1]) {
    const ofClass = Array.from(rows).filter((row) => labels[row] === label);
    const count = Math.round(share * ofClass.length);
    if (count < 1 || count >= ofClass.length)
      throw new BindscapeError({
        source: "k-mer logistic regression",
        found: `${ofClass.length} training sequences of label ${label}`,
        expected: `enough that a share of ${share} can be held out to choose C on`,
        next: "Give one C to train without choosing",
      });
    Random.forPart(seed, "k-mer logistic", label).shuffle(ofClass);
    held.push(...ofClass.slice(0, count));
    fitted.push(...ofClass.slice(count));
  }
  return { fitted: Uint32Array.from(fitted).sort(), held: Uint32Array.from(held).sort() };
}

function checkStrengths(strengths: readonly number[]): void {
  if (strengths.length > 0 && strengths.every((strength) => strength > 0 && Number.isFinite(strength)))
    return;
  throw new BindscapeError({
    source: "C",
    found: strengths.join(", ") || "nothing",
    expected: "numbers above 0",
  });
}
