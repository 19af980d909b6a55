import { BindscapeError } from "@bindscape/numerics";
import { type FactorNetOptions, poolWidthOf, recurrentUnitsOf } from "../architectures/factornet/options.js";
import { flippedKernel, type KerasWeight, transposed } from "./factornet-from-keras.js";
import { kerasGates, stackedGates } from "./gate-order.js";

/** Version whose format exports have. */
export const KERAS_VERSION = "1.2.2";

/** A FactorNet as Keras 1 (Theano backend) has it. */
export interface KerasFactorNet {
  /** What `model.json` holds. */
  readonly model: unknown;
  /** Weights by layer, in the order of the layers. */
  readonly weights: ReadonlyMap<string, readonly KerasWeight[]>;
}

/** What of a network an export needs beside its options. */
export interface FactorNetParts {
  readonly options: FactorNetOptions;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly channels: number;
  readonly features: number;
  readonly tasks: number;
}

/**
 * Writes a FactorNet down as Keras 1 with two window inputs, the strands, and one of metadata where there are
 * bin-level features. Metadata go in as they are: their scaling is folded into the weights that read them.
 */
export function factorNetToKeras(parts: FactorNetParts): KerasFactorNet {
  const { options, channels, features, tasks } = parts;
  const { kernels, kernelWidth, dense, windowLength, globalPool } = options;
  const recurrent = recurrentUnitsOf(options);
  const poolWidth = poolWidthOf(options);
  const steps = Math.floor((windowLength - kernelWidth + 1) / poolWidth);
  const get = (name: string): Float32Array => {
    const values = parts.parameters.get(name);
    if (values) return values;
    throw new BindscapeError({ source: "the bundle", found: `no weights "${name}"` });
  };
  const writer = new KerasWriter();
  writer.input("input_1", [windowLength, channels]);
  writer.input("input_2", [windowLength, channels]);
  let strands: Strands = [
    ["input_1", 0, 0],
    ["input_2", 0, 0],
  ];
  const dropout = (p: number) => {
    if (p > 0) strands = writer.shared("Dropout", writer.next("dropout"), { p }, strands);
  };
  const full = (
    size: number,
    activation: string,
    inputs: number,
    kernel: Float32Array,
    bias: Float32Array,
  ) => {
    const name = writer.next("dense");
    strands = writer.shared("Dense", name, denseConfig(size, activation), strands, [
      weight(`${name}_W`, [inputs, size], kernel),
      weight(`${name}_b`, [size], bias),
    ]);
  };

  const turned = flippedKernel(get("convolution.kernel"), kernelWidth, channels, kernels, "to Keras");
  strands = writer.shared(
    "Convolution1D",
    "convolution1d_1",
    {
      batch_input_shape: [null, null, channels],
      input_dim: channels,
      input_length: null,
      input_dtype: "float32",
      nb_filter: kernels,
      filter_length: kernelWidth,
      subsample_length: 1,
      border_mode: "valid",
      init: "glorot_uniform",
      ...layerDefaults("relu"),
    },
    strands,
    [
      weight("convolution1d_1_W", [kernelWidth, 1, channels, kernels], turned),
      weight("convolution1d_1_b", [kernels], get("convolution.bias")),
    ],
  );
  dropout(options.convolutionDropout);
  const inner = writer.next("dense");
  strands = writer.shared(
    "TimeDistributed",
    "timedistributed_1",
    {
      layer: {
        class_name: "Dense",
        config: { name: inner, ...denseConfig(kernels, "relu"), trainable: true },
      },
    },
    strands,
    [
      weight(`${inner}_W`, [kernels, kernels], transposed(get("position.kernel"), kernels, kernels)),
      weight(`${inner}_b`, [kernels], get("position.bias")),
    ],
  );
  strands = globalPool
    ? writer.shared("GlobalMaxPooling1D", "globalmaxpooling1d_1", {}, strands)
    : writer.shared(
        "MaxPooling1D",
        "maxpooling1d_1",
        { pool_length: poolWidth, stride: poolWidth, border_mode: "valid" },
        strands,
      );
  if (recurrent > 0) {
    strands = writer.shared(
      "Bidirectional",
      "bidirectional_1",
      { merge_mode: "concat", layer: { class_name: "LSTM", config: lstmConfig(options) } },
      strands,
      lstmWeights(kernels, recurrent, get),
    );
  }
  dropout(options.dropout);
  if (!globalPool) strands = writer.shared("Flatten", "flatten_1", {}, strands);
  const width = steps * (recurrent > 0 ? 2 * recurrent : kernels);
  full(dense, "relu", width, get("dense.kernel"), get("dense.bias"));
  let top = dense;
  if (features > 0) {
    writer.input("input_3", [features]);
    strands = writer.merges("concat", strands, [["input_3", 0, 0]]);
    dropout(options.featureDropout);
    top = options.mergeDense ?? dense;
    const folded = foldScaling(get("merge.kernel"), get("merge.bias"), dense, top, get);
    full(top, "relu", dense + features, folded.kernel, folded.bias);
  }
  dropout(options.denseDropout ?? options.dropout);
  if (features > 0 && options.linearFeatures) {
    const squares = writer.next("merge");
    writer.layer("Merge", squares, mergeConfig("mul"), [
      [
        ["input_3", 0, 0],
        ["input_3", 0, 0],
      ],
    ]);
    strands = writer.merges("concat", strands, [
      ["input_3", 0, 0],
      [squares, 0, 0],
    ]);
    const { kernel, bias } = joinLinear(features, tasks, get);
    full(tasks, "sigmoid", top + 2 * features, kernel, bias);
  } else {
    full(tasks, "sigmoid", top, get("output.kernel"), get("output.bias"));
  }
  const mean = writer.next("merge");
  writer.layer("Merge", mean, mergeConfig("ave"), [[...strands]]);
  const inputs = features > 0 ? ["input_1", "input_2", "input_3"] : ["input_1", "input_2"];
  return {
    model: {
      class_name: "Model",
      keras_version: KERAS_VERSION,
      config: {
        name: "model_1",
        layers: writer.layers,
        input_layers: inputs.map((name) => [name, 0, 0]),
        output_layers: [[mean, 0, 0]],
      },
    },
    weights: writer.weights,
  };
}

/** An output of a layer: its name, which use of it, which of its outputs. */
type Node = [string, number, number];
type Strands = readonly [Node, Node];

/** Collects layers in Keras's form. */
class KerasWriter {
  readonly layers: unknown[] = [];
  readonly weights = new Map<string, readonly KerasWeight[]>();
  readonly #counts = new Map<string, number>();

  /** The next name of a kind, numbered from 1 as Keras does. */
  next(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}_${count}`;
  }

  input(name: string, shape: number[]): void {
    this.layer(
      "InputLayer",
      name,
      { batch_input_shape: [null, ...shape], input_dtype: "float32", sparse: false },
      [],
    );
  }

  layer(
    className: string,
    name: string,
    config: Record<string, unknown>,
    inbound: readonly (readonly Node[])[],
    weights: readonly KerasWeight[] = [],
  ): void {
    const trainable = className === "InputLayer" || className === "Merge" ? {} : { trainable: true };
    this.layers.push({
      class_name: className,
      name,
      config: { ...config, ...trainable, name },
      inbound_nodes: inbound,
    });
    this.weights.set(name, weights);
  }

  /** A layer that both strands go through. */
  shared(
    className: string,
    name: string,
    config: Record<string, unknown>,
    [forward, reverse]: Strands,
    weights: readonly KerasWeight[] = [],
  ): Strands {
    this.layer(className, name, config, [[forward], [reverse]], weights);
    return [
      [name, 0, 0],
      [name, 1, 0],
    ];
  }

  /** A merge of each strand with other layers. */
  merges(mode: string, strands: Strands, others: readonly Node[]): Strands {
    const [forward, reverse] = strands.map((strand): Node => {
      const name = this.next("merge");
      this.layer("Merge", name, mergeConfig(mode), [[strand, ...others]]);
      return [name, 0, 0];
    });
    return [forward, reverse];
  }
}

function weight(name: string, shape: number[], data: Float32Array): KerasWeight {
  return { name, shape, data };
}

function layerDefaults(activation: string) {
  return {
    activation,
    bias: true,
    W_constraint: null,
    b_constraint: null,
    W_regularizer: null,
    b_regularizer: null,
    activity_regularizer: null,
  };
}

function denseConfig(size: number, activation: string) {
  return { output_dim: size, input_dim: null, init: "glorot_uniform", ...layerDefaults(activation) };
}

function mergeConfig(mode: string) {
  return {
    mode,
    mode_type: "raw",
    concat_axis: -1,
    dot_axes: -1,
    output_shape: null,
    output_shape_type: "raw",
  };
}

function lstmConfig({ kernels, recurrent, gates, recurrentDropout }: FactorNetOptions) {
  return {
    name: "forward_lstm_1",
    output_dim: recurrent,
    input_dim: kernels,
    input_length: null,
    activation: "tanh",
    inner_activation: gates === "sigmoid" ? "sigmoid" : "hard_sigmoid",
    dropout_W: recurrentDropout,
    dropout_U: recurrentDropout,
    init: "glorot_uniform",
    inner_init: "orthogonal",
    forget_bias_init: "one",
    return_sequences: true,
    go_backwards: false,
    stateful: false,
    unroll: false,
    consume_less: "cpu",
    trainable: true,
    W_regularizer: null,
    U_regularizer: null,
    b_regularizer: null,
  };
}

function lstmWeights(inputs: number, units: number, get: (name: string) => Float32Array): KerasWeight[] {
  const part = (name: string, direction: number, gate: "i" | "o" | "f" | "c", columns: number) => {
    const row = (direction * stackedGates.length + stackedGates.indexOf(gate)) * units;
    return get(name).slice(row * columns, (row + units) * columns);
  };
  return ["forward", "backward"].flatMap((label, direction) =>
    kerasGates.flatMap((gate) => [
      weight(
        `${label}_lstm_1_W_${gate}`,
        [inputs, units],
        transposed(part("recurrent.inputKernel", direction, gate, inputs), units, inputs),
      ),
      weight(
        `${label}_lstm_1_U_${gate}`,
        [units, units],
        transposed(part("recurrent.recurrentKernel", direction, gate, units), units, units),
      ),
      weight(`${label}_lstm_1_b_${gate}`, [units], part("recurrent.bias", direction, gate, 1)),
    ]),
  );
}

/** Weights that read features as they are, for weights that read (feature - mean) * inverseScale. */
function foldScaling(
  kernel: Float32Array,
  bias: Float32Array,
  before: number,
  outputs: number,
  get: (name: string) => Float32Array,
): { kernel: Float32Array; bias: Float32Array } {
  const mean = get("features.mean");
  const inverseScale = get("features.inverseScale");
  const folded = kernel.slice();
  const shifted = Float64Array.from(bias);
  for (let f = 0; f < mean.length; f++) {
    for (let o = 0; o < outputs; o++) {
      const at = (before + f) * outputs + o;
      folded[at] = kernel[at] * inverseScale[f];
      shifted[o] -= folded[at] * mean[f];
    }
  }
  return { kernel: folded, bias: Float32Array.from(shifted) };
}

/**
 * The output layer and the linear part as one layer that reads [top, features, squares of the features]. With
 * z = (x - m) s: a z + b z^2 = (a s - 2 b m s^2) x + b s^2 x^2 + (b m^2 s^2 - a m s).
 */
function joinLinear(
  features: number,
  tasks: number,
  get: (name: string) => Float32Array,
): { kernel: Float32Array; bias: Float32Array } {
  const output = get("output.kernel");
  const linear = get("linear.kernel");
  const mean = get("features.mean");
  const inverseScale = get("features.inverseScale");
  const kernel = new Float32Array(output.length + 2 * features * tasks);
  kernel.set(output);
  const bias = Float64Array.from(get("output.bias"), (value, task) => value + get("linear.bias")[task]);
  for (let f = 0; f < features; f++) {
    const [m, s] = [mean[f], inverseScale[f]];
    for (let task = 0; task < tasks; task++) {
      const a = linear[f * tasks + task];
      const b = linear[(features + f) * tasks + task];
      kernel[output.length + f * tasks + task] = a * s - 2 * b * m * s * s;
      kernel[output.length + (features + f) * tasks + task] = b * s * s;
      bias[task] += b * m * m * s * s - a * m * s;
    }
  }
  return { kernel, bias: Float32Array.from(bias) };
}
