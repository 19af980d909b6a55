import type { Tensor } from "../graph.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import type { MutationContext } from "./mutation-context.js";

/**
 * What changes of intervals add to a product with weights that differ from position to position. Mutants are brought
 * together by the positions that they change, so that each position's weights are read once for all of them.
 * @param change [mutants, span, channels]
 * @param starts [sites] first positions; what lies outside is left out
 * @param weights [positions, channels, outputs]
 * @param unmutated which site has no mutation, where sites stand in another order than usual
 * @returns [mutants, outputs]
 */
export function sumOverChanged(
  change: Tensor,
  starts: Int32Array,
  weights: Tensor,
  context: MutationContext,
  unmutated = context.sites.unmutated,
): Tensor {
  const { mutants, sites } = context;
  const { alternatives } = sites;
  const [, span, channels] = change.shape as readonly number[];
  const [positions, , outputs] = weights.shape as readonly number[];
  const zero = unmutated * alternatives * span;
  // Rows of the changes by position; the first of all is one of zeros, for what lies outside.
  const rowsAt = new Map<number, number[]>();
  starts.forEach((start, site) => {
    for (let j = 0; j < span; j++) {
      const at = start + j;
      if (at < 0 || at >= positions) continue;
      let rows = rowsAt.get(at);
      if (rows === undefined) {
        rows = [];
        rowsAt.set(at, rows);
      }
      for (let a = 0; a < alternatives; a++) rows.push((site * alternatives + a) * span + j);
    }
  });
  const used = [...rowsAt.keys()].sort((a, b) => a - b);
  const first = used[0] ?? 0;
  const count = (used.at(-1) ?? 0) - first + 1;
  const most = 1 + Math.max(0, ...[...rowsAt.values()].map(({ length }) => length));
  const taken = new Float32Array(count * most).fill(zero);
  const back = new Float32Array(mutants * span);
  for (const [at, rows] of rowsAt) {
    rows.forEach((row, i) => {
      const place = (at - first) * most + 1 + i;
      taken[place] = row;
      back[row] = place;
    });
  }
  const table = reshape(change, [mutants * span, channels]);
  const byPosition = gather(table, context.indices(taken, [count, most]));
  const products = matrixProduct(byPosition, slice(weights, { axis: 0, start: first, end: first + count }));
  const rows = gather(reshape(products, [count * most, outputs]), context.indices(back, [mutants, span]));
  return reshape(reduceSum(rows, [1]), [mutants, outputs]);
}
