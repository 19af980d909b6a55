import { BindscapeError } from "@bindscape/numerics";
import {
  type ConvolutionDenseOptions,
  convolutionDenseOptions,
  type Layer,
} from "../architectures/convolution-dense/options.js";
import type { KerasWeights } from "./factornet-from-keras.js";
import { baseAxisOf, flatImage, inputForm, type LayerForm } from "./layer-form.js";
import { LayerSettings } from "./layer-settings.js";
import { readConvolution, readPool } from "./sequential-layers.js";
import type { SequentialLayer, SequentialModel } from "./sequential-model.js";
import { SequentialWeights } from "./sequential-weights.js";

/** Whether a convolution's kernels are stored as Theano has them, turned around, or as they are applied. */
export type KernelTurn = "flipped" | "as-is";

export interface ConvolutionDenseImport {
  /** "auto": as the backend or the order of the axes says. */
  readonly kernels?: KernelTurn | "auto";
  /** Bases in the order of the model's rows or channels. Default "ACGT". */
  readonly baseOrder?: string;
  readonly unknownBase?: 0 | 0.25;
}

/** A convolution-dense network read from Keras. */
export interface ImportedConvolutionDense {
  readonly options: ConvolutionDenseOptions;
  readonly parameters: Map<string, Float32Array>;
  readonly tasks: number;
  readonly kernels: KernelTurn;
  /** Nothing in the files says how kernels are stored. */
  readonly kernelsAssumed: boolean;
}

const activations: Readonly<Record<string, Extract<Layer, { kind: "activation" }>["function"]>> = {
  relu: "relu",
  sigmoid: "sigmoid",
  hard_sigmoid: "hard-sigmoid",
  tanh: "tanh",
  elu: "elu",
  exponential: "exponential",
  softplus: "softplus",
};

const known = [
  ...[
    "Convolution1D",
    "Convolution2D",
    "Conv1D",
    "Conv2D",
    "BatchNormalization",
    "Activation",
    "ReLU",
    "ELU",
  ],
  ...["LeakyReLU", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"],
  ...["GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"],
  ...["Flatten", "Dense", "Dropout", "SpatialDropout1D", "InputLayer"],
];

/**
 * Reads a Sequential Keras 1 or 2 model of convolutions, pools and dense layers. Convolutions over images of one
 * channel take the four bases together, as rows or columns. Theano turns kernels around in both axes, so that those
 * over four rows of bases are complemented as well.
 * @throws BindscapeError naming the layer that is none of these, or does not fit the one before
 */
export function convolutionDenseFromKeras(
  model: SequentialModel,
  weights: KerasWeights,
  source: string,
  weightsSource: string,
  options: ConvolutionDenseImport = {},
): ImportedConvolutionDense {
  const unknown = model.layers.filter(({ className }) => !known.includes(className));
  if (unknown.length > 0) {
    throw new BindscapeError({
      source,
      found: `layers this import does not know: ${unknown.map(({ className, name }) => `${className} "${name}"`).join(", ")}`,
      expected: `layers among ${known.join(", ")}`,
    });
  }
  const { turn, assumed } = chooseTurn(model, options.kernels ?? "auto");
  const walk = new LayerWalk(
    source,
    turn,
    new SequentialWeights(weights, weightsSource, turn, model.version),
    options,
  );
  for (const layer of model.layers) walk.take(layer);
  const { layers, output, tasks } = walk.finish();
  const found = convolutionDenseOptions.safeParse({
    windowLength: walk.windowLength,
    layers,
    output,
    unknownBase: options.unknownBase ?? 0,
  });
  if (!found.success) {
    const [issue] = found.error.issues;
    throw new BindscapeError({
      source,
      found: `${issue.message} (${issue.path.join(".")})`,
      expected: "a network of convolutions, pools and dense layers",
    });
  }
  return {
    options: found.data,
    parameters: walk.parameters,
    tasks,
    kernels: turn,
    kernelsAssumed: assumed,
  };
}

/** Theano turns kernels; Keras 1 does not name its backend, but its order of axes mostly tells. */
function chooseTurn(
  { version, backend, layers }: SequentialModel,
  wanted: KernelTurn | "auto",
): { turn: KernelTurn; assumed: boolean } {
  if (wanted !== "auto") return { turn: wanted, assumed: false };
  if (backend !== null) return { turn: backend === "theano" ? "flipped" : "as-is", assumed: false };
  if (version !== null && !/^[01]\./.test(version)) return { turn: "as-is", assumed: true };
  const isTensorFlow = layers.some(({ config }) => config.dim_ordering === "tf");
  return { turn: isTensorFlow ? "as-is" : "flipped", assumed: true };
}

/** Goes from layer to layer, and keeps what each is here. */
class LayerWalk {
  readonly parameters = new Map<string, Float32Array>();
  readonly #layers: Layer[] = [];
  readonly #counts = { convolution: 0, normalisation: 0, dense: 0 };
  #form: LayerForm | null = null;
  #softmax: SequentialLayer | null = null;
  #last: SequentialLayer | null = null;
  windowLength = 0;

  constructor(
    private readonly source: string,
    private readonly turn: KernelTurn,
    private readonly weights: SequentialWeights,
    private readonly options: ConvolutionDenseImport,
  ) {}

  take(layer: SequentialLayer): void {
    const settings = new LayerSettings(layer, this.source);
    if (this.#softmax) settings.fail("a softmax before it", "a softmax at the end alone");
    if (this.#form === null) {
      const ordering = settings.value("dim_ordering", "data_format");
      // An InputLayer does not say how its axes are ordered; one channel or four bases tell.
      const shape = settings.value("batch_input_shape", "batch_shape");
      const first =
        ordering === undefined
          ? Array.isArray(shape) && shape.length === 4 && (shape[1] === 1 || shape[1] === 4) && shape[3] > 4
          : ordering === "th" || ordering === "channels_first";
      this.#form = inputForm(settings, first);
      this.windowLength = lengthOf(this.#form);
    }
    this.#last = layer;
    this.#takeKnown(layer, settings, this.#form);
  }

  /** The layers before the output, and what stands there. */
  finish(): { layers: Layer[]; output: "sigmoid" | "softmax"; tasks: number } {
    const layers = this.#layers.slice();
    while (layers.at(-1)?.kind === "dropout") layers.pop();
    const settings = new LayerSettings(this.#last!, this.source);
    let output: "sigmoid" | "softmax" = "softmax";
    if (!this.#softmax) {
      const last = layers.pop();
      if (last?.kind !== "activation" || last.function !== "sigmoid")
        return settings.fail("an output that is no probability", "a sigmoid or a softmax at the end");
      output = "sigmoid";
    }
    const dense = layers.pop();
    if (dense?.kind !== "dense")
      return settings.fail("no dense layer before it", "a dense layer as the output");
    const number = this.#counts.dense;
    for (const part of ["kernel", "bias"]) {
      this.parameters.set(`output.${part}`, this.parameters.get(`dense${number}.${part}`)!);
      this.parameters.delete(`dense${number}.${part}`);
    }
    return { layers, output, tasks: dense.units };
  }

  #takeKnown(layer: SequentialLayer, settings: LayerSettings, form: LayerForm): void {
    const { className } = layer;
    switch (className) {
      case "InputLayer":
        return;
      case "Convolution1D":
      case "Convolution2D":
      case "Conv1D":
      case "Conv2D": {
        const found = readConvolution(settings, form, this.turn);
        const name = `convolution${++this.#counts.convolution}`;
        const isFirst = this.#counts.convolution === 1;
        const { kernel, bias } = this.weights.convolution(
          settings,
          found.kernel!,
          isFirst ? (this.options.baseOrder ?? "ACGT") : undefined,
        );
        this.#add(found.layer, name, { kernel, bias });
        this.#form = found.form;
        this.#activate(settings, settings.value("activation"));
        return;
      }
      case "MaxPooling1D":
      case "MaxPooling2D":
      case "AveragePooling1D":
      case "AveragePooling2D": {
        const kind = className.startsWith("Max") ? "max-pool" : "average-pool";
        const found = readPool(settings, form, kind, this.turn);
        this.#layers.push(found.layer);
        this.#form = found.form;
        return;
      }
      case "GlobalMaxPooling1D":
      case "GlobalMaxPooling2D":
      case "GlobalAveragePooling1D":
      case "GlobalAveragePooling2D": {
        const channels = form.kind === "flat" || baseAxisOf(form) ? 0 : form.channels;
        if (channels === 0) settings.fail("no positions before it", "a convolution before it");
        this.#layers.push({
          kind: className.startsWith("GlobalMax") ? "global-max-pool" : "global-average-pool",
        });
        this.#form = { kind: "flat", values: channels, turn: null };
        return;
      }
      case "Flatten": {
        this.#layers.push({ kind: "flatten" });
        this.#form = flattened(form, settings);
        return;
      }
      case "Dense": {
        if (form.kind !== "flat") settings.fail("positions before it", "Flatten or a global pool before it");
        const units = settings.count("output_dim", "units");
        const name = `dense${++this.#counts.dense}`;
        this.#add(
          { kind: "dense", units },
          name,
          this.weights.dense(settings, form.values, units, form.turn),
        );
        this.#form = { kind: "flat", values: units, turn: null };
        this.#activate(settings, settings.value("activation"));
        return;
      }
      case "BatchNormalization": {
        const name = `normalisation${++this.#counts.normalisation}`;
        const epsilon = settings.number(1e-3, "epsilon");
        this.#add(
          { kind: "batch-normalisation", epsilon, momentum: settings.number(0.99, "momentum") },
          name,
          this.weights.normalisation(settings, form),
        );
        return;
      }
      case "Dropout":
      case "SpatialDropout1D": {
        const rate = settings.number(0, "p", "rate");
        if (!(rate >= 0 && rate <= 0.95)) settings.fail(`a rate of ${rate}`, "a rate from 0 to 0.95");
        this.#layers.push({ kind: "dropout", rate });
        return;
      }
      case "ReLU":
        settings.refuse("max_value");
        settings.refuse("threshold", 0);
        settings.refuse("negative_slope", 0);
        this.#activate(settings, "relu");
        return;
      case "ELU":
        this.#layers.push({ kind: "activation", function: "elu", alpha: settings.number(1, "alpha") });
        return;
      case "LeakyReLU":
        this.#layers.push({
          kind: "activation",
          function: "leaky-relu",
          alpha: settings.number(0.3, "alpha"),
        });
        return;
      default:
        this.#activate(settings, settings.value("activation"));
        return;
    }
  }

  #add(layer: Layer, name: string, parameters: Readonly<Record<string, Float32Array>>): void {
    this.#layers.push(layer);
    for (const [part, values] of Object.entries(parameters)) this.parameters.set(`${name}.${part}`, values);
  }

  #activate(settings: LayerSettings, activation: unknown): void {
    if (activation === undefined || activation === "linear") return;
    if (activation === "softmax") {
      this.#softmax = settings.layer;
      return;
    }
    const found =
      typeof activation === "string" && Object.hasOwn(activations, activation)
        ? activations[activation]
        : null;
    if (!found) {
      settings.fail(
        `the activation ${JSON.stringify(activation)}`,
        `linear, softmax, ${Object.keys(activations).join(", ")}`,
      );
    } else this.#layers.push({ kind: "activation", function: found });
  }
}

function lengthOf(form: LayerForm): number {
  if (form.kind === "sequence") return form.positions;
  if (form.kind === "flat") return form.values;
  const bases = baseAxisOf(form);
  if (bases) return bases === "rows" ? form.columns : form.rows;
  return flatImage(form)!.positions;
}

function flattened(form: LayerForm, settings: LayerSettings): LayerForm {
  if (form.kind === "flat") return form;
  if (baseAxisOf(form)) return settings.fail("bases before it", "a convolution before it");
  const { channels, positions } = form.kind === "sequence" ? form : flatImage(form)!;
  const byPosition = form.kind === "sequence" || !form.channelsFirst;
  return {
    kind: "flat",
    values: channels * positions,
    turn: byPosition && channels > 1 && positions > 1 ? { positions, channels } : null,
  };
}
