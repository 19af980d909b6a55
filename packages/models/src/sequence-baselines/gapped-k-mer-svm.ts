import { unknownBase } from "@bindscape/genome";
import {
  BindscapeError,
  type ProgressListener,
  Random,
  trainSupportVectorMachine,
} from "@bindscape/numerics";
import { CachedRows } from "./cached-rows.js";
import {
  GappedKMerKernel,
  type GappedKMerKernelOptions,
  readWords,
  selfNorms,
} from "./gapped-k-mer-kernel.js";
import { gappedKMerWeights, wordSpectrum } from "./gapped-k-mer-weights.js";
import type { CodedSequences } from "./k-mer-counts.js";

export interface GappedKMerSvmOptions extends Partial<GappedKMerKernelOptions> {
  /** C, default 1. */
  readonly strength?: number;
  /** C is multiplied by the first for unbound sequences, by the second for bound ones; default 1, 1. */
  readonly classWeights?: readonly [number, number];
  /** Violation of the optimality conditions at which training ends; default 0.001. */
  readonly tolerance?: number;
  /** Train on a random part of so many sequences, bound and unbound in their proportion; all when left out. */
  readonly mostSequences?: number;
  /** Of the random part. */
  readonly seed?: number;
  /**
   * Memory for rows of the kernel; default 1 GiB, which holds the whole kernel of 16,384 sequences. Rows that do not
   * fit are computed again when they are needed: the same result, later.
   */
  readonly cacheBytes?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** gkm-SVM's defaults (R package gkmSVM 0.83): l = 10, k = 6, at most 3 differences, truncated filter, both strands. */
export const GAPPED_KMER_DEFAULTS: GappedKMerKernelOptions = {
  wordLength: 10,
  informative: 6,
  mostMismatches: 3,
  filter: "truncated",
  mergesStrands: true,
};

/** A trained gapped-k-mer support vector machine: the support vectors are all it needs. */
export class GappedKMerSvmModel {
  /** Weight of each l-mer, made when first needed: 4^l numbers. */
  #wordWeights: Float64Array | undefined;

  constructor(
    readonly options: GappedKMerKernelOptions,
    readonly supportVectors: CodedSequences,
    /** One for each support vector, negative for unbound ones. */
    readonly coefficients: Float64Array,
    readonly intercept: number,
  ) {}

  /**
   * The decision value of each sequence, above 0 where it looks bound: sum_i coefficients[i] K(x_i, x) + intercept. As
   * the kernel is linear in the words of a sequence, their weights are summed: no support vector is looked at.
   * NaN where a sequence has no word free of N.
   */
  score(sequences: CodedSequences): Float64Array {
    const weights = this.wordWeights();
    const words = readWords(sequences, this.options, "forward");
    const norms = selfNorms(sequences, this.options);
    const scores = new Float64Array(sequences.count);
    for (let i = 0; i < scores.length; i++) {
      let sum = 0;
      for (let at = words.starts[i]; at < words.starts[i + 1]; at++)
        sum += words.weights[at] * weights[words.words[at]];
      scores[i] = norms[i] > 0 ? sum / norms[i] + this.intercept : Number.NaN;
    }
    return scores;
  }

  /**
   * What each l-mer adds to the decision value of a sequence, before the division by the sequence's norm; words are
   * numbered in base 4, A, C, G, T = 0..3, first letter highest.
   */
  wordWeights(): Float64Array {
    this.#wordWeights ??= spreadWords(this);
    return this.#wordWeights;
  }
}

/** Sums of the support vectors' words, spread over the words near each by {@link convolveWords}. */
function spreadWords({
  options,
  supportVectors,
  coefficients,
}: Pick<GappedKMerSvmModel, "options" | "supportVectors" | "coefficients">): Float64Array {
  const norms = selfNorms(supportVectors, options);
  const held = readWords(supportVectors, options, options.mergesStrands ? "both" : "forward");
  const sums = new Float64Array(4 ** options.wordLength);
  for (let i = 0; i < supportVectors.count; i++)
    for (let at = held.starts[i]; at < held.starts[i + 1]; at++)
      sums[held.words[at]] += (coefficients[i] / norms[i]) * held.weights[at];
  return convolveWords(sums, gappedKMerWeights(options), options.wordLength);
}

/**
 * sum over words u of weights[differences(u, v)] sums[u], for every word v of the l-mers: the group (Z/2 x Z/2)^l turns
 * it into a product, as weights that see the number of differences alone are diagonal there. O(l 4^l) in place of
 * 4^l times the neighbours of a word.
 *
 * @param sums 4^length numbers; overwritten and returned
 */
export function convolveWords(
  sums: Float64Array,
  weights: ArrayLike<number>,
  wordLength: number,
): Float64Array {
  const spectrum = wordSpectrum(weights, wordLength);
  hadamard(sums);
  const scale = 1 / sums.length;
  for (let at = 0; at < sums.length; at++) {
    let places = 0;
    for (let rest = at; rest !== 0; rest >>>= 2) if ((rest & 3) !== 0) places++;
    sums[at] *= spectrum[places] * scale;
  }
  return hadamard(sums);
}

/** The Walsh-Hadamard transform, in place; applied twice it multiplies by the length. */
function hadamard(values: Float64Array): Float64Array {
  for (let half = 1; half < values.length; half *= 2)
    for (let block = 0; block < values.length; block += 2 * half)
      for (let at = block; at < block + half; at++) {
        const a = values[at];
        const b = values[at + half];
        values[at] = a + b;
        values[at + half] = a - b;
      }
  return values;
}

export interface GappedKMerSvmTraining {
  readonly model: GappedKMerSvmModel;
  /** Sequences trained on. */
  readonly trainedOn: number;
  /** Training sequences left out, as unknown bases leave them no word. */
  readonly withoutWords: number;
  readonly objective: number;
  readonly iterations: number;
  /** Rows of the kernel computed, those computed again for want of memory included. */
  readonly rowsComputed: number;
}

/**
 * Trains a gapped-k-mer support vector machine (Ghandi et al. 2014; Lee 2016, "LS-GKM", for the centre's weight and
 * for rows on demand) by our own sequential minimal optimisation.
 *
 * @param labels by sequence: 0 or 1; NaN is allowed where a sequence is not in `rows`
 * @param rows sequences to train on
 * @throws BindscapeError where only one class is there, or options are out of range
 */
export function trainGappedKMerSvm(
  sequences: CodedSequences,
  labels: ArrayLike<number>,
  rows: ArrayLike<number>,
  options: GappedKMerSvmOptions = {},
): GappedKMerSvmTraining {
  const { strength, classWeights, tolerance, mostSequences, seed = 0, cacheBytes = 2 ** 30 } = options;
  const { onProgress, signal } = options;
  const kernelOptions = chooseKernel(options);
  const known = Array.from(rows).filter((row) => hasKnownWord(sequences, row, kernelOptions.wordLength));
  const used = chooseRows(labels, known, mostSequences, seed);
  const training = selectSequences(sequences, used);
  const kernel = new GappedKMerKernel(training, kernelOptions);
  const cached = new CachedRows(training.count, (item, into) => kernel.fillRow(item, into), cacheBytes);
  const { coefficients, intercept, objective, iterations } = trainSupportVectorMachine({
    kernel: cached,
    labels: Array.from(used, (row) => labels[row]),
    strength,
    classWeights,
    tolerance,
    onProgress,
    signal,
  });
  const support = Uint32Array.from(coefficients.keys()).filter((i) => coefficients[i] !== 0);
  return {
    model: new GappedKMerSvmModel(
      kernelOptions,
      selectSequences(training, support),
      Float64Array.from(support, (i) => coefficients[i]),
      intercept,
    ),
    trainedOn: training.count,
    withoutWords: rows.length - known.length,
    objective,
    iterations,
    rowsComputed: cached.computed,
  };
}

function chooseKernel(options: GappedKMerSvmOptions): GappedKMerKernelOptions {
  const { wordLength, informative, mostMismatches, filter, mergesStrands } = GAPPED_KMER_DEFAULTS;
  return {
    wordLength: options.wordLength ?? wordLength,
    informative: options.informative ?? informative,
    mostMismatches: options.mostMismatches ?? mostMismatches,
    filter: options.filter ?? filter,
    mergesStrands: options.mergesStrands ?? mergesStrands,
    ...(options.centre && { centre: options.centre }),
  };
}

function hasKnownWord({ codes, length }: CodedSequences, row: number, wordLength: number): boolean {
  let run = 0;
  for (let k = row * length; k < (row + 1) * length && run < wordLength; k++)
    run = codes[k] < unknownBase ? run + 1 : 0;
  return run >= wordLength;
}

function selectSequences({ codes, length }: CodedSequences, rows: ArrayLike<number>): CodedSequences {
  const selected = new Uint8Array(rows.length * length);
  for (let i = 0; i < rows.length; i++)
    selected.set(codes.subarray(rows[i] * length, (rows[i] + 1) * length), i * length);
  return { count: rows.length, length, codes: selected };
}

function chooseRows(
  labels: ArrayLike<number>,
  rows: ArrayLike<number>,
  most: number | undefined,
  seed: number,
): Uint32Array {
  if (most === undefined || most >= rows.length) return Uint32Array.from(rows);
  const byClass = [0, 1].map((label) => Array.from(rows).filter((row) => labels[row] === label));
  const bound = Math.round((most * byClass[1].length) / rows.length);
  const counts = [most - bound, bound];
  if (counts.some((count) => count < 1))
    throw new BindscapeError({
      source: "most sequences",
      found: `${most} of ${rows.length} training sequences, of which ${byClass[1].length} are bound`,
      expected: "room for both classes",
    });
  const chosen = byClass.flatMap((ofClass, label) =>
    Random.forPart(seed, "gapped k-mers", label).shuffle(ofClass).slice(0, counts[label]),
  );
  return Uint32Array.from(chosen).sort();
}
