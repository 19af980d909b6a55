import { BindscapeError } from "@bindscape/numerics";
import { gradients } from "./autodiff.js";
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
