import { applyOperator, type Tensor } from "../graph.js";
import type { Operator } from "../operator.js";
import { maximum, minimum } from "../operators/arithmetic.js";
import { broadcastStrides, forEachOffset } from "../operators/broadcasting.js";
import type { Overlapping } from "../operators/max-pool1d.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { addWindows, cutWindows } from "../operators/windows1d.js";
import type { NonlinearRule } from "./nonlinear-rules.js";
import { TINY } from "./slopes.js";

// Of the extremes of a sequence and its reference the more extreme one wins: the entry where it stands takes the whole
// difference of the two, as captum and tangermeme have it for pools. Products with differences so add up: at that entry the
// difference has the same sign and is at least as large. Entries that tie share it.

// Below every value: padding is never a maximum.
const lowest = -3.4028234663852886e38;

/**
 * Inputs: the more extreme of sequence and reference at each entry, their difference there; and, with length 1 along
 * the axes, the more extreme one of the whole, the difference of both extremes, and the extremes' multipliers.
 */
const winnerOperator: Operator<{ readonly axes: readonly number[] }> = {
  name: "winnerTakesDifference",
  infer: ([entries]) => [entries],
  emit(emitter, node) {
    const [entries, distances, extremes, changes, multipliers] = emitter.names(node.inputs);
    const wins = emitter.node("Cast", emitter.node("Equal", [entries, extremes]), { to: { integer: 1 } })[0];
    const ties = emitter.node("ReduceSum", [wins, emitter.integers(node.attributes.axes)], {
      keepdims: { integer: 1 },
    })[0];
    const tiny = emitter.scalar(TINY);
    const change = emitter.node("Add", [changes, tiny])[0];
    const share = emitter.node("Div", [emitter.node("Mul", [multipliers, change])[0], ties])[0];
    const distance = emitter.node("Add", [distances, tiny])[0];
    const perUnit = emitter.node("Div", [wins, distance])[0];
    emitter.node("Mul", [perUnit, share], {}, emitter.names(node.outputs));
  },
  evaluate([entries, distances, extremes, changes, multipliers]) {
    const strides = [broadcastStrides(extremes.shape, entries.shape)];
    const ties = new Float64Array(extremes.data.length);
    forEachOffset(entries.shape, strides, (i, [to]) => {
      if (entries.data[i] === extremes.data[to]) ties[to]++;
    });
    const result = new Float64Array(entries.data.length);
    forEachOffset(entries.shape, strides, (i, [to]) => {
      if (entries.data[i] !== extremes.data[to]) return;
      const ratio = distances.data[i] === 0 ? 1 : changes.data[to] / distances.data[i];
      result[i] = (multipliers.data[to] * ratio) / ties[to];
    });
    return [result];
  },
};

/** Largest or smallest values over some axes. */
export const extremeRule: NonlinearRule = (network, node, [output]) => {
  const [x] = node.inputs;
  const [extreme] = node.outputs;
  const more = node.operator.name === "reduceMax" ? maximum : minimum;
  const moreExtreme = (tensor: Tensor) => network.combine([tensor], ([a], [b]) => more(a, b));
  const inputs = [
    moreExtreme(x),
    network.difference(x),
    moreExtreme(extreme),
    network.difference(extreme),
    output!,
  ];
  return [applyOperator(winnerOperator, inputs, node.attributes as { axes: readonly number[] })[0]];
};

/** Overlapping pools: each window by itself, and what an entry is handed by several is summed. */
export const maxPoolRule: NonlinearRule = (network, node, [output]) => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const pool = node.attributes as Overlapping;
  const { before, after } = pool;
  const positions = x.shape[2] as number;
  const cut = (entries: Tensor, value: number) =>
    cutWindows(padZeros(entries, { axis: 2, before, after, value }), pool, value);
  const larger = (tensor: Tensor) => network.combine([tensor], ([a], [b]) => maximum(a, b));
  const column = (tensor: Tensor) => reshape(tensor, [...tensor.shape, 1]);
  const inputs = [
    cut(larger(x), lowest),
    cut(network.difference(x), 0),
    column(larger(y)),
    column(network.difference(y)),
    column(output!),
  ];
  const [spread] = applyOperator(winnerOperator, inputs, { axes: [3] });
  const summed = addWindows(spread, pool, positions + before + after);
  return [slice(summed, { axis: 2, start: before, end: before + positions })];
};
