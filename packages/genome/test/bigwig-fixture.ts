import { deflateSync } from "node:zlib";

export interface Section {
  readonly kind: 1 | 2 | 3;
  readonly chromosomeId: number;
  readonly start: number;
  readonly end: number;
  readonly step?: number;
  readonly span?: number;
  /** Rows as the kind has them: [start, end, value], [start, value] or [value]. */
  readonly rows: readonly (readonly number[])[];
}

export interface FixtureOptions {
  readonly littleEndian?: boolean;
  readonly version?: number;
  readonly compress?: boolean;
  readonly hasSummary?: boolean;
}

/** Where things lie in a file that `makeBigWig` made: tests damage them there. */
export interface Fixture {
  readonly bytes: Uint8Array;
  readonly chromosomeTree: number;
  readonly data: number;
  readonly index: number;
  readonly zoomIndex: number;
  readonly blocks: readonly number[];
}

/**
 * A bigWig made byte by byte from the tables of Kent et al. 2010, by none of the writer's code: chromosomes chr1
 * (id 0, 5,000 bp) and chr2 (id 1, 1,000 bp), one node a tree, one zoom level with one block of one record.
 */
export function makeBigWig(sections: readonly Section[], options: FixtureOptions = {}): Fixture {
  const { littleEndian = true, version = 4, compress = true, hasSummary = true } = options;
  const parts: number[] = [];
  const u8 = (value: number) => parts.push(value & 255);
  const uint = (value: number, length: number) => {
    const bytes = Array.from({ length }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
    parts.push(...(littleEndian ? bytes : bytes.reverse()));
  };
  const float = (value: number, length: 4 | 8) => {
    const view = new DataView(new ArrayBuffer(length));
    if (length === 4) view.setFloat32(0, value, littleEndian);
    else view.setFloat64(0, value, littleEndian);
    parts.push(...new Uint8Array(view.buffer));
  };
  const cut = (from: number) => Uint8Array.from(parts.splice(from));
  const pack = (raw: Uint8Array) => (compress ? deflateSync(raw) : raw);

  const bodies = sections.map(({ kind, chromosomeId, start, end, step = 0, span = 0, rows }) => {
    const from = parts.length;
    for (const value of [chromosomeId, start, end, step, span]) uint(value, 4);
    u8(kind);
    u8(0);
    uint(rows.length, 2);
    for (const row of rows) {
      row.forEach((value, i) => {
        if (i === row.length - 1) float(value, 4);
        else uint(value, 4);
      });
    }
    return pack(cut(from));
  });
  for (const value of [0, 10, 40, 30]) uint(value, 4);
  for (const value of [1, 4, 75, 225]) float(value, 4);
  const zoomBody = pack(cut(0));

  const summary = 64 + 24;
  const chromosomeTree = summary + 40;
  const data = chromosomeTree + 32 + 4 + 2 * 12;
  let at = data + 8;
  const blocks = bodies.map((body) => {
    at += body.length;
    return at - body.length;
  });
  const index = at;
  const zoomData = index + 48 + 4 + 32 * sections.length;
  const zoomIndex = zoomData + 4 + zoomBody.length;

  uint(0x888ffc26, 4);
  uint(version, 2);
  uint(1, 2);
  for (const offset of [chromosomeTree, data, index]) uint(offset, 8);
  uint(0, 2);
  uint(0, 2);
  uint(0, 8);
  uint(hasSummary ? summary : 0, 8);
  uint(compress ? 32768 : 0, 4);
  uint(0, 8);
  uint(30, 4);
  uint(0, 4);
  uint(zoomData, 8);
  uint(zoomIndex, 8);
  uint(123, 8);
  for (const value of [-1, 7, 88.5, 99.25]) float(value, 8);
  uint(0x78ca8c91, 4);
  for (const value of [2, 4, 8]) uint(value, 4);
  uint(2, 8);
  uint(0, 8);
  u8(1);
  u8(0);
  uint(2, 2);
  for (const [name, id, size] of [
    ["chr1", 0, 5000],
    ["chr2", 1, 1000],
  ] as const) {
    parts.push(...Buffer.from(name));
    uint(id, 4);
    uint(size, 4);
  }
  uint(bodies.length, 8);
  for (const body of bodies) parts.push(...body);
  const tree = (leaves: readonly (readonly [number, number, number, number, number])[]) => {
    uint(0x2468ace0, 4);
    uint(256, 4);
    uint(leaves.length, 8);
    for (let i = 0; i < 4; i++) uint(0, 4);
    uint(0, 8);
    uint(1, 4);
    uint(0, 4);
    u8(1);
    u8(0);
    uint(leaves.length, 2);
    for (const [id, start, end, offset, length] of leaves) {
      for (const value of [id, start, id, end]) uint(value, 4);
      uint(offset, 8);
      uint(length, 8);
    }
  };
  tree(
    sections.map(({ chromosomeId, start, end }, i) => [
      chromosomeId,
      start,
      end,
      blocks[i],
      bodies[i].length,
    ]),
  );
  uint(1, 4);
  parts.push(...zoomBody);
  tree([[0, 10, 40, zoomData + 4, zoomBody.length]]);
  uint(0x888ffc26, 4);
  return { bytes: Uint8Array.from(parts), chromosomeTree, data, index, zoomIndex, blocks };
}
