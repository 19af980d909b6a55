import {
  assembleModule,
  op,
  signed,
  typeI32,
  typeVector,
  unsigned,
  type WasmFunction,
} from "../scan/wasm-module.js";

/**
 * The inner loops of a comparison by Euclidean distance, in WebAssembly with 128-bit vectors. Addresses are bytes in the shared
 * memory; counts of columns are multiples of {@link COLUMNS_A_TURN}.
 */
export interface SimdKernels {
  /**
   * Distances of one query column from all target columns, in single precision, and the same as bytes: `bytesPerUnit` a
   * unit, rounded down. Least and largest distance of each of four lanes go to `range` (least, largest: 16 bytes each).
   * @param query address of A, C, G, T and bytesPerUnit, f32 each
   */
  distances(
    query: number,
    a: number,
    c: number,
    g: number,
    t: number,
    columns: number,
    distances: number,
    bytes: number,
    range: number,
  ): number;
  /** How many bytes are below a limit. */
  countBelow(bytes: number, count: number, limit: number): number;
  /**
   * Where bytes from `low` to `high` are: pairs of i32, the index of the first of 16 bytes and a bit for each of these.
   * @returns the address after the last pair
   */
  findWithin(bytes: number, count: number, low: number, high: number, found: number): number;
  /**
   * Distances to whole scores, as signed bytes: constant - distance x scale, rounded, less the zero. Where a number is so far
   * from a whole one that single precision may have chosen the wrong one, the index of its sixteen is noted.
   * @param numbers address of constant, scale, farness (f32), zero (i32), {@link ROUNDER} (f32) and 255 (i32)
   * @returns the address after the last index noted
   */
  quantise(distances: number, columns: number, numbers: number, whole: number, noted: number): number;
  /** Adds how often each byte occurs to four tables of 256 i32, a quarter of the bytes each. */
  tally(bytes: number, count: number, tables: number): number;
  /**
   * The best offset of each target: sums of whole scores along the diagonals, the largest one and the first place of it (the last
   * where `isReversed`). Sums are i16; those of alignments with fewer than `least` columns do not count.
   * @param starts address of targets + 1 i32: the first column of each target
   * @param best address of two i32 for each target: the sum, and the offset's index from 0
   */
  align(
    whole: number,
    rowBytes: number,
    length: number,
    starts: number,
    targets: number,
    least: number,
    isReversed: number,
    scratch: number,
    best: number,
  ): number;
}

/** Added to a small number, it leaves the nearest whole number in the lowest bits: 1.5 x 2^23. */
export const ROUNDER = 12582912;
/** Columns the loops take at once. */
export const COLUMNS_A_TURN = 16;
/** Bytes before the sums in `scratch`: masks for the last columns of a target. */
export const MASK_BYTES = 9 * 16;

let compiled: WebAssembly.Module | undefined;

/** The kernels over a memory; the masks that `align` needs must stand at the start of its scratch. */
export function compileKernels(memory: WebAssembly.Memory): SimdKernels {
  compiled ??= new WebAssembly.Module(
    assembleModule([
      distancesFunction(),
      countBelowFunction(),
      findWithinFunction(),
      quantiseFunction(),
      tallyFunction(),
      alignFunction(),
    ]),
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as SimdKernels;
}

const simd = (code: number) => [0xfd, ...unsigned(code)];
const vec = {
  load8x8Signed: simd(0x01),
  load32Splat: simd(0x09),
  splatI8: simd(0x0f),
  lessThanBytes: simd(0x26),
  lessOrEqualBytes: simd(0x2a),
  greaterOrEqualBytes: simd(0x2c),
  lessThanF32: simd(0x43),
  and: simd(0x4e),
  narrowToBytes: simd(0x66),
  subtractBytes: simd(0x71),
  narrowToI16: simd(0x86),
  addI16: simd(0x8e),
  abs: simd(0xe0),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  minimum: simd(0xea),
  maximum: simd(0xeb),
  truncate: simd(0xf8),
} as const;
const scalar = {
  load: 0x28,
  load8: 0x2d,
  load16Signed: 0x2e,
  lessSigned: 0x48,
  greaterSigned: 0x4a,
  greaterOrEqualSigned: 0x4e,
  popcnt: 0x69,
  subtract: 0x6b,
  multiply: 0x6c,
  shiftRight: 0x76,
  select: 0x1b,
} as const;

const get = (local: number) => [op.getLocal, ...unsigned(local)];
const set = (local: number) => [op.setLocal, ...unsigned(local)];
const constant = (value: number) => [op.i32Const, ...signed(value)];
const load = (offset = 0) => [...op.vectorLoad, 0, ...unsigned(offset)];
const store = (offset = 0) => [...op.vectorStore, 0, ...unsigned(offset)];
const loadI32 = (offset = 0) => [scalar.load, 0, ...unsigned(offset)];
const storeI32 = (offset = 0) => [op.i32Store, 0, ...unsigned(offset)];
const advance = (local: number, by: number) => [...get(local), ...constant(by), ...op.i32Add, ...set(local)];
/** Runs the body until the local has reached the limit, at least once. */
const loopUntil = (local: number, limit: readonly number[], body: readonly number[]) => [
  ...op.loop,
  ...body,
  ...[...get(local), ...limit, scalar.lessSigned, op.branchIf, 0],
  ...op.end,
];

function distancesFunction(): WasmFunction {
  const [query, a, c, g, t, columns, out, bytes, range] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const [at, qa, qc, qg, qt, unit, least, most, d0, d1, d2, d3, d] = [
    9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
  ];
  const splat = (offset: number, local: number) => [
    ...get(query),
    ...[...vec.load32Splat, 0, ...unsigned(offset)],
    ...set(local),
  ];
  const square = (pointer: number, of: number, offset: number) => [
    ...[...get(pointer), ...load(offset), ...get(of), ...vec.subtract, ...set(d)],
    ...[...get(d), ...get(d), ...vec.multiply],
  ];
  const four = (index: number, local: number) => {
    const offset = 16 * index;
    return [
      ...square(a, qa, offset),
      ...[...square(c, qc, offset), ...vec.add],
      ...[...square(g, qg, offset), ...vec.add],
      ...[...square(t, qt, offset), ...vec.add],
      ...[...vec.sqrt, ...set(local)],
      ...[...get(out), ...get(local), ...store(offset)],
      ...[...get(least), ...get(local), ...vec.minimum, ...set(least)],
      ...[...get(most), ...get(local), ...vec.maximum, ...set(most)],
    ];
  };
  const toI32 = (local: number) => [...get(local), ...get(unit), ...vec.multiply, ...vec.truncate];
  const body = [
    ...[...splat(0, qa), ...splat(4, qc), ...splat(8, qg), ...splat(12, qt), ...splat(16, unit)],
    ...[...get(range), ...load(0), ...set(least), ...get(range), ...load(16), ...set(most)],
    ...loopUntil(at, get(columns), [
      ...[...four(0, d0), ...four(1, d1), ...four(2, d2), ...four(3, d3)],
      ...get(bytes),
      ...[...toI32(d0), ...toI32(d1), ...vec.narrowToI16],
      ...[...toI32(d2), ...toI32(d3), ...vec.narrowToI16],
      ...[...vec.narrowToBytes, ...store()],
      ...[...advance(a, 64), ...advance(c, 64), ...advance(g, 64), ...advance(t, 64)],
      ...[...advance(out, 64), ...advance(bytes, 16), ...advance(at, COLUMNS_A_TURN)],
    ]),
    ...[...get(range), ...get(least), ...store(0), ...get(range), ...get(most), ...store(16)],
    ...constant(0),
  ];
  return { name: "distances", parameters: 9, locals: [typeI32, ...new Array(12).fill(typeVector)], body };
}

function countBelowFunction(): WasmFunction {
  const [bytes, count, limit, at, sum, limits] = [0, 1, 2, 3, 4, 5];
  const body = [
    ...[...get(limit), ...vec.splatI8, ...set(limits)],
    ...loopUntil(at, get(count), [
      ...[...get(sum), ...get(bytes), ...load(), ...get(limits), ...vec.lessThanBytes],
      ...[...op.bitMask, scalar.popcnt, ...op.i32Add, ...set(sum)],
      ...[...advance(bytes, 16), ...advance(at, 16)],
    ]),
    ...get(sum),
  ];
  return { name: "countBelow", parameters: 3, locals: [typeI32, typeI32, typeVector], body };
}

function findWithinFunction(): WasmFunction {
  const [bytes, count, low, high, found, at, mask, lows, highs, here] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const body = [
    ...[...get(low), ...vec.splatI8, ...set(lows), ...get(high), ...vec.splatI8, ...set(highs)],
    ...loopUntil(at, get(count), [
      ...[...get(bytes), ...load(), ...set(here)],
      ...[...get(here), ...get(lows), ...vec.greaterOrEqualBytes],
      ...[...get(here), ...get(highs), ...vec.lessOrEqualBytes, ...vec.and],
      ...[...op.bitMask, ...set(mask)],
      ...get(mask),
      ...op.if,
      ...[...get(found), ...get(at), ...storeI32(0), ...get(found), ...get(mask), ...storeI32(4)],
      ...advance(found, 8),
      ...op.end,
      ...[...advance(bytes, 16), ...advance(at, 16)],
    ]),
    ...get(found),
  ];
  const locals = [typeI32, typeI32, typeVector, typeVector, typeVector];
  return { name: "findWithin", parameters: 5, locals, body };
}

function quantiseFunction(): WasmFunction {
  const [distances, columns, numbers, whole, noted, at] = [0, 1, 2, 3, 4, 5];
  const [start, scale, near, zero, rounder, byte, doubt, v, v0, v1, v2, v3] = [
    6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
  ];
  const splat = (offset: number, local: number) => [
    ...get(numbers),
    ...[...vec.load32Splat, 0, ...unsigned(offset)],
    ...set(local),
  ];
  const four = (index: number, local: number) => [
    ...[...get(start), ...get(distances), ...load(16 * index), ...get(scale), ...vec.multiply],
    ...[...vec.subtract, ...set(v)],
    ...[...get(v), ...get(rounder), ...vec.add, ...set(local)],
    // Far from the whole number means near the edge between two.
    ...[...get(v), ...get(local), ...get(rounder), ...vec.subtract, ...vec.subtract, ...vec.abs, ...set(v)],
    ...[...get(near), ...get(v), ...vec.lessThanF32],
    ...(index === 0 ? [] : [...get(doubt), ...op.vectorOr]),
    ...set(doubt),
  ];
  const low = (local: number) => [...get(local), ...get(byte), ...vec.and];
  const body = [
    ...[...splat(0, start), ...splat(4, scale), ...splat(8, near), ...splat(16, rounder), ...splat(20, byte)],
    ...[...get(numbers), ...loadI32(12), ...vec.splatI8, ...set(zero)],
    ...loopUntil(at, get(columns), [
      ...[...four(0, v0), ...four(1, v1), ...four(2, v2), ...four(3, v3)],
      ...[...get(doubt), ...op.anyTrue],
      ...op.if,
      ...[...get(noted), ...get(at), ...storeI32(), ...advance(noted, 4)],
      ...op.end,
      ...get(whole),
      ...[...low(v0), ...low(v1), ...vec.narrowToI16],
      ...[...low(v2), ...low(v3), ...vec.narrowToI16],
      ...[...vec.narrowToBytes, ...get(zero), ...vec.subtractBytes, ...store()],
      ...[...advance(distances, 64), ...advance(whole, 16), ...advance(at, COLUMNS_A_TURN)],
    ]),
    ...get(noted),
  ];
  return { name: "quantise", parameters: 5, locals: [typeI32, ...new Array(12).fill(typeVector)], body };
}

function tallyFunction(): WasmFunction {
  const [bytes, count, tables, at, word, address] = [0, 1, 2, 3, 4, 5];
  const one = (index: number) => [
    ...[...get(tables), ...get(word)],
    // Bytes 0 to 3 of the word, times 4: the place in a table.
    ...(index === 0 ? [...constant(2), ...op.i32ShiftLeft] : [...constant(8 * index - 2), scalar.shiftRight]),
    ...[...constant(0x3fc), ...op.i32And, ...op.i32Add, ...set(address)],
    ...[...get(address), ...get(address), ...loadI32(1024 * index)],
    ...[...constant(1), ...op.i32Add, ...storeI32(1024 * index)],
  ];
  const wordAt = (offset: number) => [...get(bytes), ...loadI32(offset), ...set(word)];
  const body = [
    ...loopUntil(at, get(count), [
      ...[0, 4, 8, 12].flatMap((offset) => [
        ...wordAt(offset),
        ...[...one(0), ...one(1), ...one(2), ...one(3)],
      ]),
      ...[...advance(bytes, 16), ...advance(at, 16)],
    ]),
    ...constant(0),
  ];
  return { name: "tally", parameters: 3, locals: [typeI32, typeI32, typeI32], body };
}

function alignFunction(): WasmFunction {
  const [whole, rowBytes, length, starts, targets, least, isReversed, scratch, best] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ];
  const [target, start, width, row, from, sum, i, block, mask, sums, end, at, most, place, value, own] = [
    9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
  ];
  const zeroVector = [...constant(0), ...vec.splatI8];
  const minimumOf = (first: readonly number[], second: readonly number[]) => [
    ...[...first, ...second, ...first, ...second, scalar.lessSigned, scalar.select],
  ];
  const body = [
    ...[...get(scratch), ...constant(MASK_BYTES), ...op.i32Add, ...set(sums)],
    ...loopUntil(target, get(targets), [
      ...[...get(starts), ...loadI32(0), ...set(start)],
      ...[...get(starts), ...loadI32(4), ...get(start), scalar.subtract, ...set(width)],
      // Empty sums, and room behind them that the last vectors reach into.
      ...[...get(sums), ...set(sum)],
      ...[...get(width), ...get(length), ...op.i32Add, ...constant(16), ...op.i32Add],
      ...[...constant(1), ...op.i32ShiftLeft, ...get(sums), ...op.i32Add, ...set(end)],
      ...loopUntil(sum, get(end), [...get(sum), ...zeroVector, ...store(), ...advance(sum, 16)]),
      ...[...get(whole), ...get(start), ...op.i32Add, ...set(row)],
      ...[...constant(0), ...set(i)],
      ...loopUntil(i, get(length), [
        // Query column i begins at sum length - 1 - i, or at i where the target is read backwards.
        ...[...get(i), ...get(length), ...constant(1), scalar.subtract, ...get(i), scalar.subtract],
        ...[
          ...get(isReversed),
          scalar.select,
          ...constant(1),
          ...op.i32ShiftLeft,
          ...get(sums),
          ...op.i32Add,
        ],
        ...set(sum),
        ...[...get(row), ...set(from), ...constant(0), ...set(block)],
        ...loopUntil(block, get(width), [
          // The mask of the columns that are left, eight at most.
          ...minimumOf([...get(width), ...get(block), scalar.subtract], constant(8)),
          ...[...constant(4), ...op.i32ShiftLeft, ...get(scratch), ...op.i32Add, ...set(mask)],
          ...get(sum),
          ...[...get(from), ...vec.load8x8Signed, 0, 0, ...get(mask), ...load(), ...vec.and],
          ...[...get(sum), ...load(), ...vec.addI16, ...store()],
          ...[...advance(sum, 16), ...advance(from, 8), ...advance(block, 8)],
        ]),
        ...[...get(row), ...get(rowBytes), ...op.i32Add, ...set(row)],
        ...advance(i, 1),
      ]),
      // The largest sum between the alignments of the fewest columns at either end.
      ...[...minimumOf(get(least), minimumOf(get(width), get(length))), ...set(own)],
      ...[...get(own), ...constant(1), scalar.subtract, ...set(at)],
      ...[...get(width), ...get(length), ...op.i32Add, ...get(own), scalar.subtract, ...set(end)],
      ...[...constant(-32768), ...set(most)],
      ...loopUntil(at, get(end), [
        ...[...get(sums), ...get(at), ...constant(1), ...op.i32ShiftLeft, ...op.i32Add],
        ...[scalar.load16Signed, 0, 0, ...set(value)],
        // Strictly more, or as much where the last place counts.
        ...[...get(value), ...get(isReversed), ...op.i32Add, ...get(most), scalar.greaterSigned],
        ...op.if,
        ...[...get(value), ...set(most), ...get(at), ...set(place)],
        ...op.end,
        ...advance(at, 1),
      ]),
      ...[...get(best), ...get(most), ...storeI32(0), ...get(best)],
      ...[...get(width), ...get(length), ...op.i32Add, ...constant(2), scalar.subtract, ...get(place)],
      ...[scalar.subtract, ...get(place), ...get(isReversed), scalar.select, ...storeI32(4)],
      ...[...advance(best, 8), ...advance(starts, 4), ...advance(target, 1)],
    ]),
    ...constant(0),
  ];
  return { name: "align", parameters: 9, locals: new Array(16).fill(typeI32), body };
}
