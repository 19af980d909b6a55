import { type Node, orderNodes, type Tensor } from "../graph.js";
import { product } from "../shape.js";

/** Values of tensors that depend on weights alone. */
export type KnownValues = (tensor: Tensor) => Float32Array | null;

type Rearrange = (node: Node, values: readonly Float32Array[]) => Float32Array;

const lengthsOf = ({ shape }: Tensor) => shape as readonly number[];

/** Copies blocks of neighbouring values: block `i` of the result is block `from[i]`. */
function copyBlocks(values: Float32Array, block: number, from: ArrayLike<number>): Float32Array {
  const result = new Float32Array(from.length * block);
  if (block === 1) {
    for (let i = 0; i < from.length; i++) result[i] = values[from[i]];
    return result;
  }
  for (let i = 0; i < from.length; i++)
    result.set(values.subarray(from[i] * block, (from[i] + 1) * block), i * block);
  return result;
}

/** Entries of one axis at some indices. */
function take(
  values: Float32Array,
  shape: readonly number[],
  axis: number,
  at: ArrayLike<number>,
): Float32Array {
  const block = product(shape.slice(axis + 1));
  const outer = product(shape.slice(0, axis));
  const from = new Int32Array(outer * at.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < at.length; i++) from[o * at.length + i] = o * shape[axis] + at[i];
  return copyBlocks(values, block, from);
}

function transposed(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  let kept = order.length;
  while (kept > 0 && order[kept - 1] === kept - 1) kept--;
  const block = product(shape.slice(kept));
  const strides = shape.slice(0, kept).map((_, axis) => product(shape.slice(axis + 1, kept)));
  let from = Int32Array.of(0);
  for (const axis of order.slice(0, kept)) {
    const next = new Int32Array(from.length * shape[axis]);
    for (let i = 0; i < from.length; i++)
      for (let k = 0; k < shape[axis]; k++) next[i * shape[axis] + k] = from[i] + k * strides[axis];
    from = next;
  }
  return copyBlocks(values, block, from);
}

/** What only moves values about. */
const rearrange: Readonly<Record<string, Rearrange>> = {
  reshape: (_node, [x]) => x,
  transpose: (node, [x]) =>
    transposed(
      x,
      lengthsOf(node.inputs[0]),
      (node.attributes as { readonly order: readonly number[] }).order,
    ),
  slice: (node, [x]) => {
    const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
    const shape = lengthsOf(node.inputs[0]);
    const block = product(shape.slice(axis + 1));
    if (product(shape.slice(0, axis)) === 1) return x.subarray(start * block, end * block);
    return take(
      x,
      shape,
      axis,
      Array.from({ length: end - start }, (_, i) => start + i),
    );
  },
  permute: (node, [x]) => {
    const { axis, order } = node.attributes as { axis: number; order: readonly number[] };
    return take(x, lengthsOf(node.inputs[0]), axis, order);
  },
  gather: (node, [x, at]) =>
    take(x, lengthsOf(node.inputs[0]), (node.attributes as { readonly axis: number }).axis, at),
  concatenate: (node, parts) => {
    const { axis } = node.attributes as { readonly axis: number };
    const outer = product(lengthsOf(node.inputs[0]).slice(0, axis));
    const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (const part of parts) {
        const block = part.length / outer;
        result.set(part.subarray(o * block, (o + 1) * block), to);
        to += block;
      }
    }
    return result;
  },
};

/**
 * Rearranges weights before a graph is written, which ONNX Runtime would do many copies at a time: for each tensor that
 * comes of weights and constants by moving values about, and that something else reads, its values.
 */
export function foldWeights(outputs: readonly Tensor[], known: KnownValues): Map<Tensor, Float32Array> {
  const nodes = orderNodes(outputs);
  const isFolded = new Set<Tensor>();
  const isKnown = (tensor: Tensor) => isFolded.has(tensor) || known(tensor) !== null;
  for (const node of nodes) {
    if (Object.hasOwn(rearrange, node.operator.name) && node.inputs.every(isKnown))
      isFolded.add(node.outputs[0]);
  }
  const values = new Map<Tensor, Float32Array>();
  const compute = (tensor: Tensor): Float32Array => {
    const there = known(tensor) ?? values.get(tensor);
    if (there) return there;
    const node = tensor.node!;
    const made = rearrange[node.operator.name](node, node.inputs.map(compute));
    values.set(tensor, made);
    return made;
  };
  const read = new Map<Tensor, Float32Array>();
  for (const node of nodes) {
    if (isFolded.has(node.outputs[0])) continue;
    for (const input of node.inputs) if (isFolded.has(input)) read.set(input, compute(input));
  }
  for (const output of outputs) if (isFolded.has(output)) read.set(output, compute(output));
  return read;
}
