import type { Tensor } from "../graph.js";
import { add, subtract } from "../operators/arithmetic.js";
import { concatenate, stack } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { flip } from "../operators/permute.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import type { MutationContext } from "./mutation-context.js";
import { sumOverChanged } from "./sum-over-changed.js";

/** A step behind the changed ones: the states of those that have got so far. */
export interface LaterStep {
  readonly step: number;
  /** So many sites, in the order in which they set out. */
  readonly sites: number;
  /** [sites x alternatives, H] */
  readonly hidden: Tensor;
}

/** How one direction of one row goes on from the steps that mutants change. Steps are counted as it goes. */
export interface Chain {
  readonly isBackward: boolean;
  /** Sites in the order in which they set out, and the first steps that they change. */
  readonly order: readonly number[];
  readonly starts: Int32Array;
  readonly span: number;
  readonly units: number;
  /** [T, H]: the unmutated window's states. */
  readonly base: Tensor;
  /** [mutants, H] at each of the changed steps. */
  readonly own: readonly Tensor[];
  readonly later: readonly LaterStep[];
}

/** The states of a recurrent layer for all mutants. */
export interface Recurrence {
  /** By row, then by direction. */
  readonly chains: readonly (readonly Chain[])[];
  /** m. */
  readonly rows: number;
  readonly steps: number;
  readonly units: number;
}

/** [mutants, span, H] of the changed steps, sites in the chain's order. */
const ownStates = ({ own }: Chain): Tensor => stack(own, 1);

/** Rows of mutants in the order of sites. */
function inSiteOrder(x: Tensor, { order }: Chain, context: MutationContext): Tensor {
  if (order.every((site, i) => site === i)) return x;
  const { alternatives } = context.sites;
  const rows = new Float32Array(context.mutants);
  order.forEach((site, place) => {
    for (let a = 0; a < alternatives; a++) rows[site * alternatives + a] = place * alternatives + a;
  });
  return gather(x, context.indices(rows, [context.mutants]));
}

/** Zero rows added to [rows, columns] up to so many. */
function fillRows(x: Tensor, rows: number): Tensor {
  const there = x.shape[0] as number;
  return there === rows ? x : padZeros(x, { axis: 0, before: 0, after: rows - there });
}

/**
 * All states of all windows times a matrix: the unmutated window's product, and what changed states add.
 * @param weights [T D H, outputs]
 * @returns [m mutants, outputs]
 */
export function multiplyRecurrence(
  { chains, steps, units }: Recurrence,
  weights: Tensor,
  context: MutationContext,
): Tensor {
  const [{ length: directions }] = chains;
  const outputs = weights.shape[1] as number;
  const all = transpose(reshape(weights, [steps, directions, units, outputs]), [1, 0, 2, 3]);
  const ofDirection = Array.from({ length: directions }, (_, direction) => {
    const own = slice(all, { axis: 0, start: direction, end: direction + 1 });
    const byStep = reshape(own, [steps, units, outputs]);
    return direction === 0 ? byStep : flip(byStep, 0);
  });
  const rows = chains.map((ofRow) =>
    ofRow
      .map((chain, direction) => multiplyChain(chain, ofDirection[direction], context))
      .reduce((sum, part) => add(sum, part)),
  );
  return reshape(stack(rows, 1), [context.mutants * chains.length, outputs]);
}

/** Values of a product's inner length that are worth a product of their own. */
const INNER_LENGTH = 1024;

/** @param weights [T, H, outputs], steps as the chain goes */
function multiplyChain(chain: Chain, weights: Tensor, context: MutationContext): Tensor {
  const { base, starts, span, later, units } = chain;
  const [steps, , outputs] = weights.shape as readonly number[];
  const { mutants, siteCount, sites } = context;
  const at = Float32Array.from(
    { length: mutants * span },
    (_, i) => starts[Math.floor(i / span / sites.alternatives)] + (i % span),
  );
  const unmutated = gather(base, context.indices(at, [mutants, span]));
  const own = subtract(ownStates(chain), unmutated);
  let sum = sumOfOwn(own, chain, weights, context);
  const perBlock = Math.max(1, Math.min(Math.ceil(INNER_LENGTH / units), Math.ceil(steps / 8)));
  let acc: Tensor | null = null;
  for (let i = 0; i < later.length; i += perBlock) {
    const block = later.slice(i, i + perBlock);
    const rows = block.at(-1)!.sites * sites.alternatives;
    const changes = block.map(({ step, hidden }) => {
      const unchanged = slice(base, { axis: 0, start: step, end: step + 1 });
      return fillRows(subtract(hidden, unchanged), rows);
    });
    const [{ step: first }] = block;
    const own = slice(weights, { axis: 0, start: first, end: first + block.length });
    const part = matrixProduct(concatenate(changes, 1), reshape(own, [block.length * units, outputs]));
    acc = acc ? add(fillRows(acc, rows), part) : part;
  }
  if (acc) sum = add(sum, fillRows(acc, siteCount * sites.alternatives));
  const ofBase = matrixProduct(reshape(base, [steps, 1, units]), weights);
  return add(inSiteOrder(sum, chain, context), reshape(reduceSum(ofBase, [0]), [1, outputs]));
}

/** {@link sumOverChanged} of rows in the chain's order: its row of zeros is another. */
function sumOfOwn(own: Tensor, { order, starts }: Chain, weights: Tensor, context: MutationContext): Tensor {
  const unmutated = order.indexOf(context.sites.unmutated);
  return sumOverChanged(own, starts, weights, context, unmutated);
}

/** [T, D, m mutants, H]: all states of all mutants. */
export function materialiseRecurrence(
  { chains, rows, steps, units }: Recurrence,
  context: MutationContext,
): Tensor {
  const [{ length: directions }] = chains;
  const { mutants } = context;
  const parts = chains.flatMap((ofRow) => ofRow.map((chain) => materialiseChain(chain, steps, context)));
  const all = reshape(stack(parts, 1), [mutants, rows, directions, steps, units]);
  return reshape(transpose(all, [3, 2, 0, 1, 4]), [steps, directions, mutants * rows, units]);
}

/** [mutants, T, H], steps by position. */
function materialiseChain(chain: Chain, steps: number, context: MutationContext): Tensor {
  const { mutants, sites } = context;
  const { alternatives } = sites;
  const { isBackward, order, starts, span, units, base, later } = chain;
  const own = reshape(ownStates(chain), [mutants * span, units]);
  const table = concatenate([base, own, ...later.map(({ hidden }) => hidden)], 0);
  const firstOf = new Map<number, number>();
  let first = steps + mutants * span;
  for (const { step, sites: count } of later) {
    firstOf.set(step, first);
    first += count * alternatives;
  }
  const at = new Float32Array(mutants * steps);
  order.forEach((site, place) => {
    for (let a = 0; a < alternatives; a++) {
      const row = place * alternatives + a;
      for (let step = 0; step < steps; step++) {
        const j = step - starts[place];
        const from = j < 0 ? step : j < span ? steps + row * span + j : firstOf.get(step)! + row;
        at[(site * alternatives + a) * steps + (isBackward ? steps - 1 - step : step)] = from;
      }
    }
  });
  return gather(table, context.indices(at, [mutants, steps]));
}
