import {
  type BigWigFile,
  chromosomeIdLimit,
  chromosomeTreeHeaderLength,
  chromosomeTreeMagic,
  damaged,
  nodeHeaderLength,
  readUint64,
} from "./format.js";
import { TreeBytes } from "./tree-bytes.js";

/** A chromosome as a bigWig knows it. */
export interface BigWigChromosome {
  readonly id: number;
  readonly name: string;
  /** Length in bp. */
  readonly size: number;
}

/** All chromosomes of the B+ tree at `offset`, in the order of their ids. */
export async function readChromosomeTree(file: BigWigFile, offset: number): Promise<BigWigChromosome[]> {
  const { littleEndian } = file;
  const source = file.source.name;
  const bytes = new TreeBytes(file);
  const header = await bytes.view(offset, chromosomeTreeHeaderLength);
  const magic = header.getUint32(0, littleEndian);
  if (magic !== chromosomeTreeMagic) {
    throw damaged(source, offset, `0x${magic.toString(16)} at the chromosome tree`, "0x78ca8c91");
  }
  const keyLength = header.getUint32(8, littleEndian);
  const valueLength = header.getUint32(12, littleEndian);
  const count = readUint64(header, 16, littleEndian);
  if (valueLength !== 8) {
    throw damaged(
      source,
      offset + 12,
      `chromosome entries of ${valueLength} bytes`,
      "8 bytes (id and length)",
    );
  }
  if (keyLength === 0 || count * (keyLength + 8) > file.size) {
    throw damaged(source, offset + 8, `${count} chromosomes with names of ${keyLength} bytes`);
  }

  const chromosomes: BigWigChromosome[] = [];
  const decoder = new TextDecoder();
  const itemLength = keyLength + 8;
  const pending = [offset + chromosomeTreeHeaderLength];
  while (pending.length > 0) {
    const nodeOffset = pending.pop()!;
    const node = await bytes.view(nodeOffset, nodeHeaderLength);
    const isLeaf = node.getUint8(0) === 1;
    const items = node.getUint16(2, littleEndian);
    bytes.visit(nodeOffset, nodeHeaderLength + items * itemLength);
    const view = await bytes.view(nodeOffset + nodeHeaderLength, items * itemLength);
    const children: number[] = [];
    for (let i = 0; i < items; i++) {
      const at = i * itemLength;
      if (!isLeaf) {
        children.push(readUint64(view, at + keyLength, littleEndian));
        continue;
      }
      const key = new Uint8Array(view.buffer, view.byteOffset + at, keyLength);
      const end = key.indexOf(0);
      chromosomes.push({
        name: decoder.decode(end === -1 ? key : key.subarray(0, end)),
        id: view.getUint32(at + keyLength, littleEndian),
        size: view.getUint32(at + keyLength + 4, littleEndian),
      });
    }
    // Last in, first out: pushed backwards, so that nodes are read in the order they lie in the file.
    for (const child of children.reverse()) pending.push(child);
  }
  checkChromosomes(source, offset, chromosomes, count);
  return chromosomes.sort((a, b) => a.id - b.id);
}

function checkChromosomes(
  source: string,
  offset: number,
  chromosomes: BigWigChromosome[],
  count: number,
): void {
  if (chromosomes.length !== count) {
    throw damaged(source, offset, `the chromosome tree holds ${chromosomes.length} names`, `${count}`);
  }
  const names = new Set<string>();
  const ids = new Set<number>();
  for (const { name, id } of chromosomes) {
    if (name === "") throw damaged(source, offset, "a chromosome without a name");
    if (id >= chromosomeIdLimit) {
      throw damaged(source, offset, `chromosome id ${id}`, `ids below ${chromosomeIdLimit}`);
    }
    if (names.has(name) || ids.has(id)) {
      throw damaged(source, offset, `chromosome ${name} (id ${id}) is listed twice`);
    }
    names.add(name);
    ids.add(id);
  }
}
