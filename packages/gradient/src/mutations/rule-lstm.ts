import type { Tensor } from "../graph.js";
import { multiply } from "../operators/arithmetic.js";
import { concatenate, split } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { lstmFrom } from "../operators/lstm-from.js";
import { lstmCells } from "../operators/lstm-recurrence.js";
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
import { transpose } from "../operators/transpose.js";
import { type Block, type ChangedTensor, clamp, positionsOf, rowsOf } from "./changed-tensor.js";
import { blocksByRow } from "./channels.js";
import type { MutationContext } from "./mutation-context.js";
import type { Chain, Stage } from "./recurrence.js";
import type { MutationRule } from "./rules.js";

/**
 * An LSTM: a mutant's states are those of the unmutated window up to the first step that it changes. From there each
 * direction goes on by itself: through the changed steps with their own inputs, all mutants at once; behind them with
 * the unmutated window's inputs, whose products are there already, all mutants at once that have got so far. These set
 * out at the ends of stages of some steps.
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
    Array.from({ length: directions }, (_, direction) =>
      goOn(cut, block, takeDirection(base, layer, direction, row), context),
    ),
  );
  const recurrence = {
    chains,
    rows: rowsOf(x),
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
interface Direction extends Layer {
  readonly isBackward: boolean;
  /** [T, H], [T, H] and [T, 4H] of the unmutated window. */
  readonly hidden: Tensor;
  readonly cells: Tensor;
  readonly ofInputs: Tensor;
}

function takeDirection(
  { hidden, cells, ofInputs }: States,
  { kernel, recurrent, bias, gateActivation, label }: Layer,
  direction: number,
  row: number,
): Direction {
  const at = (x: Tensor, axis: number, start: number) => slice(x, { axis, start, end: start + 1 });
  const own = (x: Tensor) => {
    const taken = at(at(x, 0, direction), 2, row);
    return reshape(taken, [taken.shape[1], taken.shape[3]]);
  };
  return {
    isBackward: direction === 1,
    hidden: own(hidden),
    cells: own(cells),
    ofInputs: own(ofInputs),
    kernel: at(kernel, 0, direction),
    recurrent: at(recurrent, 0, direction),
    bias: at(bias, 0, direction),
    gateActivation,
    label,
  };
}

/** Steps of a stage: the fewer, the less is computed again; the more, the fewer nodes there are. */
const stageLength = (steps: number): number => clamp(Math.ceil(steps / 15), 2, 8);

/** All mutants through one direction, from the first step that each changes. */
function goOn(x: ChangedTensor, block: Block, direction: Direction, context: MutationContext): Chain {
  const { sites, mutants, graph } = context;
  const { alternatives } = sites;
  const { span } = x;
  const steps = positionsOf(x);
  const { isBackward, hidden, cells, ofInputs, recurrent, gateActivation, label } = direction;
  const units = hidden.shape[1] as number;
  const ownStarts = block.starts.map((start) => (isBackward ? steps - start - span : start));
  // Sites in the order in which they set out, so that those on their way are always the first rows.
  const order = [...ownStarts.keys()].sort((a, b) => ownStarts[a] - ownStarts[b] || a - b);
  const starts = Int32Array.from(order, (site) => ownStarts[site]);
  const perStage = stageLength(steps);
  const ends = starts.map((start) => Math.min(steps, Math.ceil((start + span) / perStage) * perStage));
  const lengths = ends.map((end, i) => end - starts[i]);
  const most = Math.max(...lengths);

  const perMutant = (values: ArrayLike<number>) =>
    context.indices(
      Float32Array.from({ length: mutants }, (_, i) => values[Math.floor(i / alternatives)]),
      [mutants],
    );
  /** The states before the first changed step, for every mutant. */
  const before = (states: Tensor) =>
    reshape(gather(padZeros(states, { axis: 0, before: 1, after: 0 }), perMutant(starts)), [
      1,
      mutants,
      units,
    ]);
  const inputs = ownInputs(x, block, { order, starts, most, isBackward }, context);
  const own = lstmFrom(
    inputs,
    direction,
    { hidden: before(hidden), cell: before(cells) },
    perMutant(lengths),
    label,
  );

  const stages: Stage[] = [];
  let state: { hidden: Tensor; cell: Tensor } | null = null;
  let count = 0;
  for (let start = ends[0]; start < steps; start += perStage) {
    const length = Math.min(perStage, steps - start);
    const set = ends.findLastIndex((end) => end <= start) + 1;
    const join = (key: "hidden" | "cell"): Tensor => {
      if (set === count) return state![key];
      const arrived = slice(own[key], { axis: 1, start: count * alternatives, end: set * alternatives });
      return state ? concatenate([state[key], arrived], 1) : arrived;
    };
    // The inputs' products are there: each step takes its own by a kernel of them and a one in its place.
    const products = slice(ofInputs, { axis: 0, start, end: start + length });
    const rows = set * alternatives;
    const ones = new Float32Array(length * rows * length);
    for (let t = 0; t < length; t++)
      for (let row = 0; row < rows; row++) ones[(t * rows + row) * length + t] = 1;
    const { states, ...next } = lstmFrom(
      graph.constant(ones, [length, rows, length]),
      {
        kernel: reshape(transpose(products, [1, 0]), [1, 4 * units, length]),
        recurrent,
        bias: graph.constant(new Float32Array(4 * units), [1, 4 * units]),
        gateActivation,
      },
      { hidden: join("hidden"), cell: join("cell") },
      null,
      label,
    );
    state = next;
    count = set;
    stages.push({ start, length, sites: set, states: reshape(states, [length, rows, units]) });
  }
  const ownStates = reshape(own.states, [most, mutants, units]);
  return { isBackward, order, starts, lengths, base: hidden, own: ownStates, stages, units };
}

/** [most, mutants, channels]: what mutants have in the steps from their first changed ones on. */
function ownInputs(
  x: ChangedTensor,
  block: Block,
  chain: {
    readonly order: readonly number[];
    readonly starts: Int32Array;
    readonly most: number;
    readonly isBackward: boolean;
  },
  context: MutationContext,
): Tensor {
  const { mutants, sites } = context;
  const { alternatives } = sites;
  const steps = positionsOf(x);
  const { order, starts, most, isBackward } = chain;
  const values = reshape(context.valuesOf(x, block), [mutants * x.span, block.channels]);
  const table = concatenate([context.baseRowsOf(x, block), values], 0);
  const rows = new Float32Array(most * mutants);
  for (let j = 0; j < most; j++) {
    order.forEach((site, place) => {
      const step = Math.min(steps - 1, starts[place] + j);
      const at = isBackward ? steps - 1 - step : step;
      const offset = at - block.starts[site];
      for (let a = 0; a < alternatives; a++) {
        rows[j * mutants + place * alternatives + a] =
          offset >= 0 && offset < x.span ? steps + (site * alternatives + a) * x.span + offset : at;
      }
    });
  }
  return gather(table, context.indices(rows, [most, mutants]));
}
