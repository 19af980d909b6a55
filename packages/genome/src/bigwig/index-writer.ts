import type { ByteSink } from "../byte-sink.js";
import {
  branchItemLength,
  chromosomeTreeHeaderLength,
  chromosomeTreeMagic,
  leafItemLength,
  nodeHeaderLength,
  rTreeHeaderLength,
  rTreeMagic,
  viewOf,
  writeUint64,
} from "./format.js";
import { GrowingArray } from "./growing-array.js";

/** Where written blocks lie and what they cover, in the order of the genome: the leaves of an R-tree. */
export class BlockIndex {
  readonly startIds = new GrowingArray(Uint32Array);
  readonly starts = new GrowingArray(Uint32Array);
  readonly endIds = new GrowingArray(Uint32Array);
  readonly ends = new GrowingArray(Uint32Array);
  readonly offsets = new GrowingArray(Float64Array);
  readonly sizes = new GrowingArray(Uint32Array);

  get length(): number {
    return this.starts.length;
  }

  /** Adds a block; returns its number. `offset` may be set later. */
  add(startId: number, start: number, endId: number, end: number, size: number, offset = 0): number {
    this.startIds.push(startId);
    this.starts.push(start);
    this.endIds.push(endId);
    this.ends.push(end);
    this.sizes.push(size);
    this.offsets.push(offset);
    return this.length - 1;
  }
}

/** How many nodes (or items) each level of a packed tree has, from the leaves' items up to the root alone. */
function countLevels(items: number, blockSize: number): number[] {
  const levels = [Math.max(1, Math.ceil(items / blockSize))];
  while (levels[0] > 1) levels.unshift(Math.ceil(levels[0] / blockSize));
  return levels;
}

/**
 * Writes a packed R-tree over the blocks, level by level from the root. Every node but the last of its level is
 * full, so that the place of each node follows from its number.
 * @param items how many records the blocks hold, at most `itemsPerSlot` each.
 */
export async function writeRTree(
  sink: ByteSink,
  index: BlockIndex,
  options: { blockSize: number; items: number; itemsPerSlot: number },
): Promise<void> {
  const { blockSize } = options;
  const base = sink.position;
  const count = index.length;
  const last = count - 1;
  const header = new Uint8Array(rTreeHeaderLength);
  const view = viewOf(header);
  view.setUint32(0, rTreeMagic, true);
  view.setUint32(4, blockSize, true);
  writeUint64(view, 8, options.items);
  if (count > 0) {
    view.setUint32(16, index.startIds.at(0), true);
    view.setUint32(20, index.starts.at(0), true);
    view.setUint32(24, index.endIds.at(last), true);
    view.setUint32(28, index.ends.at(last), true);
  }
  writeUint64(view, 32, base);
  view.setUint32(40, options.itemsPerSlot, true);
  await sink.write(header);

  const levels = countLevels(count, blockSize);
  let levelStart = base + rTreeHeaderLength;
  for (let level = 0; level < levels.length; level++) {
    const isLeaf = level === levels.length - 1;
    const items = isLeaf ? count : levels[level + 1];
    const itemLength = isLeaf ? leafItemLength : branchItemLength;
    const nextStart = levelStart + levels[level] * nodeHeaderLength + items * itemLength;
    // Leaves that one item of this level spans, and the length of the full nodes that its items point to.
    const spanned = blockSize ** (levels.length - 1 - level);
    const childLength =
      nodeHeaderLength + blockSize * (level + 1 === levels.length - 1 ? leafItemLength : branchItemLength);
    for (let node = 0; node < levels[level]; node++) {
      const first = node * blockSize;
      const held = Math.min(blockSize, items - first);
      const bytes = new Uint8Array(nodeHeaderLength + held * itemLength);
      const out = viewOf(bytes);
      out.setUint8(0, isLeaf ? 1 : 0);
      out.setUint16(2, held, true);
      for (let i = 0; i < held; i++) {
        const at = nodeHeaderLength + i * itemLength;
        const firstLeaf = (first + i) * spanned;
        const lastLeaf = Math.min(firstLeaf + spanned, count) - 1;
        out.setUint32(at, index.startIds.at(firstLeaf), true);
        out.setUint32(at + 4, index.starts.at(firstLeaf), true);
        out.setUint32(at + 8, index.endIds.at(lastLeaf), true);
        out.setUint32(at + 12, index.ends.at(lastLeaf), true);
        writeUint64(
          out,
          at + 16,
          isLeaf ? index.offsets.at(firstLeaf) : nextStart + (first + i) * childLength,
        );
        if (isLeaf) writeUint64(out, at + 24, index.sizes.at(firstLeaf));
      }
      await sink.write(bytes);
    }
    levelStart = nextStart;
  }
}

/** A chromosome's name as UTF-8 bytes, with the number its data carry. */
export interface ChromosomeKey {
  readonly key: Uint8Array;
  readonly id: number;
  readonly size: number;
}

/**
 * Writes the B+ tree from names to ids and lengths. Keys are sorted by their bytes, as its readers search it;
 * ids keep the order of the caller's list, which is the order of the data.
 */
export async function writeChromosomeTree(
  sink: ByteSink,
  chromosomes: readonly ChromosomeKey[],
): Promise<void> {
  const sorted = [...chromosomes].sort((a, b) => compareBytes(a.key, b.key));
  const keyLength = Math.max(...sorted.map(({ key }) => key.length));
  const blockSize = Math.min(256, sorted.length);
  const itemLength = keyLength + 8;
  const base = sink.position;
  const header = new Uint8Array(chromosomeTreeHeaderLength);
  const view = viewOf(header);
  view.setUint32(0, chromosomeTreeMagic, true);
  view.setUint32(4, blockSize, true);
  view.setUint32(8, keyLength, true);
  view.setUint32(12, 8, true);
  writeUint64(view, 16, sorted.length);
  await sink.write(header);

  const levels = sorted.length === 1 ? [1] : countLevels(sorted.length, blockSize);
  let levelStart = base + chromosomeTreeHeaderLength;
  for (let level = 0; level < levels.length; level++) {
    const isLeaf = level === levels.length - 1;
    const items = isLeaf ? sorted.length : levels[level + 1];
    const nextStart = levelStart + levels[level] * nodeHeaderLength + items * itemLength;
    const spanned = blockSize ** (levels.length - 1 - level);
    for (let node = 0; node < levels[level]; node++) {
      const first = node * blockSize;
      const held = Math.min(blockSize, items - first);
      const bytes = new Uint8Array(nodeHeaderLength + held * itemLength);
      const out = viewOf(bytes);
      out.setUint8(0, isLeaf ? 1 : 0);
      out.setUint16(2, held, true);
      for (let i = 0; i < held; i++) {
        const at = nodeHeaderLength + i * itemLength;
        const { key, id, size } = sorted[(first + i) * spanned];
        bytes.set(key, at);
        if (isLeaf) {
          out.setUint32(at + keyLength, id, true);
          out.setUint32(at + keyLength + 4, size, true);
        } else {
          const childLength = nodeHeaderLength + blockSize * itemLength;
          writeUint64(out, at + keyLength, nextStart + (first + i) * childLength);
        }
      }
      await sink.write(bytes);
    }
    levelStart = nextStart;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
