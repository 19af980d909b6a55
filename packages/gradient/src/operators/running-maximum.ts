import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";

interface Span {
  readonly size: number;
  /** Positions from one that is compared to the next. */
  readonly distance: number;
}

const runningMaximumOperator: Operator<Span> = {
  name: "runningMaximum",
  infer([x], { size, distance }) {
    const length = x[x.length - 1];
    const span = (size - 1) * distance + 1;
    if (length === undefined || isFree(length) || !(size >= 1) || !(distance >= 1) || length < span)
      throw new ShapeError(`at least ${span} positions on the last axis`);
    return [[...x.slice(0, -1), length - span + 1]];
  },
  emit(emitter, node) {
    const { size, distance } = node.attributes;
    const [x] = node.inputs;
    const axis = x.rank - 1;
    const last = emitter.integers([axis]);
    const zero = emitter.integers([0]);
    // Maxima over 2, 4, 8, ... positions are made from each other: the work grows with the logarithm of the size,
    // where MaxPool with stride 1 compares `size` values for each.
    let name = emitter.name(x);
    let length = x.shape[axis] as number;
    const join = (steps: number, outputs: readonly string[] | number) => {
      const by = steps * distance;
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
  evaluate([x], { size, distance }, [shape]) {
    const length = x.shape[x.shape.length - 1];
    const kept = shape[shape.length - 1];
    const result = new Float64Array((x.data.length / length) * kept);
    for (let i = 0; i < result.length; i++) {
      const from = Math.floor(i / kept) * length + (i % kept);
      const values = Array.from({ length: size }, (_, k) => x.data[from + k * distance]);
      result[i] = Math.max(...values);
    }
    return [result];
  },
};

/**
 * The largest value of every `size` neighbouring positions, at every position: max-pooling with stride 1. Has no
 * gradient: it serves prediction.
 * @param x [..., positions]
 * @param options `distance`: of the positions that are compared, from one to the next; default 1
 * @returns [..., positions - distance (size - 1)]
 */
export function runningMaximum(
  x: Tensor,
  options: { readonly size: number; readonly distance?: number; readonly name?: string },
): Tensor {
  const { size, distance = 1, name = "runningMaximum" } = options;
  return applyOperator(runningMaximumOperator, [x], { size, distance }, name)[0];
}
