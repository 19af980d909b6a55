import { BindscapeError } from "@bindscape/numerics";
import { gradients } from "./autodiff.js";
import { classActivationMap } from "./class-activation-map.js";
import { emitInference, FreeBatchModel, type PredictorOptions } from "./free-batch-model.js";
import type { Tensor } from "./graph.js";
import { type Build, buildGraph, chooseOutputs, type ParameterValues } from "./model.js";
import type { Runtime } from "./runtime.js";

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

export interface InputGradientOptions extends PredictorOptions {
  /** The output whose gradient is wanted; of several columns, their sum. */
  readonly of: string;
  /** The inputs it is taken with respect to. */
  readonly inputs?: readonly string[];
  /** Outputs that it is taken with respect to too: layers on the way to `of`. */
  readonly layers?: readonly string[];
  /** Layers [N, kernels, positions] on the way to `of` whose class-activation maps are wanted ({@link classActivationMap}). */
  readonly maps?: readonly string[];
  /** Outputs to compute in the same run. None where absent. */
  readonly outputs?: readonly string[];
}

/** Gradients of an output with respect to inputs (saliency) or to layers, for any number of windows. */
export class InputGradient {
  readonly #model: FreeBatchModel;

  private constructor(model: FreeBatchModel) {
    this.#model = model;
  }

  /** @throws BindscapeError for an input or a layer that the output does not depend on */
  static async create(runtime: Runtime, options: InputGradientOptions): Promise<InputGradient> {
    const { inputs = [], layers = [], maps = [] } = options;
    const { graph, model } = buildGraph(options.build, "free", "inference", runtime.traits, {
      keepsOrder: layers.length > 0 || maps.length > 0,
    });
    const of = chooseOutputs(model, [options.of]).get(options.of)!;
    const places = new Map<string, Tensor>(chooseOutputs(model, [...layers, ...maps]));
    for (const name of inputs) {
      const tensor = graph.inputs.get(name);
      if (tensor) places.set(name, tensor);
    }
    const found = gradients(of, [...places.values()]);
    const byName = new Map([...places.keys()].map((name, i) => [name, found[i]]));
    const gradientOf = (name: string): Tensor => {
      const gradient = byName.get(name);
      if (gradient) return gradient;
      throw new BindscapeError({
        source: "input gradient",
        found: `the output "${options.of}" does not depend on ${inputs.includes(name) ? "an input" : "a layer"} "${name}"`,
        expected: `inputs among ${[...graph.inputs.keys()].join(", ")}, and layers on the way to the output`,
      });
    };
    const outputs = new Map<string, Tensor>();
    for (const name of [...inputs, ...layers]) outputs.set(`gradient/${name}`, gradientOf(name));
    for (const name of maps)
      outputs.set(`map/${name}`, classActivationMap(places.get(name)!, gradientOf(name)));
    for (const [name, tensor] of chooseOutputs(model, options.outputs ?? [])) {
      outputs.set(`output/${name}`, tensor);
    }
    return new InputGradient(await FreeBatchModel.create(runtime, graph, outputs, options));
  }

  /** @returns for each input and layer by name its gradient, in its shape */
  async run(
    feeds: Readonly<Record<string, Float32Array>>,
    count: number,
  ): Promise<Map<string, Float32Array>> {
    return (await this.runWithOutputs(feeds, count)).gradients;
  }

  /** @returns the gradients, the outputs and the maps [N, positions] that were asked for, by name */
  async runWithOutputs(
    feeds: Readonly<Record<string, Float32Array>>,
    count: number,
  ): Promise<Record<"gradients" | "outputs" | "maps", Map<string, Float32Array>>> {
    const results = await this.#model.run(feeds, count);
    const named = (prefix: string) =>
      new Map(
        [...results].flatMap(([name, data]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
        ),
      );
    return { gradients: named("gradient/"), outputs: named("output/"), maps: named("map/") };
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
