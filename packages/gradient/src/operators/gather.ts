import { applyOperator, misfit, type Tensor } from "../graph.js";
import { type Operator, type ReferenceTensor, ShapeError } from "../operator.js";
import { type Dimension, elementCount, formatShape, isFree, product, type Shape } from "../shape.js";
import { add, multiply, subtract } from "./arithmetic.js";
import { expand } from "./expand.js";
import { reshape } from "./reshape.js";

// Indices are ordinary float32 tensors of whole numbers, so that they can be inputs of a graph like everything else;
// they are exact up to 2^24. No gradient goes to them.

interface Taking {
  readonly axis: number;
}

const countFree = (shape: Shape) => shape.filter(isFree).length;

const gatherOperator: Operator<Taking> = {
  name: "gather",
  infer([x, indices], { axis }) {
    if (x[axis] === undefined || isFree(x[axis])) throw new ShapeError(`a fixed axis ${axis} to take from`);
    const shape = [...x.slice(0, axis), ...indices, ...x.slice(axis + 1)];
    if (countFree(shape) > 1) throw new ShapeError("a free batch axis in the values or in the indices only");
    return [shape];
  },
  emit(emitter, node) {
    const [x, indices] = emitter.names(node.inputs);
    // 32 bits: kernels of WebGPU have no wider whole numbers.
    const [whole] = emitter.node("Cast", [indices], { to: { integer: 6 } });
    const { axis } = node.attributes;
    emitter.node("Gather", [x, whole], { axis: { integer: axis } }, emitter.names(node.outputs));
  },
  evaluate([x, indices], { axis }, [shape]) {
    const length = x.shape[axis];
    const inner = product(x.shape.slice(axis + 1));
    const result = new Float64Array(product(shape));
    forEachIndex(x.shape[axis], indices, (at, i) => {
      for (let outer = 0; outer < product(x.shape.slice(0, axis)); outer++) {
        const from = (outer * length + at) * inner;
        const to = (outer * indices.data.length + i) * inner;
        result.set(x.data.subarray(from, from + inner), to);
      }
    });
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient || !needed[0]) return [null, null];
    const [x, indices] = node.inputs;
    const { axis } = node.attributes;
    return [scatterAdd(gradient, indices, { axis, length: x.shape[axis] as number }), null];
  },
};

/** Calls `visit` with each index and its number. */
function forEachIndex(
  length: number,
  indices: ReferenceTensor,
  visit: (at: number, index: number) => void,
): void {
  indices.data.forEach((at, i) => {
    if (!(Number.isInteger(at) && at >= 0 && at < length))
      throw new RangeError(`index ${at} on an axis of length ${length}`);
    visit(at, i);
  });
}

/**
 * Entries of one axis by their numbers.
 * @param x axis `axis` has the fixed length R
 * @param indices any shape; whole numbers from 0 to R - 1 (a run with others fails)
 * @returns x's shape with that of the indices in place of the axis
 */
export function gather(x: Tensor, indices: Tensor, axis = 0, name = "gather"): Tensor {
  return applyOperator(gatherOperator, [x, indices], { axis }, name)[0];
}

/** Rows of a table by their numbers. @param x [R, columns] @returns [...shape of rows, columns] */
export function gatherRows(x: Tensor, rows: Tensor): Tensor {
  checkTable(x, rows, "gatherRows", "gatherRows");
  return gather(x, rows, 0, "gatherRows");
}

/** Throws unless `x` is a table [rows, columns] of fixed size. */
function checkTable(x: Tensor, indices: Tensor, operator: string, label: string): void {
  if (x.rank !== 2 || x.shape.some(isFree))
    throw misfit(operator, [x, indices], "a table [rows, columns] of fixed size", label);
}

/**
 * Rows of a table of learned vectors, as an embedding layer looks them up.
 * @param indices any shape; whole numbers from 0 to R - 1, exact in float32 up to 2^24
 * @param table [R, channels]
 * @returns [...shape of indices, channels]
 */
export function embedding(indices: Tensor, table: Tensor, options: { readonly name?: string } = {}): Tensor {
  const { name = "embedding" } = options;
  checkTable(table, indices, "embedding", name);
  return gather(table, indices, 0, name);
}

interface Placing extends Taking {
  readonly length: number;
  /** The rank of the indices, which stand in place of the axis. */
  readonly rank: number;
}

/** Up to this length an axis is filled by a product with the indices as rows of 0 and 1. */
const longestProduct = 256;

const scatterOperator: Operator<Placing> = {
  name: "scatterAdd",
  infer([updates, indices], { axis, length, rank }) {
    const shape = [...updates.slice(0, axis), length, ...updates.slice(axis + rank)];
    const found = updates.slice(axis, axis + rank);
    if (rank !== indices.length || formatShape(found) !== formatShape(indices))
      throw new ShapeError(
        "values whose axes, from the one that is filled on, begin with those of the indices",
      );
    if (!(Number.isSafeInteger(length) && length >= 1)) throw new ShapeError("a length of at least 1");
    return [shape];
  },
  emit(emitter, node) {
    const { axis, length, rank } = node.attributes;
    const [updates, indices] = emitter.names(node.inputs);
    const shape = node.inputs[0].shape;
    // [before, indices, behind]: -1 stands for what the batch makes free.
    const fixed = (part: Shape) => {
      const count = elementCount(part);
      return isFree(count) ? -1 : count;
    };
    const before = fixed(shape.slice(0, axis));
    const taken = fixed(shape.slice(axis, axis + rank));
    const behind = fixed(shape.slice(axis + rank));
    const [blocks] = emitter.node("Reshape", [updates, emitter.integers([before, taken, behind])]);
    const target = emitter.integers(node.outputs[0].shape.map((size) => (isFree(size) ? -1 : size)));
    if (length <= longestProduct) {
      // Small tables: rows of 0 and 1 times the values, on every device, in the same order every time.
      const column = emitter.node("Reshape", [indices, emitter.integers([1, -1])])[0];
      const numbers = emitter.temporary();
      emitter.floats(
        numbers,
        [length, 1],
        Float32Array.from({ length }, (_, i) => i),
      );
      const [hit] = emitter.node("Equal", [column, numbers]);
      const [rows] = emitter.node("Cast", [hit], { to: { integer: 1 } });
      const [sums] = emitter.node("MatMul", [rows, blocks]);
      emitter.node("Reshape", [sums, target], {}, emitter.names(node.outputs));
      return;
    }
    // ScatterElements adds on one thread, in the order of the indices: the same sums every time.
    const [whole] = emitter.node("Cast", [indices], { to: { integer: 7 } });
    const [column] = emitter.node("Reshape", [whole, emitter.integers([1, -1, 1])]);
    const [sizes] = emitter.node("Shape", [blocks]);
    const ends = [emitter.integers([0]), emitter.integers([1]), emitter.integers([2]), emitter.integers([3])];
    const [outer] = emitter.node("Slice", [sizes, ends[0], ends[1]]);
    const [inner] = emitter.node("Slice", [sizes, ends[2], ends[3]]);
    const [filled] = emitter.node("Concat", [outer, emitter.integers([length]), inner], {
      axis: { integer: 0 },
    });
    const [everywhere] = emitter.node("Expand", [column, sizes]);
    const [zeros] = emitter.node("Expand", [emitter.scalar(0), filled]);
    const [sums] = emitter.node("ScatterElements", [zeros, everywhere, blocks], {
      axis: { integer: 1 },
      reduction: { text: "add" },
    });
    emitter.node("Reshape", [sums, target], {}, emitter.names(node.outputs));
  },
  evaluate([updates, indices], { axis, length }, [shape]) {
    const result = new Float64Array(product(shape));
    const inner = product(shape.slice(axis + 1));
    forEachIndex(length, indices, (at, i) => {
      for (let outer = 0; outer < product(shape.slice(0, axis)); outer++) {
        const from = (outer * indices.data.length + i) * inner;
        for (let j = 0; j < inner; j++) result[(outer * length + at) * inner + j] += updates.data[from + j];
      }
    });
    return [result];
  },
  gradient(node, [gradient], needed) {
    return [gradient && needed[0] ? gather(gradient, node.inputs[1], node.attributes.axis) : null, null];
  },
};

/**
 * Values summed at the numbers that `indices` gives: the adjoint of {@link gather}. Where no index points stands 0.
 * @param updates from axis `axis` on its axes begin with those of the indices
 * @param indices whole numbers from 0 to `length` - 1 (a run with others fails, or leaves them out)
 * @returns the shape of `updates` with one axis of `length` in place of those of the indices
 */
export function scatterAdd(
  updates: Tensor,
  indices: Tensor,
  options: { readonly axis?: number; readonly length: number; readonly name?: string },
): Tensor {
  const { axis = 0, length, name = "scatterAdd" } = options;
  const attributes = { axis, length, rank: indices.rank };
  return applyOperator(scatterOperator, [updates, indices], attributes, name)[0];
}

/**
 * `x` with other entries at the numbers that `indices` gives.
 * @param indices each number at most once (entries named twice would be summed)
 * @param updates the shape that {@link gather} would give
 */
export function scatter(x: Tensor, indices: Tensor, updates: Tensor, axis = 0, name = "scatter"): Tensor {
  const length = x.shape[axis];
  if (length === undefined || isFree(length))
    throw misfit("scatter", [x, indices, updates], `a fixed axis ${axis}`, name);
  const placed = scatterAdd(updates, indices, { axis, length, name });
  const ones = expand(x.graph.scalar(1), indices);
  const taken = scatterAdd(ones, indices, { axis: 0, length, name });
  const along: Dimension[] = x.shape.map((_, i) => (i === axis ? length : 1));
  return add(multiply(x, reshape(subtract(1, taken), along)), placed);
}
