import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, type ReferenceTensor, ShapeError } from "../operator.js";
import { isFree, product, type Shape, sameShape } from "../shape.js";
import { multiply } from "./arithmetic.js";
import { gather, scatterAdd } from "./gather.js";
import { matrixProduct } from "./matrix-product.js";
import { reshape } from "./reshape.js";

function infer([indices, counts, table]: readonly Shape[]): readonly Shape[] {
  if (indices.length !== 2 || !sameShape(indices, counts) || isFree(indices[1]))
    throw new ShapeError("indices and counts of one shape [N, entries]");
  if (table.length !== 2 || table.some(isFree))
    throw new ShapeError("a table [features, outputs] of fixed size");
  return [[indices[0], table[1]]];
}

/** Calls `visit` with each entry's sample, feature and count. */
function forEachEntry(
  [indices, counts, table]: readonly ReferenceTensor[],
  visit: (sample: number, feature: number, entry: number) => void,
): void {
  indices.data.forEach((feature, entry) => {
    if (!(Number.isInteger(feature) && feature >= 0 && feature < table.shape[0]))
      throw new RangeError(`feature ${feature} of ${table.shape[0]}`);
    if (counts.data[entry] !== 0) visit(Math.floor(entry / indices.shape[1]), feature, entry);
  });
}

const sparseBagOperator: Operator<null> = {
  name: "sparseBag",
  infer,
  emit(emitter, node) {
    const [indices, counts, table] = emitter.names(node.inputs);
    const [whole] = emitter.node("Cast", [indices], { to: { integer: 6 } });
    const [rows] = emitter.node("Gather", [table, whole], { axis: { integer: 0 } });
    const [weights] = emitter.node("Unsqueeze", [counts, emitter.integers([1])]);
    const [sums] = emitter.node("MatMul", [weights, rows]);
    emitter.node("Squeeze", [sums, emitter.integers([1])], {}, emitter.names(node.outputs));
  },
  evaluate(inputs, _attributes, [shape]) {
    const [, counts, table] = inputs;
    const result = new Float64Array(product(shape));
    const columns = shape[1];
    forEachEntry(inputs, (sample, feature, entry) => {
      for (let j = 0; j < columns; j++)
        result[sample * columns + j] += counts.data[entry] * table.data[feature * columns + j];
    });
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return [null, null, null];
    const [indices, counts, table] = node.inputs;
    const [samples, entries] = counts.shape;
    const [features, columns] = table.shape as readonly number[];
    const each = reshape(gradient, [samples, 1, columns]);
    const forCounts = () =>
      reshape(matrixProduct(each, gather(table, indices), { transposeB: true }), counts.shape);
    const forTable = () =>
      scatterAdd(multiply(reshape(counts, [samples, entries, 1]), each), indices, { length: features });
    return [null, needed[1] ? forCounts() : null, needed[2] ? forTable() : null];
  },
};

/**
 * A dense layer of inputs that are nearly all zero, given as the features that are not: sum(count x the feature's
 * row). The dense input is never made. In training steps that update parameters in memory, where indices and counts are
 * inputs and the table is a parameter, this and its gradient are computed outside the graph and touch only the rows
 * that occur in the batch.
 * @param indices [N, entries], whole numbers from 0 to features - 1, exact in float32 up to 2^24
 * @param counts [N, entries]; 0 fills up samples with fewer entries, whatever their index
 * @param table [features, outputs]
 * @returns [N, outputs]
 */
export function sparseBag(
  indices: Tensor,
  counts: Tensor,
  table: Tensor,
  options: { readonly name?: string } = {},
): Tensor {
  const { name = "sparseBag" } = options;
  const { graph } = table;
  const output = applyOperator(sparseBagOperator, [indices, counts, table], null, name)[0];
  const canLeave =
    graph.liftsBags &&
    indices.source?.kind === "input" &&
    counts.source?.kind === "input" &&
    table.source?.kind === "parameter" &&
    table.source.trainable;
  if (!canLeave) return output;
  const lifted = graph.leaf(output.shape, { kind: "input", name });
  graph.bags.push({ output: lifted, indices, counts, table });
  return lifted;
}
