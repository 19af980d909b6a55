import { type Build, Predictor } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import type { AttributionOptions } from "./attributions.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import type { MutantScorer, Substitution } from "./substitutions.js";

/** Most mutants that go through a network at a time. */
const MOST_MUTANTS = 256;

/** Scores every mutant by a pass through the whole network. */
export class NaiveMutants implements MutantScorer {
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
    windows: ExplainedWindows,
    substitutionsOf: (window: number) => readonly Substitution[],
    visit: (window: number, substitution: Substitution, change: number) => void,
    onProgress: (more: number) => void,
  ): Promise<void> {
    for (let window = 0; window < windows.count; window++) {
      const substitutions = substitutionsOf(window);
      // The window itself goes first.
      let unmutated = 0;
      for (let start = -1; start < substitutions.length; ) {
        this.signal?.throwIfAborted();
        const end = Math.min(substitutions.length, start + this.batchSize);
        const scores = await this.#run(windows, window, substitutions, start, end);
        if (start < 0) [unmutated] = scores;
        for (let i = Math.max(0, start); i < end; i++)
          visit(window, substitutions[i], scores[i - start] - unmutated);
        onProgress(end - Math.max(0, start));
        start = end;
      }
    }
  }

  /** Scores of the mutants [start, end); number -1 is the window without a mutation. */
  async #run(
    { windows, features }: ExplainedWindows,
    window: number,
    substitutions: readonly Substitution[],
    start: number,
    end: number,
  ): Promise<Float32Array> {
    const { channels, length, features: width } = this.model;
    const size = channels * length;
    const unmutated = windows.subarray(window * size, (window + 1) * size);
    const mutants = new Float32Array((end - start) * size);
    for (let i = start; i < end; i++) {
      const from = (i - start) * size;
      mutants.set(unmutated, from);
      if (i < 0) continue;
      const { position, base } = substitutions[i];
      for (let channel = 0; channel < 4; channel++)
        mutants[from + channel * length + position] = channel === base ? 1 : 0;
    }
    const feeds: Record<string, Float32Array> = { windows: mutants };
    if (features && width > 0) feeds.features = repeatRow(features, window, width, end - start);
    return (await this.predictor.run(feeds, end - start)).get("score")!;
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
