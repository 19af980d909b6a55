import { type Graph, orderNodes, type Tensor } from "../graph.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { concatenate } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import {
  type Block,
  type Changed,
  type ChangedTensor,
  channelShapeOf,
  channelsOf,
  clamp,
  positionsOf,
  rowsOf,
} from "./changed-tensor.js";
import { materialiseRecurrence } from "./recurrence.js";
import { SampleCopy } from "./sample-copy.js";

/** Where mutants stand. */
export interface MutantSites {
  /** Mutated positions of the window, ascending; one of them once more for the site without a mutation. */
  readonly positions: Int32Array;
  /** Which site has no mutation. */
  readonly unmutated: number;
  /** Mutants of each site. */
  readonly alternatives: number;
}

/** What rules work with: the new graph, and what stands for tensors of the network in it. */
export class MutationContext {
  readonly changed = new Map<Tensor, Changed>();
  /** Tensors of the mutants in full that rules found, by what they are in the network. */
  readonly found = new Map<Tensor, Tensor>();
  /** Layers written out in full for every mutant. */
  readonly writtenOut = new Set<string>();
  readonly siteCount: number;
  readonly mutants: number;
  readonly #varying = new Set<Tensor>();
  readonly #constants: SampleCopy;
  readonly #base: SampleCopy;
  readonly #plain: SampleCopy;
  readonly #baseRows = new Map<string, Tensor>();
  readonly #baseBlocks = new WeakMap<Block, Tensor>();

  constructor(
    readonly graph: Graph,
    readonly sites: MutantSites,
    outputs: readonly Tensor[],
  ) {
    this.siteCount = sites.positions.length;
    this.mutants = this.siteCount * sites.alternatives;
    for (const node of orderNodes(outputs)) {
      if (node.inputs.some((input) => input.source?.kind === "input" || this.#varying.has(input)))
        for (const output of node.outputs) this.#varying.add(output);
    }
    this.#constants = new SampleCopy(graph, 1, (leaf) => this.#copyFixed(leaf));
    const fixed = (tensor: Tensor) => (this.isConstant(tensor) ? this.#constants.get(tensor) : null);
    this.#base = new SampleCopy(graph, 1, (leaf) => this.#input(leaf, 1), fixed);
    this.#plain = new SampleCopy(
      graph,
      this.mutants,
      (leaf) => this.#input(leaf, this.mutants),
      (tensor) => fixed(tensor) ?? this.#materialised(tensor),
    );
  }

  /** Whether a tensor depends on parameters and constants alone. */
  isConstant(original: Tensor): boolean {
    return original.source?.kind !== "input" && !this.#varying.has(original);
  }

  constantOf(original: Tensor): Tensor | null {
    return this.isConstant(original) ? this.#constants.get(original) : null;
  }

  /** What a tensor is for the unmutated window: m N axes are m long. */
  base(original: Tensor): Tensor {
    return this.#base.get(original);
  }

  /** What a tensor is for the mutants, in full: m N axes are m times their number long. */
  plain(original: Tensor): Tensor {
    return this.#plain.get(original);
  }

  /** A constant of whole numbers. */
  indices(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    return this.graph.constant(values, shape);
  }

  /** [positions, channels] of the unmutated window. */
  baseRows({ original, batchAxis, positionAxis }: ChangedTensor): Tensor {
    const key = `${original.id}/${batchAxis}/${positionAxis}`;
    let rows = this.#baseRows.get(key);
    if (rows === undefined) {
      const base = this.base(original);
      const others = base.shape
        .map((_, axis) => axis)
        .filter((axis) => axis !== batchAxis && axis !== positionAxis);
      const positions = base.shape[positionAxis] as number;
      const count = (base.shape as readonly number[]).reduce((a, b) => a * b, 1);
      rows = reshape(transpose(base, [positionAxis, batchAxis, ...others]), [positions, count / positions]);
      this.#baseRows.set(key, rows);
    }
    return rows;
  }

  /** [positions, channels of one block] of the unmutated window. */
  baseRowsOf(x: ChangedTensor, block: Block): Tensor {
    const start = x.blocks.slice(0, x.blocks.indexOf(block)).reduce((sum, { channels }) => sum + channels, 0);
    return slice(this.baseRows(x), { axis: 1, start, end: start + block.channels });
  }

  /** [sites, 1, span, channels]: the unmutated window in each site's interval; outside the tensor anything. */
  baseOf(x: ChangedTensor, block: Block): Tensor {
    let base = this.#baseBlocks.get(block);
    if (base === undefined) {
      const { siteCount } = this;
      const last = positionsOf(x) - 1;
      const at = new Float32Array(siteCount * x.span);
      for (let i = 0; i < at.length; i++)
        at[i] = clamp(block.starts[Math.floor(i / x.span)] + (i % x.span), 0, last);
      const rows = gather(this.baseRowsOf(x, block), this.indices(at, [siteCount, x.span]));
      base = reshape(rows, [siteCount, 1, x.span, block.channels]);
      this.#baseBlocks.set(block, base);
    }
    return base;
  }

  valuesOf(x: ChangedTensor, block: Block): Tensor {
    return block.values ?? add(block.change!, this.baseOf(x, block));
  }

  changeOf(x: ChangedTensor, block: Block): Tensor {
    return block.change ?? subtract(block.values!, this.baseOf(x, block));
  }

  /** {@link changeOf} with zeros outside the tensor. */
  cleanChangeOf(x: ChangedTensor, block: Block): Tensor {
    const change = this.changeOf(x, block);
    const positions = positionsOf(x);
    const isInside = Float32Array.from({ length: this.siteCount * x.span }, (_, i) => {
      const at = block.starts[Math.floor(i / x.span)] + (i % x.span);
      return at >= 0 && at < positions ? 1 : 0;
    });
    if (isInside.every((inside) => inside === 1)) return change;
    return multiply(change, this.graph.constant(isInside, [this.siteCount, 1, x.span, 1]));
  }

  /** One of the rows of changes that are exact zeros, of {@link changeOf} as [mutants x span, channels]. */
  zeroRow(span: number): number {
    return this.sites.unmutated * this.sites.alternatives * span;
  }

  /**
   * Values of mutants at any positions of the tensor, within intervals or without.
   * @param at [sites, count] inside the tensor
   * @returns [sites, alternatives, count, channels]
   */
  pick(x: ChangedTensor, block: Block, at: Int32Array, count: number): Tensor {
    const { siteCount, sites, mutants } = this;
    const { alternatives } = sites;
    const positions = positionsOf(x);
    const { span } = x;
    const { channels, starts } = block;
    const offset = (i: number) => at[i] - starts[Math.floor(i / count)];
    const isChanged = (i: number) => offset(i) >= 0 && offset(i) < span;
    const shape = [siteCount, alternatives, count, channels];
    const fromChange = block.values === null;
    // With changes at hand: these (zero rows where there is none) and what the unmutated window has.
    const first = fromChange ? 0 : positions;
    const rows = new Float32Array(mutants * count);
    for (let i = 0; i < at.length; i++) {
      for (let a = 0; a < alternatives; a++) {
        const mutant = Math.floor(i / count) * alternatives + a;
        rows[mutant * count + (i % count)] = isChanged(i)
          ? first + mutant * span + offset(i)
          : fromChange
            ? this.zeroRow(span)
            : at[i];
      }
    }
    const where = this.indices(rows, [mutants, count]);
    if (fromChange) {
      const change = gather(reshape(block.change!, [mutants * span, channels]), where);
      const base = gather(this.baseRowsOf(x, block), this.indices(at, [siteCount, count]));
      return add(reshape(change, shape), reshape(base, [siteCount, 1, count, channels]));
    }
    const table = concatenate(
      [this.baseRowsOf(x, block), reshape(block.values, [mutants * span, channels])],
      0,
    );
    return reshape(gather(table, where), shape);
  }

  /**
   * Changes of mutants in other intervals; zeros where they are none.
   * @param starts [sites] of the other intervals
   */
  moveChange(x: ChangedTensor, block: Block, starts: Int32Array, span: number): Tensor {
    const { siteCount, sites, mutants } = this;
    if (span === x.span && starts.every((start, i) => start === block.starts[i]))
      return this.cleanChangeOf(x, block);
    const change = this.changeOf(x, block);
    const positions = positionsOf(x);
    const rows = new Float32Array(mutants * span);
    for (let mutant = 0; mutant < mutants; mutant++) {
      const site = Math.floor(mutant / sites.alternatives);
      for (let j = 0; j < span; j++) {
        const at = starts[site] + j;
        const offset = at - block.starts[site];
        const isChanged = at >= 0 && at < positions && offset >= 0 && offset < x.span;
        rows[mutant * span + j] = isChanged ? mutant * x.span + offset : this.zeroRow(x.span);
      }
    }
    const table = reshape(change, [mutants * x.span, block.channels]);
    const moved = gather(table, this.indices(rows, [mutants, span]));
    return reshape(moved, [siteCount, sites.alternatives, span, block.channels]);
  }

  /** The same with all intervals inside the tensor. */
  settle(x: ChangedTensor): ChangedTensor {
    const positions = positionsOf(x);
    const span = Math.min(x.span, positions);
    const isInside = (start: number) => start >= 0 && start + x.span <= positions;
    if (x.blocks.every(({ starts }) => starts.every(isInside))) return x;
    return {
      ...x,
      span,
      blocks: x.blocks.map((block) => {
        const starts = block.starts.map((start) => clamp(start, 0, positions - span));
        return { ...block, ...this.#inIntervals(x, block, starts, span) };
      }),
    };
  }

  /** The same in larger intervals, which hold the old ones. */
  widen(x: ChangedTensor, starts: readonly Int32Array[], span: number): ChangedTensor {
    const blocks = x.blocks.map((block, i) => ({
      channels: block.channels,
      starts: starts[i],
      values: null,
      change: this.moveChange(x, block, starts[i], span),
    }));
    return { ...x, span, blocks };
  }

  #inIntervals(x: ChangedTensor, block: Block, starts: Int32Array, span: number): Block {
    const at = new Int32Array(this.siteCount * span);
    for (let i = 0; i < at.length; i++) at[i] = starts[Math.floor(i / span)] + (i % span);
    return { starts, channels: block.channels, change: null, values: this.pick(x, block, at, span) };
  }

  #copyFixed({ source, shape }: Tensor): Tensor {
    const lengths = shape as readonly number[];
    if (source?.kind === "parameter")
      return this.graph.parameter(source.name, lengths, source.initialiser, { trainable: source.trainable });
    if (source?.kind === "constant") return this.graph.constant(source.values, lengths);
    throw new Error("noise in a network for prediction");
  }

  /** "windows" of the unmutated window; other inputs of the mutants, a row each. */
  #input({ source, shape }: Tensor, samples: number): Tensor {
    if (source?.kind !== "input") throw new Error("a leaf that is no input");
    const [, ...rest] = shape as readonly number[];
    if (source.name === "windows" ? samples !== 1 : samples === 1)
      throw new Error(`${source.name}: not what is kept of it`);
    return this.graph.input(source.name, [samples, ...rest]);
  }

  #materialised(original: Tensor): Tensor | null {
    const whole = this.found.get(original);
    if (whole !== undefined) return whole;
    const found = this.changed.get(original);
    const layer = original.node?.label ?? "windows";
    if (found?.kind === "interval") {
      this.writtenOut.add(layer);
      return this.#materialise(found);
    }
    if (found?.kind === "recurrent" && found.layout === "steps") {
      this.writtenOut.add(layer);
      return materialiseRecurrence(found.recurrence, this);
    }
    return null;
  }

  #materialise(x: ChangedTensor): Tensor {
    const positions = positionsOf(x);
    const everywhere = Int32Array.from({ length: this.siteCount * positions }, (_, i) => i % positions);
    const { mutants } = this;
    const parts = x.blocks.map((block) =>
      reshape(this.pick(x, block, everywhere, positions), [mutants, positions, block.channels]),
    );
    const all = reshape(concatenate(parts, 2), [mutants, positions, rowsOf(x), ...channelShapeOf(x)]);
    let channelAxis = 3;
    const order = x.original.shape.flatMap((_, axis) => {
      if (axis === x.batchAxis) return [0, 2];
      return axis === x.positionAxis ? [1] : [channelAxis++];
    });
    const shape = x.original.shape.map((length, axis) =>
      axis === x.batchAxis ? mutants * rowsOf(x) : (length as number),
    );
    if (channelsOf(x) * positions * mutants !== shape.reduce((a, b) => a * b, 1))
      throw new Error("blocks that are not all channels");
    return reshape(transpose(all, order), shape);
  }
}
