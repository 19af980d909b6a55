import type { Tensor } from "../graph.js";
import { add, multiply } from "../operators/arithmetic.js";
import { concatenate, split } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { lstmCells } from "../operators/lstm-recurrence.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { tanh } from "../operators/pointwise.js";
import {
  byDirection,
  byEachDirection,
  type GateActivation,
  gateOperator,
  previousSteps,
  projectSteps,
} from "../operators/recurrent-steps.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { type ChangedTensor, positionsOf, rowsOf } from "./changed-tensor.js";
import { blocksByRow } from "./channels.js";
import type { MutationContext } from "./mutation-context.js";
import type { Chain, LaterStep } from "./recurrence.js";
import type { MutationRule } from "./rules.js";

/**
 * An LSTM: a mutant's states are those of the unmutated window up to the first step that it changes. From there each
 * direction goes on by itself: through the changed steps with their own inputs, all mutants at once; behind them with
 * the unmutated window's inputs, whose products are there already, all mutants at once that have got so far.
 */
export const lstmRule: MutationRule = (node, [x, ...others], context) => {
  if (x?.kind !== "interval" || others.some((other) => other !== null)) return null;
  if (x.positionAxis !== 0 || x.batchAxis !== 1 || x.original.rank !== 3) return null;
  const constants = node.inputs.slice(1).map((input) => context.constantOf(input));
  if (constants.some((constant) => constant === null)) return null;
  const settled = context.settle(x);
  const byRow = blocksByRow(settled, context);
  if (byRow.some(({ length }) => length !== 1)) return null;
  const { gateActivation } = node.attributes as { readonly gateActivation: GateActivation };
  const [kernel, recurrent, bias] = constants as Tensor[];
  const layer = { kernel, recurrent, bias, gateActivation, label: node.label };
  const base = unmutatedStates(context.base(x.original), context.base(node.outputs[0]), layer);
  const cut = { ...settled, blocks: byRow.flat() };
  const directions = kernel.shape[0] as number;
  const chains = byRow.map(([block], row) =>
    Array.from({ length: directions }, (_, direction) => {
      const values = reshape(context.valuesOf(cut, block), [
        context.siteCount,
        context.sites.alternatives,
        cut.span,
        block.channels,
      ]);
      return goOn(
        { values, starts: block.starts },
        positionsOf(x),
        takeDirection(base, layer, direction, row),
        context,
      );
    }),
  );
  const recurrence = {
    chains,
    rows: rowsOf(x as ChangedTensor),
    steps: positionsOf(x),
    units: recurrent.shape[2] as number,
  };
  return [{ kind: "recurrent", recurrence, layout: "steps", original: node.outputs[0] }];
};

interface Layer {
  /** [D, 4H, I], [D, 4H, H] and [D, 4H]. */
  readonly kernel: Tensor;
  readonly recurrent: Tensor;
  readonly bias: Tensor;
  readonly gateActivation: GateActivation;
  readonly label: string;
}

/** [D, T, m, ...], as each direction goes through the steps. */
interface States {
  readonly hidden: Tensor;
  readonly cells: Tensor;
  /** Gates' sums as far as inputs and biases make them. */
  readonly ofInputs: Tensor;
}

/** What the layer goes through for the unmutated window: cell states from hidden ones, all steps in one product. */
function unmutatedStates(
  x: Tensor,
  states: Tensor,
  { kernel, recurrent, bias, gateActivation }: Layer,
): States {
  const [directions, , units] = recurrent.shape as readonly number[];
  const hidden = byDirection(states);
  const inputs = byEachDirection(x, directions);
  const seen = concatenate([inputs, previousSteps(hidden)], 3);
  const sums = projectSteps(seen, concatenate([kernel, recurrent], 2), bias);
  const [i, , f, g] = split(sums, 3, [units, units, units, units]);
  const gateOf = gateOperator[gateActivation];
  const cells = lstmCells(gateOf(f), multiply(gateOf(i), tanh(g)));
  return { hidden, cells, ofInputs: projectSteps(inputs, kernel, bias) };
}

/** One direction of one row, in the order in which it goes through the steps. */
interface Direction {
  readonly isBackward: boolean;
  /** [T, H] */
  readonly hidden: Tensor;
  readonly cells: Tensor;
  /** For each gate [T, H], [H, I + H], [H, H] and [1, H]. */
  readonly gates: readonly {
    readonly ofInputs: Tensor;
    readonly kernels: Tensor;
    readonly recurrent: Tensor;
    readonly bias: Tensor;
  }[];
  readonly gateActivation: GateActivation;
  readonly label: string;
}

function takeDirection(
  { hidden, cells, ofInputs }: States,
  layer: Layer,
  direction: number,
  row: number,
): Direction {
  const [, , inputs] = layer.kernel.shape as readonly number[];
  const [, , units] = layer.recurrent.shape as readonly number[];
  const at = (x: Tensor, axis: number, start: number, length = 1) =>
    slice(x, { axis, start, end: start + length });
  const own = (x: Tensor) => {
    const taken = at(at(x, 0, direction), 2, row);
    return reshape(taken, [taken.shape[1], taken.shape[3]]);
  };
  const sums = own(ofInputs);
  const gates = Array.from({ length: 4 }, (_, gate) => {
    const matrix = (x: Tensor, columns: number) =>
      reshape(at(at(x, 0, direction), 1, gate * units, units), [units, columns]);
    const recurrent = matrix(layer.recurrent, units);
    return {
      ofInputs: at(sums, 1, gate * units, units),
      kernels: concatenate([matrix(layer.kernel, inputs), recurrent], 1),
      recurrent,
      bias: reshape(at(at(layer.bias, 0, direction), 1, gate * units, units), [1, units]),
    };
  });
  const { gateActivation, label } = layer;
  return {
    isBackward: direction === 1,
    hidden: own(hidden),
    cells: own(cells),
    gates,
    gateActivation,
    label,
  };
}

/** All mutants through one direction, from the first step that each changes. */
function goOn(
  changed: { readonly values: Tensor; readonly starts: Int32Array },
  steps: number,
  direction: Direction,
  context: MutationContext,
): Chain {
  const { siteCount, sites, mutants } = context;
  const { alternatives } = sites;
  const [, , span, inputs] = changed.values.shape as readonly number[];
  const { isBackward, hidden, cells, gates, gateActivation, label } = direction;
  const units = hidden.shape[1] as number;
  const gateOf = gateOperator[gateActivation];
  const ownStarts = changed.starts.map((start) => (isBackward ? steps - start - span : start));
  // Sites in the order in which they set out, so that those on their way are always the first rows.
  const order = [...ownStarts.keys()].sort((a, b) => ownStarts[a] - ownStarts[b] || a - b);
  const starts = Int32Array.from(order, (site) => ownStarts[site]);
  const isSorted = order.every((site, i) => site === i);
  const values = isSorted ? changed.values : gather(changed.values, context.indices(order, [siteCount]));

  /** The states before the first changed step, for every mutant. */
  const before = (states: Tensor) => {
    const rows = Float32Array.from({ length: mutants }, (_, i) => starts[Math.floor(i / alternatives)]);
    return gather(padZeros(states, { axis: 0, before: 1, after: 0 }), context.indices(rows, [mutants]));
  };
  const step = (sums: readonly Tensor[], cell: Tensor) => {
    const [i, o, f] = sums.slice(0, 3).map((sum) => gateOf(sum));
    const next = add(multiply(f, cell), multiply(i, tanh(sums[3])));
    return { hidden: multiply(o, tanh(next)), cell: next };
  };
  let state = { hidden: before(hidden), cell: before(cells) };
  const own: Tensor[] = [];
  for (let j = 0; j < span; j++) {
    const at = isBackward ? span - 1 - j : j;
    const input = reshape(slice(values, { axis: 2, start: at, end: at + 1 }), [mutants, inputs]);
    const seen = concatenate([input, state.hidden], 1);
    const sums = gates.map(({ kernels, bias }) =>
      add(matrixProduct(seen, kernels, { transposeB: true }, label), bias),
    );
    state = step(sums, state.cell);
    own.push(state.hidden);
  }

  const through = state;
  const later: LaterStep[] = [];
  let onTheWay: { hidden: Tensor; cell: Tensor } | null = null;
  let count = 0;
  for (let t = starts[0] + span; t < steps; t++) {
    const set = starts.findLastIndex((start) => start + span <= t) + 1;
    const arrived = (x: Tensor) =>
      slice(x, { axis: 0, start: count * alternatives, end: set * alternatives });
    const join = (key: "hidden" | "cell"): Tensor => {
      if (set === count) return onTheWay![key];
      return onTheWay ? concatenate([onTheWay[key], arrived(through[key])], 0) : arrived(through[key]);
    };
    const [last, cell] = [join("hidden"), join("cell")];
    const sums = gates.map(({ recurrent, ofInputs }) =>
      add(
        matrixProduct(last, recurrent, { transposeB: true }, label),
        slice(ofInputs, { axis: 0, start: t, end: t + 1 }),
      ),
    );
    onTheWay = step(sums, cell);
    count = set;
    later.push({ step: t, sites: set, hidden: onTheWay.hidden });
  }
  return { isBackward, order, starts, span, base: hidden, own, later, units };
}
