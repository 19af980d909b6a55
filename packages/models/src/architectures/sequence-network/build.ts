import {
  add,
  type Build,
  binaryCrossEntropyFromLogits,
  bothStrands,
  concatenate,
  type Graph,
  meanOverStrands,
  permute,
  repeatForStrands,
  sigmoid,
  split,
  type Tensor,
} from "@bindscape/gradient";
import { countChannels } from "@bindscape/study";
import type { NetworkContext } from "../../model-definition.js";
import type { NetworkStrands } from "../../network/network-strands.js";
import { reverseComplementChannels } from "../../strand-tracks.js";
import { channelsOf } from "./options.js";

/** What a network makes of windows, each strand for itself. */
export interface Tower {
  /** [samples, tasks] */
  readonly logits: Tensor;
  /** Activations on the way to the logits, for attributions by layer. */
  readonly layers: Readonly<Record<string, Tensor>>;
  /** A scalar that is added to the loss in training. */
  readonly penalty?: Tensor;
}

/**
 * A network that looks at each strand by itself: its tower, the strands it is shown (see {@link NetworkStrands}), and
 * the cross-entropy of all labels that are there.
 * @param kernelActivations first-layer activations without padding, for kernel motifs
 */
export function buildSequenceNetwork(
  options: { readonly windowLength: number; readonly strands: NetworkStrands },
  context: NetworkContext,
  tower: (graph: Graph, windows: Tensor) => Tower,
  kernelActivations: (graph: Graph, windows: Tensor) => Tensor,
): Build {
  const { plan, tasks } = context;
  const permutation = reverseComplementChannels(plan);
  return (graph) => {
    const windows = graph.input("windows", [graph.batch, countChannels(plan), options.windowLength]);
    const isTraining = graph.phase === "training";
    const both = options.strands === "mean" || (options.strands === "separate" && isTraining);
    const { logits, layers, penalty } = tower(graph, both ? bothStrands(windows, permutation) : windows);
    const forStrands = (x: Tensor) => (both ? repeatForStrands(x) : x);
    const entropy = binaryCrossEntropyFromLogits(
      logits,
      forStrands(graph.input("labels", [graph.batch, tasks])),
      forStrands(graph.input("weights", [graph.batch, tasks])),
    );
    // A training step computes and copies every output it is given, so it is given none.
    const outputs: Record<string, Tensor> = {};
    if (!isTraining) {
      outputs.probability = both ? meanOverStrands(sigmoid(logits)) : sigmoid(logits);
      outputs.logit = both ? meanOverStrands(logits) : logits;
      Object.assign(outputs, layers);
      outputs.kernels = kernelActivations(graph, bothStrands(windows, permutation));
    }
    return { outputs, loss: penalty ? add(entropy, penalty) : entropy };
  };
}

/**
 * The first convolution's kernel for windows whose bases stand in the order A, C, G, T, where its own channels have
 * another order.
 * @param kernel [kernels, channels, width], bases first
 */
export function orderBases(kernel: Tensor, baseOrder: string): Tensor {
  if (baseOrder === "ACGT") return kernel;
  const own = channelsOf(baseOrder);
  const order = [0, 1, 2, 3].map((base) => own.indexOf(base));
  const tracks = (kernel.shape[1] as number) - 4;
  if (tracks === 0) return permute(kernel, 1, order);
  const [bases, others] = split(kernel, 1, [4, tracks]);
  return concatenate([permute(bases, 1, order), others], 1);
}
