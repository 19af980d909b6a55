import {
  type Build,
  bidirectionalLstm,
  convolution1d,
  dense,
  dropout,
  flatten,
  type Graph,
  lstmParameters,
  maxPool1d,
  relu,
  type Tensor,
  transpose,
} from "@bindscape/gradient";
import type { NetworkContext } from "../../model-definition.js";
import { buildSequenceNetwork, orderBases, type Tower } from "../sequence-network/build.js";
import { layerStart, startAtShares } from "../sequence-network/initial-values.js";
import { requirePositions } from "../sequence-network/receptive-field.js";
import { type DanQOptions, danQLayers } from "./options.js";
import { danQSeededBiases, danQSeededKernels } from "./seeding.js";

/**
 * DanQ (Quang and Xie 2016, Figure 1): convolution, max pooling, bidirectional LSTM, dense layer; AgentBind's variant
 * (Zheng et al. 2021, Methods, "Model architecture") has the same layers and one output.
 */
export function buildDanQ(options: DanQOptions, context: NetworkContext): Build {
  const steps = requirePositions("DanQ", danQLayers(options), options.windowLength);
  const { initialisation, kernels, kernelWidth, recurrent } = options;
  const start = (fanIn: number) => layerStart(initialisation, fanIn);

  const convolve = (graph: Graph, windows: Tensor, padding: "valid" | "same") => {
    const channels = windows.shape[1] as number;
    const first = start(channels * kernelWidth);
    const seeds = [options, context.motifs] as const;
    const kernel = graph.parameter(
      "convolution.kernel",
      [kernels, channels, kernelWidth],
      options.seedKernels ? danQSeededKernels(...seeds, first.kernel) : first.kernel,
    );
    const bias = graph.parameter(
      "convolution.bias",
      [kernels],
      options.seedKernels ? danQSeededBiases(...seeds, first.bias) : first.bias,
    );
    const ordered = orderBases(kernel, options.baseOrder);
    return relu(
      convolution1d(windows, ordered, bias, {
        padding: padding === "same" ? "same" : 0,
        name: "convolution",
      }),
    );
  };

  const tower = (graph: Graph, windows: Tensor): Tower => {
    const convolved = convolve(graph, windows, options.padding);
    const pooled = dropout(maxPool1d(convolved, { size: options.poolWidth }), options.convolutionDropout);
    let hidden = transpose(pooled, [0, 2, 1]);
    if (recurrent > 0) {
      hidden = bidirectionalLstm(
        hidden,
        lstmParameters(graph, "recurrent", { inputs: kernels, units: recurrent }),
      );
    }
    const inputs = steps * (recurrent > 0 ? 2 * recurrent : kernels);
    const hiddenStart = start(inputs);
    const top = relu(
      dense(
        flatten(dropout(hidden, options.dropout)),
        graph.parameter("dense.kernel", [inputs, options.dense], hiddenStart.kernel),
        graph.parameter("dense.bias", [options.dense], hiddenStart.bias),
      ),
    );
    return {
      logits: dense(
        dropout(top, options.denseDropout),
        graph.parameter("output.kernel", [options.dense, context.tasks], start(options.dense).kernel),
        graph.parameter("output.bias", [context.tasks], startAtShares(context.boundShare)),
      ),
      layers: { convolution1: convolved },
    };
  };
  return buildSequenceNetwork(options, context, tower, (graph, windows) => convolve(graph, windows, "valid"));
}
