import type { Tensor } from "../graph.js";
import { isFree } from "../shape.js";
import type { Recurrence } from "./recurrence.js";

// A window and its mutants differ in few positions of each layer. A tensor of the network with an axis of positions is
// then represented by what it is for the unmutated window, and for each mutant by an *interval* of positions that holds
// all that its mutation reaches. Mutants stand in order of their *sites* (mutated positions), some alternatives a site;
// all alternatives of a site reach the same positions. One site more has no mutation: its changes are exact zeros.

/** Channels (places on the axes besides positions) that lie next to each other and are reached at the same positions. */
export interface Block {
  /** [sites]: the first position of each site's interval. Intervals may lie partly or wholly outside the tensor. */
  readonly starts: Int32Array;
  readonly channels: number;
  /** [sites, alternatives, span, channels]: what mutants have there. One of the two at least; outside the tensor anything. */
  readonly values: Tensor | null;
  /** The same less what the unmutated window has there. */
  readonly change: Tensor | null;
}

/** A tensor with an axis of positions of which mutants differ from the unmutated window in intervals alone. */
export interface ChangedTensor {
  readonly kind: "interval";
  /** In the network for windows: one axis is m N long. */
  readonly original: Tensor;
  readonly batchAxis: number;
  readonly positionAxis: number;
  /** Positions of each interval. */
  readonly span: number;
  /** In the order of the values of one window without the positions: m, then the other axes. */
  readonly blocks: readonly Block[];
}

/** Positions of a changed tensor cut into windows of `size`, the taps of a pool. */
export interface TappedTensor {
  readonly kind: "tapped";
  readonly source: ChangedTensor;
  readonly size: number;
  readonly original: Tensor;
}

/** [m N, everything else] of a changed tensor: `before` values, positions, `behind` values, row-major. */
export interface FlatTensor {
  readonly kind: "flat";
  readonly source: ChangedTensor;
  readonly before: number;
  readonly behind: number;
  readonly original: Tensor;
}

/** States of a recurrent layer, or an arrangement of them. */
export interface RecurrentTensor {
  readonly kind: "recurrent";
  readonly recurrence: Recurrence;
  /** "steps": [T, D, m N, H]; "windows": [m N, T, D, H] or with D and H in one; "flat": [m N, T D H]. */
  readonly layout: "steps" | "windows" | "flat";
  readonly original: Tensor;
}

export type Changed = ChangedTensor | TappedTensor | FlatTensor | RecurrentTensor;

export const positionsOf = ({ original, positionAxis }: ChangedTensor): number =>
  original.shape[positionAxis] as number;

/** m of the axis m N. */
export function rowsOf({ original, batchAxis }: ChangedTensor): number {
  const samples = original.shape[batchAxis];
  return isFree(samples) ? samples.multiple : samples;
}

/** Lengths of the axes besides m N and positions. */
export const channelShapeOf = ({ original, batchAxis, positionAxis }: ChangedTensor): number[] =>
  original.shape.filter((_, axis) => axis !== batchAxis && axis !== positionAxis) as number[];

export const channelsOf = (x: ChangedTensor): number =>
  x.blocks.reduce((sum, { channels }) => sum + channels, 0);

export const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value));
