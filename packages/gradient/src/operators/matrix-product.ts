import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastShapes, type Shape, sameDimension } from "../shape.js";
import { broadcastStrides, forEachOffset, sumTo } from "./broadcasting.js";

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const swapLast = (shape: Shape): Shape => [
  ...shape.slice(0, -2),
  shape[shape.length - 1],
  shape[shape.length - 2],
];

const matrixProductOperator: Operator<Transposed> = {
  name: "matrixProduct",
  infer([shapeA, shapeB], { transposeA, transposeB }) {
    const needs = `matrices whose inner lengths agree${transposeA || transposeB ? " once transposed" : ""}`;
    if (shapeA.length < 2 || shapeB.length < 2) throw new ShapeError(needs);
    const a = transposeA ? swapLast(shapeA) : shapeA;
    const b = transposeB ? swapLast(shapeB) : shapeB;
    const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    if (batch === null || !sameDimension(a[a.length - 1], b[b.length - 2])) throw new ShapeError(needs);
    return [[...batch, a[a.length - 2], b[b.length - 1]]];
  },
  emit(emitter, node) {
    const { transposeA, transposeB } = node.attributes;
    const names = emitter.names(node.inputs);
    if (node.inputs.every((input) => input.rank === 2)) {
      emitter.simple("Gemm", node, {
        transA: { integer: transposeA ? 1 : 0 },
        transB: { integer: transposeB ? 1 : 0 },
      });
      return;
    }
    // ONNX Runtime fuses these transpositions into the product (FusedMatMul).
    const [a, b] = names.map((name, i) => {
      if (!(i === 0 ? transposeA : transposeB)) return name;
      const rank = node.inputs[i].rank;
      const order = Array.from({ length: rank }, (_, axis) => axis);
      order.push(order.splice(rank - 2, 1)[0]);
      return emitter.node("Transpose", [name], { perm: { integers: order } })[0];
    });
    emitter.node("MatMul", [a, b], {}, emitter.names(node.outputs));
  },
  evaluate([a, b], { transposeA, transposeB }, [shape]) {
    const rows = shape[shape.length - 2];
    const columns = shape[shape.length - 1];
    const inner = a.shape[a.shape.length - (transposeA ? 2 : 1)];
    const batch = shape.slice(0, -2);
    const result = new Float64Array(shape.reduce((x, y) => x * y, 1));
    const strides = [
      broadcastStrides(a.shape.slice(0, -2), batch),
      broadcastStrides(b.shape.slice(0, -2), batch),
    ];
    forEachOffset(batch, strides, (index, [offsetA, offsetB]) => {
      const fromA = offsetA * rows * inner;
      const fromB = offsetB * inner * columns;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let k = 0; k < inner; k++) {
            sum +=
              a.data[fromA + (transposeA ? k * rows + i : i * inner + k)] *
              b.data[fromB + (transposeB ? j * inner + k : k * columns + j)];
          }
          result[(index * rows + i) * columns + j] = sum;
        }
      }
    });
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return [null, null];
    const [a, b] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    const forA = () =>
      transposeA
        ? matrixProduct(b, gradient, { transposeA: transposeB, transposeB: true })
        : matrixProduct(gradient, b, { transposeB: !transposeB });
    const forB = () =>
      transposeB
        ? matrixProduct(gradient, a, { transposeA: true, transposeB: transposeA })
        : matrixProduct(a, gradient, { transposeA: !transposeA });
    return [needed[0] ? sumTo(forA(), a.shape) : null, needed[1] ? sumTo(forB(), b.shape) : null];
  },
};

/** a b over the last two axes, either of them transposed first; leading axes are broadcast. */
export function matrixProduct(
  a: Tensor,
  b: Tensor,
  options: Partial<Transposed> = {},
  label?: string,
): Tensor {
  const attributes = { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false };
  return applyOperator(matrixProductOperator, [a, b], attributes, label)[0];
}
