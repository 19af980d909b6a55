import {
  type Build,
  batchNormalisation,
  batchNormalisationParameters,
  convolution1d,
  dense,
  dropout,
  flatten,
  type Graph,
  l1Penalty,
  maxPool1d,
  multiply,
  relu,
  type Tensor,
} from "@bindscape/gradient";
import type { NetworkContext } from "../../model-definition.js";
import { buildSequenceNetwork, orderBases, type Tower } from "../sequence-network/build.js";
import { layerStart, startAtShares } from "../sequence-network/initial-values.js";
import { requirePositions } from "../sequence-network/receptive-field.js";
import { type DeepSeaOptions, deepSeaLayers, deepSeaOptions } from "./options.js";
import { deepSeaPresets } from "./presets.js";

/** TensorFlow's; AgentBind names none. */
const NORMALISATION_EPSILON = 0.001;

/**
 * DeepSEA (Zhou and Troyanskaya 2015, Supplementary Table 1): three convolutions, pools behind the first two, a dense
 * layer. AgentBind's variant (Zheng et al. 2021, Methods, "Model architecture") pads the convolutions and normalises
 * batches.
 */
export function buildDeepSea(options: DeepSeaOptions, context: NetworkContext): Build {
  const layers = deepSeaLayers(options);
  const { normalisationMomentum: momentum, padding, poolWidth } = options;
  const published = deepSeaLayers(deepSeaOptions.parse(deepSeaPresets.original.options));
  const positions = requirePositions(
    "DeepSEA",
    layers,
    options.windowLength,
    padding === "valid" ? published : layers,
  );

  const normalised = (graph: Graph, x: Tensor, name: string, channels: number) =>
    options.batchNormalisation
      ? batchNormalisation(x, batchNormalisationParameters(graph, name, channels), {
          momentum,
          epsilon: NORMALISATION_EPSILON,
          name,
        })
      : x;
  const convolve = (graph: Graph, x: Tensor, index: 1 | 2 | 3, pad: "valid" | "same") => {
    const [kernels, width] = [
      [options.kernels, options.kernelWidth],
      [options.secondKernels, options.deepKernelWidth],
      [options.thirdKernels, options.deepKernelWidth],
    ][index - 1];
    const channels = x.shape[1] as number;
    const name = `convolution${index}`;
    const start = layerStart(options.initialisation, channels * width);
    const kernel = graph.parameter(`${name}.kernel`, [kernels, channels, width], start.kernel);
    const bias = graph.parameter(`${name}.bias`, [kernels], start.bias);
    const ordered = index === 1 ? orderBases(kernel, options.baseOrder) : kernel;
    const convolved = convolution1d(x, ordered, bias, { padding: pad === "same" ? "same" : 0, name });
    return relu(normalised(graph, convolved, `normalisation${index}`, kernels));
  };

  const tower = (graph: Graph, windows: Tensor): Tower => {
    const first = convolve(graph, windows, 1, padding);
    const second = convolve(
      graph,
      dropout(maxPool1d(first, { size: poolWidth }), options.convolutionDropout),
      2,
      padding,
    );
    const third = convolve(
      graph,
      dropout(maxPool1d(second, { size: poolWidth }), options.convolutionDropout),
      3,
      padding,
    );
    const inputs = positions * options.thirdKernels;
    const hiddenStart = layerStart(options.initialisation, inputs);
    const hidden = relu(
      normalised(
        graph,
        dense(
          flatten(dropout(third, options.dropout)),
          graph.parameter("dense.kernel", [inputs, options.dense], hiddenStart.kernel),
          graph.parameter("dense.bias", [options.dense], hiddenStart.bias),
        ),
        "denseNormalisation",
        options.dense,
      ),
    );
    const outputStart = layerStart(options.initialisation, options.dense);
    const samples = hidden.shape[0];
    return {
      logits: dense(
        hidden,
        graph.parameter("output.kernel", [options.dense, context.tasks], outputStart.kernel),
        graph.parameter("output.bias", [context.tasks], startAtShares(context.boundShare)),
      ),
      layers: { convolution1: first, convolution2: second, convolution3: third },
      ...(options.hiddenPenalty > 0 &&
        typeof samples === "number" && {
          penalty: multiply(l1Penalty(hidden), options.hiddenPenalty / samples),
        }),
    };
  };
  return buildSequenceNetwork(options, context, tower, (graph, windows) =>
    convolve(graph, windows, 1, "valid"),
  );
}
