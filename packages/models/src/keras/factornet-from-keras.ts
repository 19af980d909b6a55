import { BindscapeError } from "@bindscape/numerics";
import { type FactorNetOptions, factorNetOptions, poolWidthOf } from "../architectures/factornet/options.js";
import { type FactorNetLayers, findFactorNetLayers, numberOf } from "./factornet-layers.js";
import { kerasGates, stackedGates } from "./gate-order.js";
import type { KerasLayer, KerasModel } from "./keras-model.js";

/** An array of weights, row-major. */
export interface KerasWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights of each layer, in Keras's order. */
export type KerasWeights = ReadonlyMap<string, readonly KerasWeight[]>;

/** A FactorNet read from Keras. */
export interface ImportedFactorNet {
  readonly options: FactorNetOptions;
  readonly parameters: Map<string, Float32Array>;
  /** Input channels: four bases, then tracks. */
  readonly channels: number;
  /** Metadata values beside the window. */
  readonly features: number;
  readonly tasks: number;
  /** What of the model's training form is not kept, one sentence each. */
  readonly departures: readonly string[];
}

/**
 * Reads a FactorNet out of a Keras 1 model written with the Theano backend. Theano's convolutions turn their
 * kernels around, so the kernels are flipped along their length here.
 * @throws BindscapeError naming the layer that a FactorNet does not have, or weights that do not fit their layer
 */
export function factorNetFromKeras(
  model: KerasModel,
  weights: KerasWeights,
  source: string,
  weightsSource: string,
): ImportedFactorNet {
  const layers = findFactorNetLayers(model, source);
  const departures: string[] = [];
  const options = readOptions(layers, departures, source);
  const read = new WeightReader(weights, weightsSource);
  const { kernels, kernelWidth, recurrent, dense } = options;
  const { channels, features } = layers;
  const merged = options.mergeDense ?? dense;
  const tasks = numberOf(layers.output, "output_dim", source);
  const positions = options.windowLength - kernelWidth + 1;
  const steps = Math.floor(positions / poolWidthOf(options));
  const parameters = new Map<string, Float32Array>();
  const add = (name: string, layer: KerasLayer, inputs: number, outputs: number) => {
    const [kernel, bias] = read.layer(layer, [[inputs, outputs], [outputs]]);
    parameters.set(`${name}.kernel`, kernel);
    parameters.set(`${name}.bias`, bias);
  };

  const [kernel, bias] = read.layer(layers.convolution, [[kernelWidth, 1, channels, kernels], [kernels]]);
  parameters.set("convolution.kernel", flippedKernel(kernel, kernelWidth, channels, kernels, "from Keras"));
  parameters.set("convolution.bias", bias);
  const [position, positionBias] = read.layer(layers.position, [[kernels, kernels], [kernels]]);
  parameters.set("position.kernel", transposed(position, kernels, kernels));
  parameters.set("position.bias", positionBias);
  if (layers.recurrent) readLstm(read, layers.recurrent, kernels, recurrent, parameters);
  add("dense", layers.dense, steps * (recurrent > 0 ? 2 * recurrent : kernels), dense);
  if (layers.merge) {
    add("merge", layers.merge, dense + features, merged);
    parameters.set("features.mean", new Float32Array(features));
    parameters.set("features.inverseScale", new Float32Array(features).fill(1));
  }
  const top = layers.merge ? merged : dense;
  add("output", layers.output, top + (layers.linear ? 2 * features : 0), tasks);
  if (layers.linear) {
    const joined = parameters.get("output.kernel")!;
    parameters.set("output.kernel", joined.slice(0, top * tasks));
    parameters.set("linear.kernel", joined.slice(top * tasks));
    parameters.set("linear.bias", new Float32Array(tasks));
  }
  return { options, parameters, channels, features, tasks, departures };
}

function readOptions(layers: FactorNetLayers, departures: string[], source: string): FactorNetOptions {
  const { convolution, position, pool, recurrent, dense, merge, output, dropout } = layers;
  const number = (layer: KerasLayer, key: string) => numberOf(layer, key, source);
  const check = (layer: KerasLayer, key: string, ...allowed: unknown[]) => {
    if (allowed.includes(layer.config[key])) return;
    throw new BindscapeError({
      source,
      found: `the layer ${layer.class_name} "${layer.name}" with ${key} ${JSON.stringify(layer.config[key])}`,
      expected: `${key} ${allowed.map((value) => JSON.stringify(value)).join(" or ")}`,
      next: "Only networks of FactorNet's form can be imported",
    });
  };
  check(convolution, "border_mode", "valid");
  check(convolution, "subsample_length", 1);
  const positionDense = innerLayer(position, "Dense", source);
  const globalPool = pool.class_name === "GlobalMaxPooling1D";
  const poolWidth = globalPool ? undefined : number(pool, "pool_length");
  if (!globalPool) {
    check(pool, "border_mode", "valid");
    check(pool, "stride", poolWidth, null);
  }
  for (const layer of [convolution, positionDense, dense, ...(merge ? [merge] : [])]) {
    check(layer, "activation", "relu");
    check(layer, "bias", true);
  }
  check(output, "activation", "sigmoid");
  check(output, "bias", true);
  const kernels = number(convolution, "nb_filter");
  check(positionDense, "output_dim", kernels);

  let units = 0;
  let gates: unknown = "hard_sigmoid";
  let recurrentDropout = 0;
  if (recurrent) {
    check(recurrent, "merge_mode", "concat");
    const lstm = innerLayer(recurrent, "LSTM", source);
    check(lstm, "activation", "tanh");
    check(lstm, "inner_activation", "hard_sigmoid", "sigmoid");
    check(lstm, "return_sequences", true);
    check(lstm, "go_backwards", false);
    check(lstm, "stateful", false);
    units = number(lstm, "output_dim");
    gates = lstm.config.inner_activation;
    recurrentDropout = number(lstm, "dropout_W");
    const hiddenDropout = number(lstm, "dropout_U");
    if (hiddenDropout !== recurrentDropout) {
      departures.push(
        `The LSTM's dropout of ${hiddenDropout} on its state becomes the ${recurrentDropout} of its inputs; predictions do not change.`,
      );
    }
  }
  for (const [stage, where] of [
    ["position", "the dense layer at each position"],
    ["pool", "max pooling"],
    ...(merge ? [["dense", "the dense layer before the metadata"] as const] : []),
  ] as const) {
    const rate = dropout.get(stage);
    if (rate !== undefined) {
      departures.push(`Dropout of ${rate} behind ${where} is not kept; predictions do not change.`);
    }
  }
  const width = number(dense, "output_dim");
  const mergeWidth = merge ? number(merge, "output_dim") : width;
  const options = factorNetOptions.safeParse({
    windowLength: layers.windowLength,
    kernels,
    kernelWidth: number(convolution, "filter_length"),
    ...(globalPool ? { globalPool } : { poolWidth }),
    recurrent: units,
    dense: width,
    ...(mergeWidth === width ? {} : { mergeDense: mergeWidth }),
    dropout: dropout.get("recurrent") ?? 0,
    denseDropout: dropout.get(merge ? "merge" : "dense") ?? 0,
    convolutionDropout: dropout.get("convolution") ?? 0,
    recurrentDropout,
    featureDropout: dropout.get("metadata") ?? 0,
    gates: gates === "sigmoid" ? "sigmoid" : "hard-sigmoid",
    linearFeatures: layers.linear,
  });
  if (options.success) return checkSteps(options.data, source);
  const issue = options.error.issues[0];
  throw new BindscapeError({
    source,
    found: `a network with ${issue.path.join(".")} outside what FactorNet takes: ${issue.message}`,
  });
}

/** Sizes that leave something to pool; larger networks would be told apart from damaged files only by their weights. */
function checkSteps(options: FactorNetOptions, source: string): FactorNetOptions {
  const positions = options.windowLength - options.kernelWidth + 1;
  if (positions >= poolWidthOf(options)) return options;
  throw new BindscapeError({
    source,
    found: `windows of ${options.windowLength} bp, kernels of ${options.kernelWidth} bp and pooling over ${poolWidthOf(options)} bp`,
    expected: "at least one pooled position",
  });
}

/** The layer inside a TimeDistributed or Bidirectional. */
function innerLayer(wrapper: KerasLayer, className: string, source: string): KerasLayer {
  const inner = wrapper.config.layer as
    | { class_name?: unknown; config?: Record<string, unknown> }
    | undefined;
  if (inner?.class_name === className && typeof inner.config === "object" && inner.config !== null) {
    return { class_name: className, name: wrapper.name, config: inner.config, inbound_nodes: [] };
  }
  const found = typeof inner?.class_name === "string" ? inner.class_name : "nothing";
  throw new BindscapeError({
    source,
    found: `${found} inside ${wrapper.class_name} "${wrapper.name}"`,
    expected: className,
    next: "Only networks of FactorNet's form can be imported",
  });
}

class WeightReader {
  constructor(
    private readonly weights: KerasWeights,
    private readonly source: string,
  ) {}

  /** A layer's arrays, which must have these shapes. */
  layer({ name }: KerasLayer, shapes: readonly (readonly number[])[]): Float32Array[] {
    const arrays = this.weights.get(name);
    if (!arrays || arrays.length !== shapes.length) {
      throw new BindscapeError({
        source: this.source,
        found: arrays ? `${arrays.length} arrays of weights for the layer "${name}"` : `no layer "${name}"`,
        expected: `${shapes.length} arrays, as its model.json describes it`,
      });
    }
    return shapes.map((shape, i) => {
      const { name: weight, shape: found, data } = arrays[i];
      if (found.join() !== shape.join()) {
        throw new BindscapeError({
          source: this.source,
          found: `"${weight}" of shape [${found.join(", ")}] in the layer "${name}"`,
          expected: `shape [${shape.join(", ")}], as its model.json describes it`,
        });
      }
      const odd = data.findIndex((value) => !Number.isFinite(value));
      if (odd >= 0) {
        throw new BindscapeError({
          source: this.source,
          found: `${data[odd]} in "${weight}" (entry ${odd})`,
          expected: "finite numbers",
        });
      }
      return data;
    });
  }
}

/**
 * A convolution's weights turned around along their length and between the two layouts: Keras's
 * [width, 1, channels, kernels] and Bindscape's [kernels, channels, width].
 */
export function flippedKernel(
  from: Float32Array,
  width: number,
  channels: number,
  kernels: number,
  direction: "from Keras" | "to Keras",
): Float32Array {
  const to = new Float32Array(from.length);
  for (let k = 0; k < kernels; k++) {
    for (let c = 0; c < channels; c++) {
      for (let w = 0; w < width; w++) {
        const here = (k * channels + c) * width + w;
        const keras = ((width - 1 - w) * channels + c) * kernels + k;
        if (direction === "from Keras") to[here] = from[keras];
        else to[keras] = from[here];
      }
    }
  }
  return to;
}

/** [rows, columns] -> [columns, rows]. */
export function transposed(from: Float32Array, rows: number, columns: number): Float32Array {
  const to = new Float32Array(from.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column];
  }
  return to;
}

/** Both directions' W [inputs, units], U [units, units] and b of each gate become stacked, transposed matrices. */
function readLstm(
  read: WeightReader,
  layer: KerasLayer,
  inputs: number,
  units: number,
  parameters: Map<string, Float32Array>,
): void {
  const shapes = [[inputs, units], [units, units], [units]];
  const arrays = read.layer(layer, Array.from({ length: 2 * kerasGates.length }, () => shapes).flat());
  const inputKernel = new Float32Array(8 * units * inputs);
  const recurrentKernel = new Float32Array(8 * units * units);
  const bias = new Float32Array(8 * units);
  for (let direction = 0; direction < 2; direction++) {
    kerasGates.forEach((gate, order) => {
      const [w, u, b] = arrays.slice((direction * kerasGates.length + order) * 3);
      const row = (direction * stackedGates.length + stackedGates.indexOf(gate)) * units;
      inputKernel.set(transposed(w, inputs, units), row * inputs);
      recurrentKernel.set(transposed(u, units, units), row * units);
      bias.set(b, row);
    });
  }
  parameters.set("recurrent.inputKernel", inputKernel);
  parameters.set("recurrent.recurrentKernel", recurrentKernel);
  parameters.set("recurrent.bias", bias);
}
