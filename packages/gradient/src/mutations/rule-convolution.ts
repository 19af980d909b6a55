import type { Tensor } from "../graph.js";
import { concatenate } from "../operators/concatenate.js";
import type { Convolution } from "../operators/convolution1d-shape.js";
import { spanOf } from "../operators/convolution1d-shape.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { transpose } from "../operators/transpose.js";
import type { Block } from "./changed-tensor.js";
import type { MutationContext } from "./mutation-context.js";
import type { MutationRule } from "./rules.js";

/** Convolutions: a change of some positions is one of all positions whose kernels reach them, by one product. */
export const convolutionRule: MutationRule = (node, [x, ...others], context) => {
  if (x?.kind !== "interval" || others.some((other) => other !== null)) return null;
  if (x.batchAxis !== 0 || x.positionAxis !== 2 || x.original.rank !== 3) return null;
  const kernel = context.constantOf(node.inputs[1]);
  const convolution = node.attributes as Convolution;
  if (kernel === null || convolution.groups !== 1) return null;
  const [filters, inputs, width] = kernel.shape as readonly number[];
  if (x.blocks.some(({ channels }) => channels % inputs !== 0)) return null;
  const { before, stride, dilation } = convolution;
  const reach = spanOf(width, dilation);
  // Positions of the output whose kernels reach the interval, and the input positions that these see.
  const firsts = x.blocks.map(({ starts }) =>
    starts.map((start) => Math.ceil((start + before - reach + 1) / stride)),
  );
  let span = 1;
  x.blocks.forEach(({ starts }, b) => {
    starts.forEach((start, site) => {
      span = Math.max(span, Math.floor((start + x.span - 1 + before) / stride) - firsts[b][site] + 1);
    });
  });
  const seen = stride === 1 ? x.span : (span - 1) * stride + reach;
  // With stride 1 the interval itself; else what the first of these output positions sees from its first tap on.
  const offset = stride === 1 ? reach - 1 : 0;
  const taps: Taps = {
    kernel,
    seen,
    span,
    of: (input, output) => {
      const tap = (input + offset - output * stride) / dilation;
      return Number.isInteger(tap) && tap >= 0 && tap < width ? tap : null;
    },
  };
  // One matrix for all pairs of positions, but where most of it would be zeros.
  const product = span <= 2 * width ? placeTaps(taps, context) : null;
  const blocks = x.blocks.map((block, b): Block => {
    const rows = block.channels / inputs;
    const change =
      stride === 1
        ? context.cleanChangeOf(x, block)
        : context.moveChange(
            x,
            block,
            firsts[b].map((first) => first * stride - before),
            seen,
          );
    const { siteCount, sites, mutants } = context;
    const flat = stepsLast(change, mutants, seen, rows, inputs);
    const made = product
      ? matrixProduct(reshape(flat, [mutants * rows, seen * inputs]), product, {}, node.label)
      : gatherTaps(reshape(flat, [mutants * rows * seen, inputs]), taps, mutants * rows, context);
    return {
      starts: firsts[b],
      channels: rows * filters,
      values: null,
      change: reshape(stepsLast(made, mutants, rows, span, filters), [
        siteCount,
        sites.alternatives,
        span,
        rows * filters,
      ]),
    };
  });
  return [{ ...x, original: node.outputs[0], span, blocks }];
};

/** [mutants, a, b, channels] as [mutants, b, a, channels]. */
function stepsLast(x: Tensor, mutants: number, a: number, b: number, channels: number): Tensor {
  if (a === 1 || b === 1) return x;
  return transpose(reshape(x, [mutants, a, b, channels]), [0, 2, 1, 3]);
}

/** Which tap of a kernel takes an input position to an output position of intervals, if any. */
interface Taps {
  readonly kernel: Tensor;
  /** Positions of the input, and of the output. */
  readonly seen: number;
  readonly span: number;
  readonly of: (input: number, output: number) => number | null;
}

/** A convolution of `seen` positions as a matrix [seen x inputs, span x filters]. */
function placeTaps({ kernel, seen, span, of }: Taps, { graph }: MutationContext): Tensor {
  const [filters, inputs, width] = kernel.shape as readonly number[];
  const none = graph.constant(new Float32Array(inputs * filters), [1, inputs, filters]);
  const taps = concatenate([transpose(kernel, [2, 1, 0]), none], 0);
  const which = Float32Array.from(
    { length: seen * span },
    (_, i) => of(Math.floor(i / span), i % span) ?? width,
  );
  const placed = gather(taps, graph.constant(which, [seen, span]));
  return reshape(transpose(placed, [0, 2, 1, 3]), [seen * inputs, span * filters]);
}

/**
 * The same by the product of every position with every tap, of which each output position takes and adds up its own:
 * for kernels whose taps stand apart.
 * @param flat [rows x seen, inputs]
 * @returns [rows, span, filters]
 */
function gatherTaps(
  flat: Tensor,
  { kernel, seen, span, of }: Taps,
  rows: number,
  context: MutationContext,
): Tensor {
  const [filters, inputs, width] = kernel.shape as readonly number[];
  const byTap = reshape(transpose(kernel, [1, 2, 0]), [inputs, width * filters]);
  const products = reshape(matrixProduct(flat, byTap), [rows * seen * width, filters]);
  const sources = Array.from({ length: span }, (_, output) =>
    Array.from({ length: seen }, (_, input) => ({ input, tap: of(input, output) })).filter(
      ({ tap }) => tap !== null,
    ),
  );
  const most = Math.max(1, ...sources.map(({ length }) => length));
  const zero = Math.floor(context.zeroRow(1) * (rows / context.mutants)) * seen * width;
  const at = new Float32Array(rows * span * most).fill(zero);
  for (let row = 0; row < rows; row++) {
    sources.forEach((found, output) => {
      found.forEach(({ input, tap }, i) => {
        at[(row * span + output) * most + i] = (row * seen + input) * width + tap!;
      });
    });
  }
  const taken = gather(products, context.indices(at, [rows * span, most]));
  return reshape(reduceSum(taken, [1]), [rows, span, filters]);
}
