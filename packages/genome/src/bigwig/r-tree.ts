import {
  type BigWigFile,
  branchItemLength,
  chromosomeIdLimit,
  damaged,
  leafItemLength,
  nodeHeaderLength,
  readUint64,
  rTreeHeaderLength,
  rTreeMagic,
} from "./format.js";
import { GrowingArray } from "./growing-array.js";
import { TreeBytes } from "./tree-bytes.js";

/** Where blocks lie in the file: parallel arrays, in the order of the genome. */
export interface BlockList {
  readonly offsets: number[];
  readonly sizes: number[];
}

/** The leaves of a tree or of one of its nodes: one per block of data. */
interface Leaves {
  readonly count: number;
  /** Where a block's data start and end, as chromosome id x 2^32 + base. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly offsets: Float64Array;
  readonly sizes: Float64Array;
  /** Both starts and ends never fall, so that a block is found by bisection. */
  readonly isSorted: boolean;
}

/** One node: its leaves, or its branches, whose `offsets` are those of their nodes. */
interface Node extends Leaves {
  readonly isLeaf: boolean;
}

const baseRange = 4294967296;

/** A genome position as one number that grows from chromosome to chromosome. */
export function genomeKey(chromosomeId: number, base: number): number {
  return chromosomeId * baseRange + base;
}

/** The lazily read tree keeps this many nodes: at 256 items each, about 40 MB. */
const keptNodes = 4096;

/**
 * The index of a bigWig's data or of one zoom level: an R-tree over one dimension ("cirTree"). One that takes
 * at most `flatLimit` bytes is read once and kept as flat arrays, searched by bisection without a promise;
 * a larger one is read node by node as questions come.
 */
export class RTree {
  readonly #file: BigWigFile;
  readonly #offset: number;
  /** No byte of the tree is expected from here on. */
  readonly #end: number;
  readonly #flatLimit: number;
  readonly #nodes = new Map<number, Node>();
  #opening: Promise<void> | null = null;
  #flat: Leaves | null = null;
  #isOpen = false;

  constructor(file: BigWigFile, offset: number, end: number, flatLimit: number) {
    this.#file = file;
    this.#offset = offset;
    this.#end = end;
    this.#flatLimit = flatLimit;
  }

  /** Reads the tree's header and, where it is small enough, all of it. Must be awaited once before `find`. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = null; // A failed connection may work the next time.
      throw error;
    });
    return this.#opening;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Appends the blocks that overlap a range, or returns false where `find` has to read nodes for that. */
  findAtOnce(chromosomeId: number, start: number, end: number, into: BlockList): boolean {
    if (this.#flat === null) return false;
    selectOverlapping(this.#flat, genomeKey(chromosomeId, start), genomeKey(chromosomeId, end), (leaf) => {
      into.offsets.push(this.#flat!.offsets[leaf]);
      into.sizes.push(this.#flat!.sizes[leaf]);
    });
    return true;
  }

  /** Appends the blocks that overlap a range. */
  async find(chromosomeId: number, start: number, end: number, into: BlockList): Promise<void> {
    if (!this.#isOpen) await this.open();
    if (this.findAtOnce(chromosomeId, start, end, into)) return;
    const bytes = new TreeBytes(this.#file);
    const from = genomeKey(chromosomeId, start);
    const to = genomeKey(chromosomeId, end);
    const pending = [this.#offset + rTreeHeaderLength];
    let total = 0;
    while (pending.length > 0) {
      const offset = pending.pop()!;
      const node = this.#nodes.get(offset) ?? (await this.#keepNode(bytes, offset));
      bytes.visit(offset, lengthOf(node));
      const children: number[] = [];
      selectOverlapping(node, from, to, (i) => {
        if (!node.isLeaf) return children.push(node.offsets[i]);
        total += node.sizes[i];
        into.offsets.push(node.offsets[i]);
        return into.sizes.push(node.sizes[i]);
      });
      this.#checkTotal(total);
      for (const child of children.reverse()) pending.push(child);
    }
  }

  async #open(): Promise<void> {
    const { littleEndian, source } = this.#file;
    const bytes = new TreeBytes(this.#file);
    const header = await bytes.view(this.#offset, rTreeHeaderLength);
    const magic = header.getUint32(0, littleEndian);
    if (magic !== rTreeMagic) {
      throw damaged(source.name, this.#offset, `0x${magic.toString(16)} at an index`, "0x2468ace0");
    }
    const count = readUint64(header, 8, littleEndian);
    // Nodes take little more than their leaves; what lies outside of this is read when met.
    const likely = Math.min(this.#end - this.#offset, count * (leafItemLength + 4) + (1 << 15));
    if (likely <= this.#flatLimit) {
      await bytes.prefetch(this.#offset, likely);
      this.#flat = await this.#readAll(bytes);
    }
    this.#isOpen = true;
  }

  /** All leaves, or null where the tree turns out to be larger than its header made believe. */
  async #readAll(bytes: TreeBytes): Promise<Leaves | null> {
    const starts = new GrowingArray(Float64Array);
    const ends = new GrowingArray(Float64Array);
    const offsets = new GrowingArray(Float64Array);
    const sizes = new GrowingArray(Float64Array);
    const pending = [this.#offset + rTreeHeaderLength];
    let total = 0;
    while (pending.length > 0) {
      const offset = pending.pop()!;
      const node = await this.#readNode(bytes, offset);
      bytes.visit(offset, lengthOf(node));
      if (bytes.visitedBytes > 2 * this.#flatLimit) return null;
      if (!node.isLeaf) {
        for (let i = node.count - 1; i >= 0; i--) pending.push(node.offsets[i]);
        continue;
      }
      starts.pushAll(node.starts);
      ends.pushAll(node.ends);
      offsets.pushAll(node.offsets);
      sizes.pushAll(node.sizes);
      for (const size of node.sizes) total += size;
      this.#checkTotal(total);
    }
    return makeLeaves(starts.toArray(), ends.toArray(), offsets.toArray(), sizes.toArray());
  }

  async #keepNode(bytes: TreeBytes, offset: number): Promise<Node> {
    const node = await this.#readNode(bytes, offset);
    if (this.#nodes.size >= keptNodes) this.#nodes.delete(this.#nodes.keys().next().value!);
    this.#nodes.set(offset, node);
    return node;
  }

  async #readNode(bytes: TreeBytes, offset: number): Promise<Node> {
    const { littleEndian, source, size: fileSize } = this.#file;
    const head = await bytes.view(offset, nodeHeaderLength);
    const kind = head.getUint8(0);
    const count = head.getUint16(2, littleEndian);
    if (kind > 1) throw damaged(source.name, offset, `an index node of kind ${kind}`, "0 or 1");
    if (count === 0 && offset !== this.#offset + rTreeHeaderLength) {
      throw damaged(source.name, offset, "an index node without items");
    }
    const isLeaf = kind === 1;
    const itemLength = isLeaf ? leafItemLength : branchItemLength;
    const view = await bytes.view(offset + nodeHeaderLength, count * itemLength);
    const starts = new Float64Array(count);
    const ends = new Float64Array(count);
    const offsets = new Float64Array(count);
    const sizes = new Float64Array(isLeaf ? count : 0);
    for (let i = 0; i < count; i++) {
      const at = i * itemLength;
      const startId = view.getUint32(at, littleEndian);
      const endId = view.getUint32(at + 8, littleEndian);
      const place = offset + nodeHeaderLength + at;
      if (startId >= chromosomeIdLimit || endId >= chromosomeIdLimit) {
        throw damaged(source.name, place, `chromosome ids ${startId} and ${endId} in the index`);
      }
      starts[i] = genomeKey(startId, view.getUint32(at + 4, littleEndian));
      ends[i] = genomeKey(endId, view.getUint32(at + 12, littleEndian));
      offsets[i] = readUint64(view, at + 16, littleEndian);
      if (isLeaf) sizes[i] = readUint64(view, at + 24, littleEndian);
      const end = offsets[i] + (isLeaf ? sizes[i] : nodeHeaderLength);
      if (end > fileSize) {
        const what = isLeaf ? `a block of ${sizes[i]} bytes` : "an index node";
        const found = `${what} at byte ${offsets[i]} ends past the end of the file (${fileSize} bytes)`;
        throw damaged(source.name, place, found);
      }
    }
    return { isLeaf, ...makeLeaves(starts, ends, offsets, sizes) };
  }

  /** Blocks do not overlap, so together they are no longer than the file: this bounds what a query can cost. */
  #checkTotal(total: number): void {
    if (total <= this.#file.size) return;
    const found = `its blocks take ${total} bytes together, more than the file has`;
    throw damaged(this.#file.source.name, this.#offset, found);
  }
}

function lengthOf(node: Node): number {
  return nodeHeaderLength + node.count * (node.isLeaf ? leafItemLength : branchItemLength);
}

function neverFalls(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] < values[i - 1]) return false;
  return true;
}

function makeLeaves(
  starts: Float64Array,
  ends: Float64Array,
  offsets: Float64Array,
  sizes: Float64Array,
): Leaves {
  const isSorted = neverFalls(starts) && neverFalls(ends);
  return { count: starts.length, starts, ends, offsets, sizes, isSorted };
}

function selectOverlapping(
  leaves: Leaves,
  from: number,
  to: number,
  select: (index: number) => unknown,
): void {
  const { starts, ends, count, isSorted } = leaves;
  let first = 0;
  if (isSorted) {
    let last = count;
    while (first < last) {
      const middle = (first + last) >>> 1;
      if (ends[middle] > from) last = middle;
      else first = middle + 1;
    }
  }
  for (let i = first; i < count; i++) {
    if (starts[i] < to) {
      if (ends[i] > from) select(i);
    } else if (isSorted) return;
  }
}
