import type { NpyArray } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { SequenceTask } from "@bindscape/study";
import { z } from "zod";
import { GappedKMerSvmModel } from "./gapped-k-mer-svm.js";
import { GAPPED_KMER_FILTERS, type GappedKMerFilter } from "./gapped-k-mer-weights.js";
import { KMerLogisticModel } from "./k-mer-logistic.js";
import {
  BASELINE_METHODS,
  type BaselineMethod,
  type BaselineModel,
  type TrainedBaseline,
} from "./train-baseline.js";

const wordsSchema = z.object({
  wordLength: z.number().int().min(2).max(12),
  informative: z.number().int().min(1),
  mostMismatches: z.number().int().min(0),
  filter: z.enum(GAPPED_KMER_FILTERS as [GappedKMerFilter, ...GappedKMerFilter[]]),
  mergesStrands: z.boolean(),
  centre: z.object({ peak: z.number(), halving: z.number() }).optional(),
});

const kMersSchema = z.object({
  k: z.number().int().min(1).max(10),
  mergesStrands: z.boolean(),
  hasUnitNorm: z.boolean(),
});

/** What `baseline.json` must say for its models to be read; what it says beyond is for readers. */
const baselineSchema = z.object({
  format: z.literal("bindscape-baseline"),
  version: z.literal(1),
  method: z.enum(BASELINE_METHODS),
  length: z.number().int().min(1),
  tasks: z
    .array(
      z.object({
        factor: z.string(),
        cell: z.string(),
        intercept: z.number(),
        features: z.union([wordsSchema, kMersSchema]),
      }),
    )
    .min(1),
});

/** Models of a baseline, as they are read back. */
export interface StoredBaseline {
  readonly method: BaselineMethod;
  /** bp of the sequences it was trained on; others can be scored too. */
  readonly length: number;
  readonly tasks: readonly { readonly task: SequenceTask; readonly model: BaselineModel }[];
}

/** `baseline.json` of a trained baseline: method, tasks with features and metrics. */
export function describeBaseline({ method, length, tasks }: TrainedBaseline): Record<string, unknown> {
  return {
    format: "bindscape-baseline",
    version: 1,
    method,
    length,
    tasks: tasks.map(({ task, model, metrics, training }) => ({
      ...task,
      intercept: model.intercept,
      features: model instanceof KMerLogisticModel ? model.features : model.options,
      training,
      metrics,
    })),
  };
}

/** Arrays of the models, numbered by task: `coefficients_0`, and `sequences_0` where there are support vectors. */
export function baselineArrays({ tasks }: Pick<TrainedBaseline, "tasks">): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  tasks.forEach(({ model }, t) => {
    arrays.set(`coefficients_${t}`, { shape: [model.coefficients.length], data: model.coefficients });
    if (model instanceof KMerLogisticModel) return;
    const { count, length, codes } = model.supportVectors;
    arrays.set(`sequences_${t}`, { shape: [count, length], data: codes });
  });
  return arrays;
}

/**
 * Models from `baseline.json` and the arrays beside it.
 * @throws BindscapeError where either is not what {@link describeBaseline} and {@link baselineArrays} make
 */
export function restoreBaseline(
  text: string,
  arrays: ReadonlyMap<string, NpyArray>,
  source: string,
): StoredBaseline {
  const damaged = (found: string, cause?: unknown) =>
    new BindscapeError({
      source,
      found,
      expected: "a folder that `bindscape sequences baseline` wrote",
      cause,
    });
  let json: z.output<typeof baselineSchema>;
  try {
    json = baselineSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged("a baseline.json that cannot be read", cause);
  }
  const tasks = json.tasks.map(({ factor, cell, intercept, features }, t) => {
    const coefficients = arrays.get(`coefficients_${t}`)?.data;
    if (!(coefficients instanceof Float64Array)) throw damaged(`no coefficients of task ${t + 1}`);
    if ("k" in features) {
      if (coefficients.length !== 4 ** features.k) throw damaged(`${coefficients.length} coefficients`);
      return { task: { factor, cell }, model: new KMerLogisticModel(features, coefficients, intercept) };
    }
    const sequences = arrays.get(`sequences_${t}`);
    const isWhole =
      sequences?.data instanceof Uint8Array &&
      sequences.shape.length === 2 &&
      sequences.shape[0] === coefficients.length;
    if (!isWhole) throw damaged(`no support vectors of task ${t + 1} that fit their coefficients`);
    const [count, length] = sequences.shape;
    const support = { count, length, codes: sequences.data as Uint8Array };
    return {
      task: { factor, cell },
      model: new GappedKMerSvmModel(features, support, coefficients, intercept),
    };
  });
  return { method: json.method, length: json.length, tasks };
}
