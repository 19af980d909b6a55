import { BindscapeError } from "@bindscape/numerics";
import { gradients } from "./autodiff.js";
import type { Graph, Tensor } from "./graph.js";
import {
  type Build,
  buildGraph,
  checkFeed,
  chooseOutputs,
  type ParameterValues,
  requiredValues,
} from "./model.js";
import { emitModel, leavesOf } from "./onnx/emit-model.js";
import type { Runtime, Session, TensorValue } from "./runtime.js";
import { product, type Shape, shapeFor } from "./shape.js";

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

/** Runs a graph with a free batch axis for any number of samples. */
class FreeBatchModel {
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
      results.set(name, new Float32Array(rows(tensor.shape) * count));
    for (let start = 0; start < count; start += this.largestBatch) {
      const size = Math.min(this.largestBatch, count - start);
      const view = (data: Float32Array, shape: Shape): TensorValue => ({
        data: data.subarray(start * rows(shape), (start + size) * rows(shape)),
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

function emitInference(
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

/** Computes a model's outputs, without dropout, for any number of windows. */
export class Predictor {
  readonly #model: FreeBatchModel;

  private constructor(model: FreeBatchModel) {
    this.#model = model;
  }

  static async create(runtime: Runtime, options: PredictorOptions): Promise<Predictor> {
    const { graph, model } = buildGraph(options.build, "free", "inference", runtime.traits);
    return new Predictor(
      await FreeBatchModel.create(runtime, graph, chooseOutputs(model, options.outputs), options),
    );
  }

  /** Names of the inputs that a run is given. */
  get inputs(): string[] {
    return [...this.#model.inputs.keys()];
  }

  /**
   * @param feeds values of the inputs by name, row-major, `count` rows each (more names than needed do no harm)
   * @returns values of the outputs by name, row-major, in arrays of their own
   */
  run(feeds: Readonly<Record<string, Float32Array>>, count: number): Promise<Map<string, Float32Array>> {
    return this.#model.run(feeds, count);
  }

  /** Goes on with other weights of the same shapes (validation after each epoch); takes some tens of milliseconds, which later runs wait for. */
  setParameters(parameters: ParameterValues): Promise<void> {
    return this.#model.setParameters(parameters);
  }

  async release(): Promise<void> {
    await this.#model.release();
  }
}

export interface InputGradientOptions extends Omit<PredictorOptions, "outputs"> {
  /** The output whose gradient is wanted; of several columns, their sum. */
  readonly of: string;
  /** The inputs it is taken with respect to. */
  readonly inputs: readonly string[];
}

/** Gradients of an output with respect to inputs (saliency), for any number of windows. */
export class InputGradient {
  readonly #model: FreeBatchModel;

  private constructor(model: FreeBatchModel) {
    this.#model = model;
  }

  static async create(runtime: Runtime, options: InputGradientOptions): Promise<InputGradient> {
    const { graph, model } = buildGraph(options.build, "free", "inference", runtime.traits);
    const of = chooseOutputs(model, [options.of]).get(options.of)!;
    const tensors = options.inputs.map((name) => graph.inputs.get(name));
    const found = gradients(
      of,
      tensors.filter((tensor) => tensor !== undefined),
    );
    const outputs = new Map<string, Tensor>();
    options.inputs.forEach((name, i) => {
      const gradient =
        tensors[i] && found[tensors.slice(0, i).filter((tensor) => tensor !== undefined).length];
      if (!gradient) {
        throw new BindscapeError({
          source: "input gradient",
          found: `the output "${options.of}" does not depend on an input "${name}"`,
          expected: `inputs among ${[...graph.inputs.keys()].join(", ")}`,
        });
      }
      outputs.set(`gradient/${name}`, gradient);
    });
    return new InputGradient(await FreeBatchModel.create(runtime, graph, outputs, options));
  }

  /** @returns for each input by name its gradient, in the input's shape */
  async run(
    feeds: Readonly<Record<string, Float32Array>>,
    count: number,
  ): Promise<Map<string, Float32Array>> {
    const results = await this.#model.run(feeds, count);
    return new Map([...results].map(([name, data]) => [name.slice("gradient/".length), data]));
  }

  async release(): Promise<void> {
    await this.#model.release();
  }
}

export interface ExportOptions {
  readonly build: Build;
  readonly parameters: ParameterValues;
  /** The outputs to write; all where none are named. */
  readonly outputs?: readonly string[];
  /** Written into the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The model as an ordinary ONNX file: inference form, free batch axis N, weights inside. */
export function exportOnnx(options: ExportOptions): Uint8Array {
  const { graph, model } = buildGraph(options.build, "free", "inference");
  const outputs = chooseOutputs(model, options.outputs);
  return emitInference(graph, graph.inputs, outputs, options.parameters, options.metadata);
}
