import { BindscapeError } from "@bindscape/numerics";
import type { Graph, Tensor } from "./graph.js";
import { type Build, checkFeed, type ParameterValues, requiredValues } from "./model.js";
import { emitModel, leavesOf } from "./onnx/emit-model.js";
import type { Runtime, Session, TensorValue } from "./runtime.js";
import { isFree, product, type Shape, shapeFor } from "./shape.js";

export interface PredictorOptions {
  readonly build: Build;
  readonly parameters: ParameterValues;
  readonly threads?: number;
  /** The outputs to compute; all where none are named. */
  readonly outputs?: readonly string[];
  /** Windows that are computed at once; more are done in turns of this many. Default 100. */
  readonly largestBatch?: number;
  /** Path prefix of a profile to write (measurements only). */
  readonly profile?: string;
}

/**
 * Runs a graph with a free batch axis for any number of samples. Inputs and outputs without that axis are the same for
 * all of them.
 */
export class FreeBatchModel {
  private constructor(
    readonly runtime: Runtime,
    readonly graph: Graph,
    readonly inputs: ReadonlyMap<string, Tensor>,
    readonly outputs: ReadonlyMap<string, Tensor>,
    readonly options: Omit<PredictorOptions, "build" | "outputs">,
    readonly largestBatch: number,
    private session: Promise<Session>,
  ) {}

  static async create(
    runtime: Runtime,
    graph: Graph,
    outputs: ReadonlyMap<string, Tensor>,
    options: Omit<PredictorOptions, "build" | "outputs">,
  ): Promise<FreeBatchModel> {
    const leaves = leavesOf([...outputs.values()]);
    const inputs = new Map([...graph.inputs].filter(([, tensor]) => leaves.has(tensor)));
    const session = await runtime.createSession(
      emitInference(graph, inputs, outputs, options.parameters),
      options,
    );
    return new FreeBatchModel(
      runtime,
      graph,
      inputs,
      outputs,
      options,
      options.largestBatch ?? 100,
      Promise.resolve(session),
    );
  }

  /** Weights stand inside the model, where ONNX Runtime packs them once: other weights are another session. */
  setParameters(parameters: ParameterValues): Promise<void> {
    const { runtime, graph, inputs, outputs, options } = this;
    const model = emitInference(graph, inputs, outputs, parameters);
    const before = this.session;
    const next = before.then(async (old) => {
      await old.release();
      return runtime.createSession(model, options);
    });
    this.session = next;
    const done = next.then(() => undefined);
    // Runs wait for the new session and report its failure even where nobody awaits this promise.
    done.catch(() => undefined);
    return done;
  }

  async release(): Promise<void> {
    await (await this.session).release();
  }

  async run(
    feeds: Readonly<Record<string, Float32Array>>,
    count: number,
  ): Promise<Map<string, Float32Array>> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new BindscapeError({
        source: "prediction",
        found: `${count} samples`,
        expected: "a whole number",
      });
    }
    const session = await this.session;
    const rows = (shape: Shape) => product(shapeFor(shape, 1));
    for (const [name, tensor] of this.inputs) checkFeed(name, shapeFor(tensor.shape, count), feeds[name]);
    const results = new Map<string, Float32Array>();
    for (const [name, tensor] of this.outputs)
      results.set(name, new Float32Array(product(shapeFor(tensor.shape, count))));
    for (let start = 0; start < count; start += this.largestBatch) {
      const size = Math.min(this.largestBatch, count - start);
      const view = (data: Float32Array, shape: Shape): TensorValue => ({
        data: shape.some(isFree) ? data.subarray(start * rows(shape), (start + size) * rows(shape)) : data,
        shape: shapeFor(shape, size),
      });
      const inputs: Record<string, TensorValue> = {};
      for (const [name, tensor] of this.inputs) inputs[name] = view(feeds[name], tensor.shape);
      const into: Record<string, TensorValue> = {};
      for (const [name, tensor] of this.outputs) into[name] = view(results.get(name)!, tensor.shape);
      await session.run(inputs, [...this.outputs.keys()], into);
    }
    return results;
  }
}

/** The part of a graph that computes `outputs`, in inference form, with weights inside. */
export function emitInference(
  graph: Graph,
  inputs: ReadonlyMap<string, Tensor>,
  outputs: ReadonlyMap<string, Tensor>,
  parameters: ParameterValues,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const leaves = leavesOf([...outputs.values()]);
  const stored = new Map(
    [...graph.parameters]
      .filter(([, tensor]) => leaves.has(tensor))
      .map(([name, tensor]) => [name, { tensor, values: requiredValues(name, tensor, parameters) }]),
  );
  return emitModel({ graphName: "model", inputs, stored, outputs, metadata });
}
