import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { addDimensions, isFree, sameDimension } from "../shape.js";
import { reshape } from "./reshape.js";

interface Axis {
  readonly axis: number;
}

const concatenateOperator: Operator<Axis> = {
  name: "concatenate",
  infer(inputs, { axis }) {
    const first = inputs[0];
    for (const shape of inputs) {
      const fits =
        shape.length === first.length &&
        shape.every(
          (length, i) =>
            sameDimension(length, first[i]) || (i === axis && isFree(length) === isFree(first[i])),
        );
      if (!fits || axis >= first.length) throw new ShapeError(`shapes that differ on axis ${axis} only`);
    }
    const length = inputs.slice(1).reduce((sum, shape) => addDimensions(sum, shape[axis]), first[axis]);
    return [first.map((old, i) => (i === axis ? length : old))];
  },
  emit(emitter, node) {
    emitter.concatenate(emitter.names(node.inputs), node.attributes.axis, emitter.name(node.outputs[0]));
  },
  evaluate(inputs, { axis }, [shape]) {
    const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
    const result = new Float64Array(shape.reduce((a, b) => a * b, 1));
    let at = 0;
    for (let i = 0; i < outer; i++) {
      for (const input of inputs) {
        const block = input.data.length / outer;
        result.set(input.data.subarray(i * block, (i + 1) * block), at);
        at += block;
      }
    }
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const { axis } = node.attributes;
    const lengths = node.inputs.map((input) => input.shape[axis]);
    if (lengths.some(isFree))
      throw new Error("concatenation along the batch axis has no gradient; stack instead");
    const parts = split(gradient, axis, lengths as number[]);
    return parts.map((part, i) => (needed[i] ? part : null));
  },
};

/** The tensors one after another along an axis. */
export function concatenate(inputs: readonly Tensor[], axis: number): Tensor {
  return inputs.length === 1 ? inputs[0] : applyOperator(concatenateOperator, inputs, { axis })[0];
}

interface Pieces {
  readonly axis: number;
  readonly lengths: readonly number[];
}

const splitOperator: Operator<Pieces> = {
  name: "split",
  infer([x], { axis, lengths }) {
    const total = lengths.reduce((a, b) => a + b, 0);
    if (x[axis] !== total)
      throw new ShapeError(`${total} entries on axis ${axis}, to split into ${lengths.join(" + ")}`);
    return lengths.map((length) => x.map((old, i) => (i === axis ? length : old)));
  },
  emit(emitter, node) {
    const { axis, lengths } = node.attributes;
    emitter.split(emitter.name(node.inputs[0]), axis, lengths, emitter.names(node.outputs));
  },
  evaluate([x], { axis, lengths }) {
    const outer = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
    const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const parts = lengths.map((length) => new Float64Array(outer * length * inner));
    let at = 0;
    for (let i = 0; i < outer; i++) {
      lengths.forEach((length, k) => {
        parts[k].set(x.data.subarray(at, at + length * inner), i * length * inner);
        at += length * inner;
      });
    }
    return parts;
  },
  gradient(node, gradients) {
    if (gradients.every((gradient) => gradient === null)) return [null];
    const graph = node.inputs[0].graph;
    const parts = gradients.map((gradient, i) => {
      if (gradient) return gradient;
      const { shape } = node.outputs[i];
      if (shape.some(isFree)) throw new Error("an unused part of a split along with a free batch axis");
      const fixed = shape as readonly number[];
      return graph.constant(new Float32Array(fixed.reduce((a, b) => a * b, 1)), fixed);
    });
    return [concatenate(parts, node.attributes.axis)];
  },
};

/** Cuts an axis into pieces of the given lengths. */
export function split(x: Tensor, axis: number, lengths: readonly number[]): readonly Tensor[] {
  return lengths.length === 1 && lengths[0] === x.shape[axis]
    ? [x]
    : applyOperator(splitOperator, [x], { axis, lengths });
}

/** Tensors of one shape side by side along a new axis. */
export function stack(inputs: readonly Tensor[], axis: number): Tensor {
  return concatenate(
    inputs.map((input) => reshape(input, [...input.shape.slice(0, axis), 1, ...input.shape.slice(axis)])),
    axis,
  );
}
