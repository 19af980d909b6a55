import {
  averagePool1d,
  type Build,
  batchNormalisation,
  batchNormalisationParameters,
  binaryCrossEntropyFromLogits,
  bothStrands,
  categoricalCrossEntropyFromLogits,
  convolution1d,
  dense,
  dropout,
  elu,
  exp,
  flatten,
  fromValues,
  type Graph,
  globalAveragePool1d,
  globalMaxPool1d,
  glorotUniform,
  hardSigmoid,
  leakyRelu,
  maxPool1d,
  reduceMin,
  relu,
  reshape,
  sigmoid,
  softmax,
  softplus,
  type Tensor,
  tanh,
  zeros,
} from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { countChannels } from "@bindscape/study";
import type { ConvolutionLayer, NetworkContext } from "../../model-definition.js";
import { type ConvolutionDenseOptions, type Layer, paddingOf, slidePositions } from "./options.js";

/**
 * A network of convolutions, pools and dense layers on one strand, one after another as its options list them. Layers
 * with weights are named by kind and number: "convolution1", "normalisation1", "dense1", and "output". The output "convolution" is the first
 * layer on both strands, for kernel motifs.
 */
export function buildConvolutionDense(options: ConvolutionDenseOptions, context: NetworkContext): Build {
  const { plan, tasks } = context;
  const { windowLength, layers, output } = options;
  const channels = countChannels(plan);
  if (output === "softmax" && tasks < 2) {
    throw new BindscapeError({
      found: "a softmax over a single output",
      expected: "two classes or more",
      next: "Use the output sigmoid",
    });
  }
  return (graph: Graph) => {
    const windows = graph.input("windows", [graph.batch, channels, windowLength]);
    const seen: Record<string, Tensor> = {};
    const numbers = { convolution: 0, "batch-normalisation": 0, dense: 0 };
    let x = windows;
    for (const [i, layer] of layers.entries()) {
      if (layer.kind in numbers) numbers[layer.kind as keyof typeof numbers]++;
      x = applyLayer(x, layer, numbers);
      // A convolution's output is what stands behind its normalisation and its activation.
      if (isEndOfConvolution(layers, i)) seen[`convolution${numbers.convolution}`] = x;
    }
    const logits = denseLayer(x, "output", tasks, outputBias(context, output));
    const labels = graph.input("labels", [graph.batch, tasks]);
    const weights = graph.input("weights", [graph.batch, tasks]);
    const outputs: Record<string, Tensor> = {};
    if (graph.phase !== "training") {
      outputs.probability = output === "softmax" ? softmax(logits) : sigmoid(logits);
      outputs.logit = logits;
      Object.assign(outputs, seen);
      outputs.convolution = firstConvolution(bothStrands(windows, complement(channels)), layers);
    }
    return {
      outputs,
      loss:
        output === "softmax"
          ? // Classes are known together or not at all.
            categoricalCrossEntropyFromLogits(logits, labels, reshape(reduceMin(weights, [1]), [graph.batch]))
          : binaryCrossEntropyFromLogits(logits, labels, weights),
    };
  };
}

/** The convolutions as seen from the bases, the first one first. */
export function convolutionLayers({
  layers,
  windowLength,
}: Pick<ConvolutionDenseOptions, "layers" | "windowLength">): ConvolutionLayer[] {
  const found: ConvolutionLayer[] = [];
  let positions = windowLength;
  let start = 0;
  let step = 1;
  let width = 1;
  for (const layer of layers) {
    if (layer.kind !== "convolution" && layer.kind !== "max-pool" && layer.kind !== "average-pool") continue;
    const size = layer.kind === "convolution" ? layer.width : layer.size;
    const stride = layer.stride ?? size;
    const pad = paddingOf(layer, positions, size, stride);
    start -= pad[0] * step;
    width += (size - 1) * step;
    step *= stride;
    positions = slidePositions(positions, size, stride, pad);
    if (layer.kind !== "convolution") continue;
    const output = `convolution${found.length + 1}`;
    found.push({ output, kernels: layer.kernels, start, step, width, strands: 1 });
  }
  return found;
}

/** The first convolution without padding, at every position, with what normalises and rectifies it. */
function firstConvolution(windows: Tensor, layers: readonly Layer[]): Tensor {
  let x = windows;
  for (const [i, layer] of layers.entries()) {
    const asIs = layer.kind === "convolution" ? { ...layer, stride: 1, padding: "valid" as const } : layer;
    x = applyLayer(x, asIs, { convolution: 1, "batch-normalisation": 1, dense: 0 });
    if (isEndOfConvolution(layers, i)) break;
  }
  return x;
}

/** Bases in reverse order; other channels as they are. */
function complement(channels: number): number[] {
  return Array.from({ length: channels }, (_, channel) => (channel < 4 ? 3 - channel : channel));
}

function applyLayer(
  x: Tensor,
  layer: Layer,
  numbers: Readonly<Record<"convolution" | "batch-normalisation" | "dense", number>>,
): Tensor {
  const { graph } = x;
  switch (layer.kind) {
    case "convolution": {
      const name = `convolution${numbers.convolution}`;
      const { kernels, width, stride } = layer;
      const padding = paddingOf(layer, x.shape[2] as number, width, stride);
      const kernel = graph.parameter(
        `${name}.kernel`,
        [kernels, x.shape[1] as number, width],
        glorotUniform(),
      );
      const bias = graph.parameter(`${name}.bias`, [kernels], zeros());
      return convolution1d(x, kernel, bias, { padding, stride, name });
    }
    case "batch-normalisation": {
      const name = `normalisation${numbers["batch-normalisation"]}`;
      const { epsilon, momentum } = layer;
      const parameters = batchNormalisationParameters(graph, name, x.shape[1] as number);
      return batchNormalisation(x, parameters, { epsilon, momentum, name });
    }
    case "activation":
      return activate(x, layer.function, layer.alpha);
    case "max-pool":
    case "average-pool": {
      const { size, stride = size } = layer;
      const padding = paddingOf(layer, x.shape[2] as number, size, stride);
      const pool = layer.kind === "max-pool" ? maxPool1d : averagePool1d;
      return pool(x, { size, stride, padding });
    }
    case "global-max-pool":
      return globalMaxPool1d(x);
    case "global-average-pool":
      return globalAveragePool1d(x);
    case "flatten":
      return x.rank === 2 ? x : flatten(x);
    case "dense":
      return denseLayer(x, `dense${numbers.dense}`, layer.units, zeros());
    case "dropout":
      return dropout(x, layer.rate);
  }
}

function denseLayer(x: Tensor, name: string, units: number, bias: ReturnType<typeof zeros>): Tensor {
  const { graph } = x;
  return dense(
    x,
    graph.parameter(`${name}.kernel`, [x.shape[1] as number, units], glorotUniform()),
    graph.parameter(`${name}.bias`, [units], bias),
    { name },
  );
}

function activate(
  x: Tensor,
  name: Extract<Layer, { kind: "activation" }>["function"],
  alpha?: number,
): Tensor {
  switch (name) {
    case "relu":
      return relu(x);
    case "sigmoid":
      return sigmoid(x);
    case "hard-sigmoid":
      return hardSigmoid(x);
    case "tanh":
      return tanh(x);
    case "elu":
      return elu(x, { alpha: alpha ?? 1 });
    case "leaky-relu":
      return leakyRelu(x, { alpha: alpha ?? 0.3 });
    case "exponential":
      return exp(x);
    case "softplus":
      return softplus(x);
  }
}

/** Whether a layer is the last of a convolution with what normalises, rectifies and thins it out. */
function isEndOfConvolution(layers: readonly Layer[], index: number): boolean {
  const isPart = ({ kind }: Layer) =>
    kind === "batch-normalisation" || kind === "activation" || kind === "dropout";
  let start = index;
  while (start > 0 && isPart(layers[start])) start--;
  const next = layers[index + 1];
  return layers[start].kind === "convolution" && (next === undefined || !isPart(next));
}

/** Outputs start at the share of bound windows in training. */
function outputBias(
  { boundShare }: NetworkContext,
  output: ConvolutionDenseOptions["output"],
): ReturnType<typeof zeros> {
  const clip = (share: number) => Math.min(Math.max(share, 1e-6), 1 - 1e-6);
  const bias = boundShare.map((share) =>
    output === "softmax" ? Math.log(clip(share)) : Math.log(clip(share) / (1 - clip(share))),
  );
  return fromValues(Float32Array.from(bias));
}
