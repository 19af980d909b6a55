import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";

interface Span {
  readonly size: number;
}

const runningMaximumOperator: Operator<Span> = {
  name: "runningMaximum",
  infer([x], { size }) {
    const length = x[x.length - 1];
    if (length === undefined || isFree(length) || !(size >= 1) || length < size)
      throw new ShapeError(`at least ${size} positions on the last axis`);
    return [[...x.slice(0, -1), length - size + 1]];
  },
  emit(emitter, node) {
    const { size } = node.attributes;
    const [x] = node.inputs;
    const axis = x.rank - 1;
    const last = emitter.integers([axis]);
    const zero = emitter.integers([0]);
    // Maxima over 2, 4, 8, ... positions are made from each other: the work grows with the logarithm of the size,
    // where MaxPool with stride 1 compares `size` values for each.
    let name = emitter.name(x);
    let length = x.shape[axis] as number;
    const join = (by: number, outputs: readonly string[] | number) => {
      const [here] = emitter.node("Slice", [name, zero, emitter.integers([length - by]), last]);
      const [there] = emitter.node("Slice", [name, emitter.integers([by]), emitter.integers([length]), last]);
      [name] = emitter.node("Max", [here, there], {}, outputs);
      length -= by;
    };
    const done = emitter.names(node.outputs);
    let width = 1;
    for (; 2 * width < size; width *= 2) join(width, 1);
    if (size > 1) join(size - width, done);
    else emitter.node("Identity", [name], {}, done);
  },
  evaluate([x], { size }, [shape]) {
    const length = x.shape[x.shape.length - 1];
    const kept = shape[shape.length - 1];
    const result = new Float64Array((x.data.length / length) * kept);
    for (let i = 0; i < result.length; i++) {
      const from = Math.floor(i / kept) * length + (i % kept);
      result[i] = Math.max(...x.data.subarray(from, from + size));
    }
    return [result];
  },
};

/**
 * The largest value of every `size` neighbouring positions, at every position: max-pooling with stride 1. Has no
 * gradient: it serves prediction.
 * @param x [..., positions]
 * @returns [..., positions - size + 1]
 */
export function runningMaximum(
  x: Tensor,
  options: { readonly size: number; readonly name?: string },
): Tensor {
  const { size, name = "runningMaximum" } = options;
  return applyOperator(runningMaximumOperator, [x], { size }, name)[0];
}
