import { applyOperator, type Tensor } from "../graph.js";
import type { OnnxEmitter } from "../onnx/emitter.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, type Shape } from "../shape.js";
import type { Convolution } from "./convolution1d-shape.js";

interface KernelGradient extends Convolution {
  readonly width: number;
}

const kernelGradientOperator: Operator<KernelGradient> = {
  name: "convolution1dKernelGradient",
  infer([x, gradient], { width, groups }) {
    if (isFree(x[1])) throw new ShapeError("channels of fixed length");
    return [[gradient[1], x[1] / groups, width]];
  },
  emit(emitter, node) {
    const { before, after, dilation, stride, groups, width } = node.attributes;
    const [x, gradient] = emitter.names(node.inputs);
    if (productsPay(node.inputs.map(({ shape }) => shape) as [Shape, Shape], node.attributes)) {
      emitProducts(
        emitter,
        [x, gradient],
        node.inputs[1].shape,
        node.attributes,
        emitter.names(node.outputs)[0],
      );
      return;
    }
    // With batch and channels swapped, the gradient's filters slide over the input: stride and dilation swap too.
    const swap = { perm: { integers: [1, 0, 2] } };
    const [input] =
      groups === 1
        ? emitter.node("Transpose", [x], swap)
        : groupsAsChannels(emitter, x, node.inputs[0].shape, groups);
    const [kernel] = emitter.node("Transpose", [gradient], swap);
    const [full] = emitter.node("Conv", [input, kernel], {
      pads: { integers: [before, after] },
      dilations: { integers: [stride] },
      strides: { integers: [dilation] },
      group: { integer: groups },
    });
    // Where the stride leaves input positions over at the end, the convolution finds more taps than there are.
    const [taps] = emitter.node("Slice", [
      full,
      emitter.integers([0]),
      emitter.integers([width]),
      emitter.integers([2]),
    ]);
    emitter.node("Transpose", [taps], swap, emitter.names(node.outputs));
  },
  evaluate([x, gradient], { before, dilation, stride, groups, width }) {
    const [batch, channels, positions] = x.shape;
    const [, filters, length] = gradient.shape;
    const inner = channels / groups;
    const result = new Float64Array(filters * inner * width);
    for (let n = 0; n < batch; n++) {
      for (let f = 0; f < filters; f++) {
        const first = n * channels + Math.floor(f / (filters / groups)) * inner;
        for (let c = 0; c < inner; c++) {
          for (let w = 0; w < width; w++) {
            let sum = 0;
            for (let p = 0; p < length; p++) {
              const at = p * stride + w * dilation - before;
              if (at < 0 || at >= positions) continue;
              sum += gradient.data[(n * filters + f) * length + p] * x.data[(first + c) * positions + at];
            }
            result[(f * inner + c) * width + w] += sum;
          }
        }
      }
    }
    return [result];
  },
};

/** Fewest input channels and filters for which one product a tap is faster than the convolution (docs/design/engine.md). */
const PRODUCTS_PAY_FROM = 64;

/**
 * Turned around, the convolution has as few output positions as the kernel has taps: with many channels its products are
 * too narrow to be fast.
 */
function productsPay([x, gradient]: readonly [Shape, Shape], convolution: KernelGradient): boolean {
  const { before, after, stride, groups } = convolution;
  const isPlain = groups === 1 && stride === 1 && before === 0 && after === 0;
  return isPlain && [x[1], gradient[1]].every((count) => !isFree(count) && count >= PRODUCTS_PAY_FROM);
}

/** For every tap one product over samples and positions: [filters, N L] x [N L, channels]. */
function emitProducts(
  emitter: OnnxEmitter,
  [x, gradient]: readonly [string, string],
  [, filters, length]: Shape,
  { width, dilation }: KernelGradient,
  output: string,
): void {
  const swap = { perm: { integers: [1, 0, 2] } };
  const flatten = (value: string) => emitter.node("Reshape", [value, emitter.integers([0, -1])])[0];
  const rows = flatten(emitter.node("Transpose", [gradient], swap)[0]);
  const [input] = emitter.node("Transpose", [x], swap);
  const taps = Array.from({ length: width }, (_, tap) => {
    const ends = [tap * dilation, tap * dilation + (length as number)].map((end) => emitter.integers([end]));
    const columns = flatten(emitter.node("Slice", [input, ...ends, emitter.integers([2])])[0]);
    const [turned] = emitter.node("Transpose", [columns], { perm: { integers: [1, 0] } });
    const [product] = emitter.node("MatMul", [rows, turned]);
    return emitter.node("Reshape", [product, emitter.integers([filters as number, -1, 1])])[0];
  });
  emitter.concatenate(taps, 2, output);
}

/** [N, G C, positions] -> [C, G N, positions]: the samples of each group become its channels. */
function groupsAsChannels(emitter: OnnxEmitter, x: string, shape: Shape, groups: number): string[] {
  const inner = (shape[1] as number) / groups;
  const positions = shape[2] as number;
  const [apart] = emitter.node("Reshape", [x, emitter.integers([-1, groups, inner, positions])]);
  const [turned] = emitter.node("Transpose", [apart], { perm: { integers: [2, 1, 0, 3] } });
  return emitter.node("Reshape", [turned, emitter.integers([inner, -1, positions])]);
}

/**
 * The gradient of a convolution's kernel.
 * @param x the convolution's input, [N, channels, positions]
 * @param gradient that of its output, [N, filters, output positions]
 * @returns [filters, channels / groups, width]
 */
export function convolution1dKernelGradient(
  x: Tensor,
  gradient: Tensor,
  width: number,
  convolution: Convolution,
): Tensor {
  return applyOperator(kernelGradientOperator, [x, gradient], { ...convolution, width })[0];
}
