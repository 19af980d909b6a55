import type { Tensor } from "../graph.js";
import { add } from "../operators/arithmetic.js";
import { concatenate, stack } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { flip } from "../operators/permute.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import type { MutationContext } from "./mutation-context.js";
import { sumByPosition } from "./sum-by-position.js";

/** Some steps with the unmutated window's inputs, of those that have got so far. */
export interface Stage {
  readonly start: number;
  readonly length: number;
  /** So many sites, in the order in which they set out. */
  readonly sites: number;
  /** [length, sites x alternatives, H] */
  readonly states: Tensor;
}

/** How one direction of one row goes on from the steps that mutants change. Steps are counted as it goes. */
export interface Chain {
  readonly isBackward: boolean;
  /** Sites in the order in which they set out; where each does, and how many steps it goes by its own inputs. */
  readonly order: readonly number[];
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly units: number;
  /** [T, H]: the unmutated window's states. */
  readonly base: Tensor;
  /** [most of the lengths, mutants, H]: states with inputs of their own, sites in the chain's order. */
  readonly own: Tensor;
  /** Behind them. */
  readonly stages: readonly Stage[];
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
 * All states of all windows times a matrix: what the unmutated window's states before a mutant's first changed step
 * make, and what its own states from there on make.
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

/** @param weights [T, H, outputs], steps as the chain goes */
function multiplyChain(chain: Chain, weights: Tensor, context: MutationContext): Tensor {
  const { base, own, starts, lengths, stages, units } = chain;
  const [steps, , outputs] = weights.shape as readonly number[];
  const { mutants, sites, graph } = context;
  const { alternatives } = sites;
  const most = own.shape[0] as number;
  let sum = sumByPosition(reshape(own, [most * mutants, units]), weights, {
    rows: mutants,
    terms: most,
    find: (mutant, j) => {
      const place = Math.floor(mutant / alternatives);
      return j < lengths[place] ? { row: j * mutants + mutant, position: starts[place] + j } : null;
    },
    graph,
  });
  let later: Tensor | null = null;
  for (const { start, length, sites: count, states } of stages) {
    const rows = count * alternatives;
    const flat = reshape(transpose(states, [1, 0, 2]), [rows, length * units]);
    const ofSteps = slice(weights, { axis: 0, start, end: start + length });
    const part = matrixProduct(flat, reshape(ofSteps, [length * units, outputs]));
    later = later ? add(fillRows(later, rows), part) : part;
  }
  if (later) sum = add(sum, fillRows(later, mutants));
  // What the unmutated states of the first 0, 1, 2, ... steps make.
  const each = reshape(matrixProduct(reshape(base, [steps, 1, units]), weights), [steps, outputs]);
  const below = Float32Array.from({ length: (steps + 1) * steps }, (_, i) =>
    i % steps < Math.floor(i / steps) ? 1 : 0,
  );
  const running = matrixProduct(graph.constant(below, [steps + 1, steps]), each);
  const first = Float32Array.from({ length: mutants }, (_, i) => starts[Math.floor(i / alternatives)]);
  return inSiteOrder(add(sum, gather(running, context.indices(first, [mutants]))), chain, context);
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
  const { isBackward, order, starts, lengths, units, base, own, stages } = chain;
  const ownRows = (own.shape[0] as number) * mutants;
  const parts = stages.map(({ states, length, sites: count }) =>
    reshape(states, [length * count * alternatives, units]),
  );
  const table = concatenate([base, reshape(own, [ownRows, units]), ...parts], 0);
  // Where the states of each step behind the own ones begin.
  const firstOf = new Map<number, number>();
  let first = steps + ownRows;
  for (const { start, length, sites: count } of stages) {
    for (let t = 0; t < length; t++) {
      firstOf.set(start + t, first);
      first += count * alternatives;
    }
  }
  const at = new Float32Array(mutants * steps);
  order.forEach((site, place) => {
    for (let a = 0; a < alternatives; a++) {
      const row = place * alternatives + a;
      for (let step = 0; step < steps; step++) {
        const j = step - starts[place];
        const from = j < 0 ? step : j < lengths[place] ? steps + j * mutants + row : firstOf.get(step)! + row;
        at[(site * alternatives + a) * steps + (isBackward ? steps - 1 - step : step)] = from;
      }
    }
  });
  return gather(table, context.indices(at, [mutants, steps]));
}
