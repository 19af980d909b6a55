import { orderNodes, type Tensor } from "../graph.js";
import { elementCount, isFree } from "../shape.js";

/** What a graph with a free batch costs: a fixed part, and a part for each sample. */
export interface Work {
  /** Multiplications, other nodes' values counted as some each. */
  readonly fixed: number;
  readonly perSample: number;
  /** Values of the largest tensor that does not grow with the batch, and of the largest that does, for each sample. */
  readonly largestFixed: number;
  readonly largestPerSample: number;
}

/**
 * What a value costs that is no sum of products: reading and writing memory takes about as long as this many
 * multiplications of a matrix product.
 */
const WORK_A_VALUE = 8;

/** Multiplications for one value of a node's output. */
function workOfValue(
  name: string,
  inputs: readonly Tensor[],
  attributes: unknown,
  countsRecurrent: boolean,
): number {
  const length = (tensor: Tensor, axis: number) => {
    const found = tensor.shape[axis];
    return isFree(found) ? found.multiple : found;
  };
  switch (name) {
    case "reshape":
      return 0;
    case "convolution1d":
      return length(inputs[1], 1) * length(inputs[1], 2) + WORK_A_VALUE;
    case "convolutionTranspose1d":
      return length(inputs[1], 0) * length(inputs[1], 2) + WORK_A_VALUE;
    case "lstm":
    case "lstmFrom":
      if (!countsRecurrent) return WORK_A_VALUE;
      return 4 * (length(inputs[0], 2) + length(inputs[2], 2)) + WORK_A_VALUE;
    case "gru":
      if (!countsRecurrent) return WORK_A_VALUE;
      return 3 * (length(inputs[0], 2) + length(inputs[2], 2)) + WORK_A_VALUE;
    case "matrixProduct": {
      const { transposeA } = attributes as { readonly transposeA: boolean };
      return length(inputs[0], inputs[0].rank - (transposeA ? 2 : 1)) + WORK_A_VALUE;
    }
    default:
      return WORK_A_VALUE;
  }
}

/**
 * Counts, from shapes, what computing `outputs` costs. What depends on no input is computed when a model is loaded.
 * @param countsRecurrent whether products within recurrent operators count: where two ways have the same ones they would
 *   only hide by how much the ways differ
 */
export function countWork(outputs: readonly Tensor[], countsRecurrent = false): Work {
  const work = { fixed: 0, perSample: 0, largestFixed: 0, largestPerSample: 0 };
  const varies = new Set<Tensor>();
  for (const node of orderNodes(outputs)) {
    if (!node.inputs.some((input) => varies.has(input) || input.source?.kind === "input")) continue;
    const each = workOfValue(node.operator.name, node.inputs, node.attributes, countsRecurrent);
    for (const output of node.outputs) {
      varies.add(output);
      const count = elementCount(output.shape);
      if (isFree(count)) {
        work.perSample += each * count.multiple;
        work.largestPerSample = Math.max(work.largestPerSample, count.multiple);
      } else {
        work.fixed += each * count;
        work.largestFixed = Math.max(work.largestFixed, count);
      }
    }
  }
  return work;
}
