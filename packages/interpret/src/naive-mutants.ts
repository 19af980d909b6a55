import { type Build, Predictor } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import type { AttributionOptions } from "./attributions.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import type { Mutants, Substitution } from "./substitutions.js";

/** Most mutants that go through a network at a time. */
const MOST_MUTANTS = 256;

/** Scores every mutant by a pass through the whole network. */
export class NaiveMutants implements Mutants {
  private constructor(
    readonly model: ExplainedModel,
    readonly predictor: Predictor,
    readonly batchSize: number,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** @param build with an output "score" [N, 1] */
  static async create(
    model: ExplainedModel,
    build: Build,
    { runtime, threads, batchSize = MOST_MUTANTS, signal }: AttributionOptions,
  ): Promise<NaiveMutants> {
    const largestBatch = batchSizeFor(build, batchSize);
    const { parameters } = model;
    const options = { build, parameters, threads, outputs: ["score"], largestBatch };
    return new NaiveMutants(model, await Predictor.create(runtime, options), largestBatch, signal);
  }

  async score(
    { windows, features }: ExplainedWindows,
    window: number,
    substitutions: readonly Substitution[],
    visit: (substitution: Substitution, score: number) => void,
  ): Promise<void> {
    const { channels, length, features: width } = this.model;
    const size = channels * length;
    const unmutated = windows.subarray(window * size, (window + 1) * size);
    for (let start = 0; start < substitutions.length; start += this.batchSize) {
      this.signal?.throwIfAborted();
      const batch = substitutions.slice(start, start + this.batchSize);
      const mutants = new Float32Array(batch.length * size);
      batch.forEach(({ position, base }, i) => {
        mutants.set(unmutated, i * size);
        for (let channel = 0; channel < 4; channel++)
          mutants[i * size + channel * length + position] = channel === base ? 1 : 0;
      });
      const feeds: Record<string, Float32Array> = { windows: mutants };
      if (features && width > 0) feeds.features = repeatRow(features, window, width, batch.length);
      const scores = (await this.predictor.run(feeds, batch.length)).get("score")!;
      batch.forEach((substitution, i) => {
        visit(substitution, scores[i]);
      });
    }
  }

  release(): Promise<void> {
    return this.predictor.release();
  }
}

/** Row `row` of [rows, width], `times` times. */
export function repeatRow(values: Float32Array, row: number, width: number, times: number): Float32Array {
  const repeated = new Float32Array(times * width);
  for (let i = 0; i < times; i++) repeated.set(values.subarray(row * width, (row + 1) * width), i * width);
  return repeated;
}
