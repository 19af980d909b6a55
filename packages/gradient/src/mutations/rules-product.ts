import type { Node, Tensor } from "../graph.js";
import { add } from "../operators/arithmetic.js";
import { stack } from "../operators/concatenate.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { type Block, type ChangedTensor, type FlatTensor, positionsOf, rowsOf } from "./changed-tensor.js";
import { blocksByRow } from "./channels.js";
import type { MutationContext } from "./mutation-context.js";
import { multiplyRecurrence } from "./recurrence.js";
import type { MutationRule } from "./rules.js";
import { sumByPosition } from "./sum-by-position.js";

/** Dense layers: of everything in a window, the unmutated window's result and what changes add; or of each position. */
export const matrixProductRule: MutationRule = (node, [x, other], context) => {
  if (!x || other) return null;
  const weights = weightsOf(node, context);
  if (weights === null) return null;
  if (x.kind === "flat") return [{ kind: "whole", tensor: multiplyFlat(x, weights, context) }];
  if (x.kind === "recurrent" && x.layout === "flat")
    return [{ kind: "whole", tensor: multiplyRecurrence(x.recurrence, weights, context) }];
  if (x.kind === "interval") return multiplyEach(node, x, weights, context);
  return null;
};

/** The constant matrix [inputs, outputs] on the right, or null. */
function weightsOf({ inputs, attributes }: Node, context: MutationContext): Tensor | null {
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  const weights = context.constantOf(inputs[1]);
  if (weights === null || transposeA || weights.rank !== 2) return null;
  return transposeB ? transpose(weights, [1, 0]) : weights;
}

function multiplyFlat(
  { source, before, behind }: FlatTensor,
  weights: Tensor,
  context: MutationContext,
): Tensor {
  const positions = positionsOf(source);
  const outputs = weights.shape[1] as number;
  const rows = rowsOf(source);
  const channels = before * behind;
  const apart = reshape(weights, [before, positions, behind, outputs]);
  const byPosition = reshape(transpose(apart, [1, 0, 2, 3]), [positions, channels, outputs]);
  const byRow = blocksByRow(source, context);
  const cut = { ...source, blocks: byRow.flat() };
  const base = context.baseRows(source);
  const parts = byRow.map((blocks, row) => {
    const unmutated = slice(base, { axis: 1, start: row * channels, end: (row + 1) * channels });
    const products = matrixProduct(reshape(unmutated, [positions, 1, channels]), byPosition);
    let sum = reshape(reduceSum(products, [0]), [1, outputs]);
    let start = 0;
    for (const block of blocks) {
      const own = slice(byPosition, { axis: 1, start, end: start + block.channels });
      start += block.channels;
      const change = reshape(context.changeOf(cut, block), [context.mutants * source.span, block.channels]);
      const added = sumByPosition(change, own, {
        rows: context.mutants,
        terms: source.span,
        find: (mutant, j) => {
          const position = block.starts[Math.floor(mutant / context.sites.alternatives)] + j;
          const isInside = position >= 0 && position < positions;
          return isInside ? { row: mutant * source.span + j, position } : null;
        },
        graph: context.graph,
      });
      sum = add(added, sum);
    }
    return sum;
  });
  return reshape(stack(parts, 1), [context.mutants * rows, outputs]);
}

/** The same matrix for the channels of every position. */
function multiplyEach(node: Node, x: ChangedTensor, weights: Tensor, context: MutationContext) {
  const last = x.original.rank - 1;
  const [inputs, outputs] = weights.shape as readonly number[];
  if (x.positionAxis === last || x.batchAxis === last) return null;
  if (x.blocks.some(({ channels }) => channels % inputs !== 0)) return null;
  const { siteCount, sites, mutants } = context;
  const blocks = x.blocks.map((block): Block => {
    const rows = block.channels / inputs;
    const flat = reshape(context.changeOf(x, block), [mutants * x.span * rows, inputs]);
    const change = matrixProduct(flat, weights, {}, node.label);
    return {
      starts: block.starts,
      channels: rows * outputs,
      values: null,
      change: reshape(change, [siteCount, sites.alternatives, x.span, rows * outputs]),
    };
  });
  return [{ ...x, original: node.outputs[0], blocks }];
}
