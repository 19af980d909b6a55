import { assembleModule, op, typeI32, typeVector, type WasmFunction } from "../scan/wasm-module.js";
import {
  advance,
  atLeastZero,
  bytesF32,
  bytesF64,
  constant,
  get,
  load,
  loadI32,
  loopUntil,
  minimumOf,
  scalar,
  set,
  store,
  storeI32,
  typeF64,
  vec,
  zeroVector,
} from "./simd-instructions.js";

/**
 * The inner loops of a comparison by Euclidean distance, in WebAssembly with 128-bit vectors. Addresses are bytes in the shared
 * memory; counts of columns are multiples of {@link COLUMNS_A_TURN}. Distances are i16, in units of which {@link UNITS} make 1.
 */
export interface SimdKernels {
  /**
   * Distances of one query column from all target columns, to the nearest unit, and the same as bytes: units over 128, rounded down.
   * Least and largest distance of each of eight lanes are kept up to date in `range` (least, largest: 16 bytes each).
   * @param query address of A, C, G, T in units, i16 each
   * @param ac, gt addresses of A and C, and of G and T, of each target column by turns
   */
  distances(
    query: number,
    ac: number,
    gt: number,
    columns: number,
    distances: number,
    bytes: number,
    range: number,
  ): number;
  /** How many bytes are below a limit, at least 1, and the three that follow it: four i32 for each, to be added up. */
  countBelow(bytes: number, count: number, limit: number, counts: number): number;
  /**
   * Where bytes from `low` to `high` are: pairs of i32, the index of the first of 16 bytes and a bit for each of these.
   * @returns the address after the last pair
   */
  findWithin(bytes: number, count: number, low: number, high: number, found: number): number;
  /**
   * Of the places found, distance and index: two i32 each.
   * @param end address after the last pair found
   * @returns the address after the last one
   */
  gather(found: number, end: number, distances: number, list: number): number;
  /**
   * Distances to whole scores, as signed bytes: (above - distance x factor / 2^15) / 2^bits, rounded down, less the zero. Where
   * `below` in place of `above` makes another number, that is noted as `findWithin` does.
   * @param numbers address of factor, above and below, i16 each
   * @returns the address after the last pair noted
   */
  quantise7(
    distances: number,
    columns: number,
    numbers: number,
    zero: number,
    whole: number,
    noted: number,
  ): number;
  quantise8: SimdKernels["quantise7"];
  /**
   * Whole scores in double precision, of the columns noted.
   * @param columns address of the first base to be compared with A, of four f64 a column
   * @param step bytes to the base for C, and so on
   * @param numbers address of the query's A, C, G, T, the score that whole ones are counted from, and the scale, f64 each
   */
  settle(
    noted: number,
    end: number,
    columns: number,
    step: number,
    numbers: number,
    zero: number,
    whole: number,
  ): number;
  /**
   * Adds how often each whole score occurs among those at even and at odd places: {@link PAIR_SCORES} i32 each.
   * @param zero added to the signed bytes; they are from 0 to PAIR_SCORES - 1 then
   * @param count at most 131,070: pairs are counted in 16 bits
   * @param table of PAIR_SCORES x PAIR_SCORES u16, zeros before and after
   */
  tally(bytes: number, count: number, zero: number, table: number, sums: number): number;
  /**
   * The best offset of each target: sums of whole scores along the diagonals, the largest one and the first place of it. Sums are
   * i16; those of alignments with fewer than `least` columns, or all of a narrower target's, do not count.
   * @param groups address of each group's columns, i32
   * @param widths address of each lane's, i16
   * @param best address of 64 bytes for each group: sixteen sums, and sixteen places, i16
   */
  alignForward(
    whole: number,
    rowBytes: number,
    length: number,
    groups: number,
    widths: number,
    groupCount: number,
    least: number,
    best: number,
  ): number;
  /** The same for targets read backwards; the place is counted from the other end, and the last one. */
  alignReversed: SimdKernels["alignForward"];
}

/** Of a distance of 1. The longest distance, the square root of 2, fits 15 bits. */
export const UNITS = 22000;
/** Added to a number below 2^16, it leaves the nearest whole one in the lowest bits: 2^23. */
const ROUNDER = 8388608;
/** Whole scores there may be: a multiple of eight. */
export const PAIR_SCORES = 104;
/** Columns the loops take at once. */
export const COLUMNS_A_TURN = 16;
let compiled: WebAssembly.Module | undefined;

/** The kernels over a memory. */
export function compileKernels(memory: WebAssembly.Memory): SimdKernels {
  compiled ??= new WebAssembly.Module(
    assembleModule([
      distancesFunction(),
      countBelowFunction(),
      findWithinFunction(),
      gatherFunction(),
      quantiseFunction(7),
      quantiseFunction(8),
      settleFunction(),
      tallyFunction(),
      alignFunction(false),
      alignFunction(true),
    ]),
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as SimdKernels;
}

function distancesFunction(): WasmFunction {
  const [query, ac, gt, columns, out, bytes, range] = [0, 1, 2, 3, 4, 5, 6];
  const [at, queryAc, queryGt, rounder, mask, least, most, d, low, high] = [
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  ];
  const squares = (pointer: number, of: number, offset: number) => [
    ...[...get(pointer), ...load(offset), ...get(of), ...vec.subtractI16, ...set(d)],
    ...[...get(d), ...get(d), ...vec.dotI16],
  ];
  const four = (index: number) => [
    ...[...squares(ac, queryAc, 16 * index), ...squares(gt, queryGt, 16 * index), ...vec.addI32],
    ...[...vec.toF32, ...vec.sqrt, ...get(rounder), ...vec.add, ...get(mask), ...vec.and],
  ];
  const eight = (index: number, local: number) => [
    ...[...four(2 * index), ...four(2 * index + 1), ...vec.narrowToI16, ...set(local)],
    ...[...get(out), ...get(local), ...store(16 * index)],
    ...[...get(least), ...get(local), ...vec.minimumI16, ...set(least)],
    ...[...get(most), ...get(local), ...vec.maximumI16, ...set(most)],
  ];
  const body = [
    ...[...get(query), ...vec.load32Splat, 0, 0, ...set(queryAc)],
    ...[...get(query), ...vec.load32Splat, 0, 4, ...set(queryGt)],
    ...[scalar.constantF32, ...bytesF32(ROUNDER), ...vec.splatF32, ...set(rounder)],
    ...[...constant(0xffff), ...vec.splatI32, ...set(mask)],
    ...[...get(range), ...load(0), ...set(least), ...get(range), ...load(16), ...set(most)],
    ...loopUntil(at, get(columns), [
      ...[...eight(0, low), ...eight(1, high)],
      ...get(bytes),
      ...[...get(low), ...constant(7), ...vec.shiftRightI16],
      ...[...get(high), ...constant(7), ...vec.shiftRightI16],
      ...[...vec.narrowToBytes, ...store()],
      ...[...advance(ac, 64), ...advance(gt, 64), ...advance(out, 32), ...advance(bytes, 16)],
      ...advance(at, COLUMNS_A_TURN),
    ]),
    ...[...get(range), ...get(least), ...store(0), ...get(range), ...get(most), ...store(16)],
    ...constant(0),
  ];
  return { name: "distances", parameters: 7, locals: [typeI32, ...new Array(9).fill(typeVector)], body };
}

/** Bytes that are counted in bytes, before those could overflow. */
const COUNT_BLOCK = 16 * 250;

function countBelowFunction(): WasmFunction {
  const [bytes, count, limit, counts, at, end] = [0, 1, 2, 3, 4, 5];
  const [here, limits, sums, totals] = [6, [7, 8, 9, 10], [11, 12, 13, 14], [15, 16, 17, 18]];
  const body = [
    ...limits.flatMap((local, i) => [
      // At most one less takes fewer instructions than below.
      ...[...get(limit), ...constant(i - 1), ...op.i32Add, ...vec.splatI8, ...set(local)],
    ]),
    ...loopUntil(at, get(count), [
      ...[...get(at), ...constant(COUNT_BLOCK), ...op.i32Add, ...set(end)],
      ...[...minimumOf(get(end), get(count)), ...set(end)],
      ...sums.flatMap((local) => [...zeroVector, ...set(local)]),
      ...loopUntil(at, get(end), [
        ...[...get(bytes), ...load(), ...set(here)],
        ...limits.flatMap((local, i) => [
          // A comparison that holds is -1.
          ...[...get(sums[i]), ...get(here), ...get(local), ...vec.lessOrEqualBytes],
          ...[...vec.subtractBytes, ...set(sums[i])],
        ]),
        ...[...advance(bytes, 16), ...advance(at, 16)],
      ]),
      ...totals.flatMap((local, i) => [
        ...[...get(local), ...get(sums[i]), ...vec.addPairsOfBytes, ...vec.addPairsOfI16],
        ...[...vec.addI32, ...set(local)],
      ]),
    ]),
    ...totals.flatMap((local, i) => [...get(counts), ...get(local), ...store(16 * i)]),
    ...constant(0),
  ];
  const locals = [typeI32, typeI32, ...new Array(13).fill(typeVector)];
  return { name: "countBelow", parameters: 4, locals, body };
}

/** Writes a place and its bits, and goes on to the next pair if there are any: cheaper than to foretell whether. */
const note = (pointer: number, at: number, bits: number) => [
  ...[...get(pointer), ...get(at), ...storeI32(0), ...get(pointer), ...get(bits), ...storeI32(4)],
  ...[...get(pointer), ...get(bits), scalar.isZero, scalar.isZero, ...constant(3), ...op.i32ShiftLeft],
  ...[...op.i32Add, ...set(pointer)],
];

function findWithinFunction(): WasmFunction {
  const [bytes, count, low, high, found, at, bits, lows, highs, here] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const body = [
    ...[...get(low), ...vec.splatI8, ...set(lows), ...get(high), ...vec.splatI8, ...set(highs)],
    ...loopUntil(at, get(count), [
      ...[...get(bytes), ...load(), ...set(here)],
      ...[...get(here), ...get(lows), ...vec.greaterOrEqualBytes],
      ...[...get(here), ...get(highs), ...vec.lessOrEqualBytes, ...vec.and],
      ...[...op.bitMask, ...set(bits), ...note(found, at, bits)],
      ...[...advance(bytes, 16), ...advance(at, 16)],
    ]),
    ...get(found),
  ];
  const locals = [typeI32, typeI32, typeVector, typeVector, typeVector];
  return { name: "findWithin", parameters: 5, locals, body };
}

/** For each bit of each pair from `pairs` up to `end`: its index in `index`, and the body. */
const forEachNoted = (
  { pairs, end, bits, index }: { pairs: number; end: number; bits: number; index: number },
  body: readonly number[],
) =>
  loopUntil(pairs, get(end), [
    ...[...get(pairs), ...loadI32(4), ...set(bits)],
    ...op.loop,
    ...[...get(pairs), ...loadI32(0), ...get(bits), scalar.countTrailingZeros, ...op.i32Add, ...set(index)],
    ...body,
    ...[...get(bits), ...get(bits), ...constant(1), scalar.subtract, ...op.i32And, ...set(bits)],
    ...[...get(bits), op.branchIf, 0],
    ...op.end,
    ...advance(pairs, 8),
  ]);

function gatherFunction(): WasmFunction {
  const [found, end, distances, list, bits, index] = [0, 1, 2, 3, 4, 5];
  const body = [
    ...forEachNoted({ pairs: found, end, bits, index }, [
      ...[...get(list), ...get(distances), ...get(index), ...constant(1), ...op.i32ShiftLeft],
      ...[...op.i32Add, scalar.load16, 0, 0, ...storeI32(0)],
      ...[...get(list), ...get(index), ...storeI32(4), ...advance(list, 8)],
    ]),
    ...get(list),
  ];
  return { name: "gather", parameters: 4, locals: [typeI32, typeI32], body };
}

function quantiseFunction(fractionBits: 7 | 8): WasmFunction {
  const [distances, columns, numbers, zero, whole, noted, at, bits] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [factor, above, below, zeros, d, w0, w1] = [8, 9, 10, 11, 12, 13, 14];
  const splat = (offset: number, local: number) => [
    ...[...get(numbers), ...vec.load16Splat, 0, offset, ...set(local)],
  ];
  const score = (from: number) => [
    ...[...get(from), ...get(d), ...vec.subtractI16, ...constant(fractionBits), ...vec.shiftRightI16],
  ];
  const eight = (index: number, local: number) => [
    ...[...get(distances), ...load(16 * index), ...get(factor), ...vec.multiplyQ15, ...set(d)],
    ...[...score(above), ...set(local), ...get(local), ...score(below), ...vec.differentI16],
  ];
  const body = [
    ...[...splat(0, factor), ...splat(2, above), ...splat(4, below)],
    ...[...get(zero), ...vec.splatI8, ...set(zeros)],
    ...loopUntil(at, get(columns), [
      ...[...eight(0, w0), ...eight(1, w1), ...vec.narrowToBytesSigned, ...op.bitMask, ...set(bits)],
      ...note(noted, at, bits),
      ...[...get(whole), ...get(w0), ...get(w1), ...vec.narrowToBytes, ...get(zeros)],
      ...[...vec.subtractBytes, ...store()],
      ...[...advance(distances, 32), ...advance(whole, 16), ...advance(at, COLUMNS_A_TURN)],
    ]),
    ...get(noted),
  ];
  const locals = [typeI32, typeI32, ...new Array(7).fill(typeVector)];
  return { name: `quantise${fractionBits}`, parameters: 6, locals, body };
}

function settleFunction(): WasmFunction {
  const [noted, end, columns, step, numbers, zero, whole, bits, index, at, d] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ];
  const number = (index: number) => [...get(numbers), scalar.loadF64, 0, 8 * index];
  const square = (base: number) => [
    ...[...get(at), scalar.loadF64, 0, 0, ...number(base), scalar.subtractF64, ...set(d)],
    ...[...get(d), ...get(d), scalar.multiplyF64],
    ...(base === 3 ? [] : [...get(at), ...get(step), ...op.i32Add, ...set(at)]),
  ];
  const body = [
    ...forEachNoted({ pairs: noted, end, bits, index }, [
      ...[...get(index), ...constant(5), ...op.i32ShiftLeft, ...get(columns), ...op.i32Add, ...set(at)],
      ...[...get(whole), ...get(index), ...op.i32Add],
      ...[
        ...square(0),
        ...square(1),
        scalar.addF64,
        ...square(2),
        scalar.addF64,
        ...square(3),
        scalar.addF64,
      ],
      ...[scalar.sqrtF64, scalar.negateF64, ...number(4), scalar.subtractF64, ...number(5)],
      ...[scalar.multiplyF64, scalar.constantF64, ...bytesF64(0.5), scalar.addF64, scalar.truncateF64],
      ...[...get(zero), scalar.subtract, scalar.store8, 0, 0],
    ]),
    ...constant(0),
  ];
  return { name: "settle", parameters: 7, locals: [typeI32, typeI32, typeI32, typeF64], body };
}

/** Scores by pairs, which takes half the steps: a table of the two, added up by rows and by columns in the end. */
function tallyFunction(): WasmFunction {
  const [bytes, count, zero, table, sums, at, address, score, column, total] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const [zeros, here, columnSum, low, high] = [10, 11, 12, 13, 14];
  const rowBytes = 2 * PAIR_SCORES;
  const one = (lane: number) => [
    ...[...get(here), ...vec.extractI16, lane, ...get(table), ...op.i32Add, ...set(address)],
    ...[...get(address), ...get(address), scalar.load16, 0, 0, ...constant(1), ...op.i32Add],
    ...[scalar.store16, 0, 0],
  ];
  const addTo = (sum: number, offset: number, half: readonly number[]) => [
    ...[...get(sum), ...get(sum), ...load(offset), ...get(here), ...half, ...vec.addI32, ...store(offset)],
  ];
  const body = [
    ...[...get(zero), ...vec.splatI8, ...set(zeros)],
    ...loopUntil(at, get(count), [
      ...[...get(bytes), ...load(), ...get(zeros), ...vec.addBytes, ...set(here)],
      // Even bytes choose the row, odd ones the column.
      ...[...get(here), ...constant(0xff), ...vec.splatI16, ...vec.and],
      ...[...constant(rowBytes), ...vec.splatI16, ...vec.multiplyI16],
      ...[...get(here), ...constant(8), ...vec.shiftRightI16Unsigned, ...constant(1), ...vec.shiftLeftI16],
      ...[...vec.addI16, ...set(here)],
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap(one),
      ...[...advance(bytes, 16), ...advance(at, 16)],
    ]),
    ...loopUntil(score, constant(PAIR_SCORES), [
      ...[...zeroVector, ...set(columnSum), ...constant(0), ...set(column)],
      ...[...get(sums), ...set(address)],
      ...loopUntil(column, constant(PAIR_SCORES / 8), [
        ...[...get(table), ...load(), ...set(here), ...get(table), ...zeroVector, ...store()],
        ...[...get(here), ...vec.extendLowUnsigned, ...set(low)],
        ...[...get(here), ...vec.extendHighUnsigned, ...set(high)],
        ...[...get(low), ...get(high), ...vec.addI32, ...get(columnSum), ...vec.addI32, ...set(columnSum)],
        ...addTo(address, 4 * PAIR_SCORES, vec.extendLowUnsigned),
        ...addTo(address, 4 * PAIR_SCORES + 16, vec.extendHighUnsigned),
        ...[...advance(table, 16), ...advance(address, 32), ...advance(column, 1)],
      ]),
      ...[0, 1, 2, 3].flatMap((lane) => [
        ...[...get(columnSum), ...vec.extractI32, lane],
        ...(lane === 0 ? [] : op.i32Add),
      ]),
      ...set(total),
      ...[...get(sums), ...get(score), ...constant(2), ...op.i32ShiftLeft, ...op.i32Add, ...set(address)],
      ...[...get(address), ...get(address), ...loadI32(0), ...get(total), ...op.i32Add, ...storeI32(0)],
      ...advance(score, 1),
    ]),
    ...constant(0),
  ];
  const locals = [...new Array(5).fill(typeI32), ...new Array(5).fill(typeVector)];
  return { name: "tally", parameters: 5, locals, body };
}

function alignFunction(isReversed: boolean): WasmFunction {
  const [whole, rowBytes, length, groups, widths, groupCount, least, best] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [group, width, k, row, column, left, from, step, ends] = [8, 9, 10, 11, 12, 13, 14, 15, 16];
  const place = 17;
  /** For either eight lanes. */
  const sums = [18, 19];
  const mosts = [20, 21];
  const places = [22, 23];
  const firsts = [24, 25];
  const lasts = [26, 27];
  const lastRow = [...get(length), ...constant(1), scalar.subtract];
  // Of place k: where its diagonal begins, by rows of query columns, and how many scores it has.
  const begin = isReversed
    ? [
        ...[...atLeastZero([...get(k), ...get(width), scalar.subtract, ...constant(1), ...op.i32Add], row)],
        ...[...get(k), ...get(row), scalar.subtract, ...set(column)],
        ...minimumOf(
          [...get(length), ...get(row), scalar.subtract],
          [...get(column), ...constant(1), ...op.i32Add],
        ),
      ]
    : [
        ...[...atLeastZero([...lastRow, ...get(k), scalar.subtract], row)],
        ...[...get(k), ...lastRow, scalar.subtract, ...get(row), ...op.i32Add, ...set(column)],
        ...minimumOf(
          [...get(length), ...get(row), scalar.subtract],
          [...get(width), ...get(column), scalar.subtract],
        ),
      ];
  const body = [
    ...[...get(rowBytes), ...constant(isReversed ? -16 : 16), ...op.i32Add, ...set(step)],
    ...loopUntil(group, get(groupCount), [
      ...[...get(groups), ...loadI32(0), ...set(width), ...constant(0), ...set(k)],
      ...[...get(width), ...lastRow, ...op.i32Add, ...set(ends)],
      ...[0, 1].flatMap((half) => [
        // Places count from least - 1 up to, not with, length + width - least.
        ...[...get(least), ...vec.splatI16, ...get(widths), ...load(16 * half), ...vec.minimumI16],
        ...set(firsts[half]),
        ...[...get(length), ...vec.splatI16, ...get(widths), ...load(16 * half), ...vec.addI16],
        ...[...get(firsts[half]), ...vec.subtractI16, ...set(lasts[half])],
        ...[...get(firsts[half]), ...constant(2), ...vec.splatI16, ...vec.subtractI16, ...set(firsts[half])],
        ...[...constant(-32768), ...vec.splatI16, ...set(mosts[half])],
        ...[...zeroVector, ...set(places[half])],
      ]),
      ...loopUntil(k, get(ends), [
        ...[...begin, ...set(left)],
        ...[...get(whole), ...get(row), ...get(rowBytes), scalar.multiply, ...op.i32Add],
        ...[...get(column), ...constant(4), ...op.i32ShiftLeft, ...op.i32Add, ...set(from)],
        ...[...zeroVector, ...set(sums[0]), ...zeroVector, ...set(sums[1])],
        ...op.loop,
        ...[0, 1].flatMap((half) => [
          ...[...get(sums[half]), ...get(from), ...vec.load8x8Signed, 0, 8 * half],
          ...[...vec.addI16, ...set(sums[half])],
        ]),
        ...[...get(from), ...get(step), ...op.i32Add, ...set(from)],
        ...[...get(left), ...constant(1), scalar.subtract, ...set(left), ...get(left), op.branchIf, 0],
        ...op.end,
        ...[...get(k), ...vec.splatI16, ...set(place)],
        ...[0, 1].flatMap((half) => [
          ...[...get(sums[half]), ...get(mosts[half])],
          // Strictly more, or as much where the last place counts.
          ...(isReversed
            ? [...get(mosts[half]), ...get(sums[half]), ...vec.greaterI16, ...vec.not]
            : [...get(sums[half]), ...get(mosts[half]), ...vec.greaterI16]),
          ...[...get(place), ...get(firsts[half]), ...vec.greaterI16, ...vec.and],
          ...[...get(lasts[half]), ...get(place), ...vec.greaterI16, ...vec.and],
          ...[...set(sums[half]), ...get(sums[half]), ...vec.choose, ...set(mosts[half])],
          ...[...get(place), ...get(places[half]), ...get(sums[half]), ...vec.choose, ...set(places[half])],
        ]),
        ...advance(k, 1),
      ]),
      ...[...mosts, ...places].flatMap((local, i) => [...get(best), ...get(local), ...store(16 * i)]),
      ...[...get(width), ...constant(4), ...op.i32ShiftLeft, ...get(whole), ...op.i32Add, ...set(whole)],
      ...[...advance(best, 64), ...advance(groups, 4), ...advance(widths, 32), ...advance(group, 1)],
    ]),
    ...constant(0),
  ];
  const locals = [...new Array(9).fill(typeI32), ...new Array(11).fill(typeVector)];
  return { name: isReversed ? "alignReversed" : "alignForward", parameters: 8, locals, body };
}
