import type { Graph, Tensor } from "../graph.js";
import { multiply } from "../operators/arithmetic.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";

/** What is summed up for each row of a result. */
export interface Terms {
  readonly rows: number;
  /** Most terms of a row. */
  readonly terms: number;
  /** Which row of the values a term is, and the position whose weights it takes; null for none. */
  readonly find: (row: number, term: number) => { readonly row: number; readonly position: number } | null;
  readonly graph: Graph;
}

/**
 * Sums of values times weights that differ from position to position. Values are brought together by position, so that
 * each position's weights are read once for all of them.
 * @param values [any rows, channels]
 * @param weights [positions, channels, outputs]
 * @returns [rows, outputs]
 */
export function sumByPosition(values: Tensor, weights: Tensor, { rows, terms, find, graph }: Terms): Tensor {
  const [positions, channels, outputs] = weights.shape as readonly number[];
  const countAt = new Int32Array(positions);
  const places: { source: number; position: number; place: number }[] = new Array(rows * terms);
  for (let row = 0; row < rows; row++) {
    for (let term = 0; term < terms; term++) {
      const found = find(row, term);
      if (found)
        places[row * terms + term] = {
          source: found.row,
          position: found.position,
          place: countAt[found.position]++,
        };
    }
  }
  const first = Math.max(
    0,
    countAt.findIndex((count) => count > 0),
  );
  const end = countAt.findLastIndex((count) => count > 0) + 1 || 1;
  const most = countAt.reduce((a, b) => Math.max(a, b), 1);
  const count = end - first;
  const taken = new Float32Array(count * most);
  const back = new Float32Array(rows * terms);
  const isThere = new Float32Array(rows * terms);
  places.forEach(({ source, position, place }, i) => {
    const at = (position - first) * most + place;
    taken[at] = source;
    back[i] = at;
    isThere[i] = 1;
  });
  const byPosition = gather(values, graph.constant(taken, [count, most]));
  const products = matrixProduct(byPosition, slice(weights, { axis: 0, start: first, end }));
  const found = gather(reshape(products, [count * most, outputs]), graph.constant(back, [rows, terms]));
  if (values.shape[1] !== channels) throw new Error("weights of other channels");
  const wanted = isThere.every((there) => there === 1)
    ? found
    : multiply(found, graph.constant(isThere, [rows, terms, 1]));
  return reshape(reduceSum(wanted, [1]), [rows, outputs]);
}
