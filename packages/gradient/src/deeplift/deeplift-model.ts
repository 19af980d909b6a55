import { FreeBatchModel, type PredictorOptions } from "../free-batch-model.js";
import type { Runtime } from "../runtime.js";
import { type DeepLiftForm, deepLiftGraph } from "./deeplift.js";
import { REFERENCE_PREFIX } from "./paired-network.js";

export interface DeepLiftOptions extends Omit<PredictorOptions, "outputs" | "largestBatch">, DeepLiftForm {
  /** Pairs of sequence and reference that are computed at once, rounded to whole sequences. Default 64. */
  readonly largestBatch?: number;
}

/** What a run says; arrays are row-major. */
export interface DeepLiftResult {
  /** By input: [count, references, ...]: what a unit of difference from the reference adds to the score. */
  readonly multipliers: ReadonlyMap<string, Float32Array>;
  /** [count] */
  readonly score: Float32Array;
  /** [count, references], or [references] where all sequences share them. */
  readonly referenceScore: Float32Array;
  /** Other outputs asked for, of the sequences. */
  readonly outputs: ReadonlyMap<string, Float32Array>;
}

/** DeepLIFT multipliers (Shrikumar et al. 2017) of a network's inputs, for any number of sequences. */
export class DeepLift {
  readonly #model: FreeBatchModel;
  readonly #inputs: readonly string[];

  private constructor(model: FreeBatchModel, inputs: readonly string[]) {
    this.#model = model;
    this.#inputs = inputs;
  }

  /** @throws BindscapeError where a layer has no rule (it names the layer) */
  static async create(runtime: Runtime, options: DeepLiftOptions): Promise<DeepLift> {
    const { graph, outputs } = deepLiftGraph(options.build, options, runtime.traits);
    const largestBatch = Math.max(1, Math.floor((options.largestBatch ?? 64) / options.references));
    const model = await FreeBatchModel.create(runtime, graph, outputs, { ...options, largestBatch });
    return new DeepLift(model, options.inputs);
  }

  /** Sequences that are computed at once. */
  get largestBatch(): number {
    return this.#model.largestBatch;
  }

  /**
   * @param feeds values of the network's inputs by name, row-major, `count` rows each
   * @param references the same for references: `count` times `references` rows, a sequence's one after another, or
   *   `references` rows where they are shared. Inputs that are not explained must have the sequence's own values
   */
  async run(
    feeds: Readonly<Record<string, Float32Array>>,
    references: Readonly<Record<string, Float32Array>>,
    count: number,
  ): Promise<DeepLiftResult> {
    const named = Object.entries(references).map(([name, data]) => [`${REFERENCE_PREFIX}${name}`, data]);
    const results = await this.#model.run({ ...feeds, ...Object.fromEntries(named) }, count);
    const take = (name: string) => {
      const data = results.get(name)!;
      results.delete(name);
      return data;
    };
    return {
      multipliers: new Map(this.#inputs.map((name) => [name, take(`multiplier.${name}`)])),
      score: take("score"),
      referenceScore: take("referenceScore"),
      outputs: results,
    };
  }

  async release(): Promise<void> {
    await this.#model.release();
  }
}
