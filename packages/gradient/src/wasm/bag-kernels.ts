import { signed, unsigned, valueType, type WasmFunction } from "./module-writer.js";

// A batch of sparse rows is sorted by feature: entries starts[f] to starts[f + 1] - 1 are those of feature f, each with
// a sample and a count. Every row of the table is then read or written once.

const getLocal = (index: number) => [0x20, ...unsigned(index)];
const setLocal = (index: number) => [0x21, ...unsigned(index)];
const constant = (value: number) => [0x41, ...signed(value)];
const addI32 = [0x6a];
const subtractI32 = [0x6b];
const multiplyI32 = [0x6c];
const lessI32 = [0x49];
const shiftLeft = [0x74];
const loadI32 = (offset = 0) => [0x28, 2, ...unsigned(offset)];
const loadF32 = [0x2a, 2, 0];
const storeF32 = [0x38, 2, 0];
const addF32 = [0x92];
const multiplyF32 = [0x94];
const simd = (code: number, ...rest: number[]) => [0xfd, ...unsigned(code), ...rest];
const loadVector = (offset: number) => simd(0x00, 2, ...unsigned(offset));
const storeVector = (offset: number) => simd(0x0b, 2, ...unsigned(offset));
const splat = simd(0x13);
const addVector = simd(0xe4);
const multiplyVector = simd(0xe6);

/** Repeats `body` while local `a` is below local `b` (unsigned). */
const whileLess = (a: number, b: number, body: readonly number[]) => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...getLocal(a), ...getLocal(b), ...lessI32, 0x45, 0x0d, 1],
  ...[...body, 0x0c, 0, 0x0b, 0x0b],
];
const increase = (local: number, by: number) => [
  ...getLocal(local),
  ...constant(by),
  ...addI32,
  ...setLocal(local),
];
/** base + 4 index. */
const element = (base: number, index: number) => [
  ...getLocal(base),
  ...getLocal(index),
  ...constant(2),
  ...shiftLeft,
  ...addI32,
];

/**
 * The loop `NAME(features, starts, samples, counts, table, batch, width)`: for every entry, batch[sample] += count
 * table[feature] (`bagForward`), or table[feature] += count batch[sample] (`bagBackward`); rows are `width` bytes long.
 */
export function writeBagKernel(direction: "forward" | "backward"): WasmFunction {
  const [features, starts, samples, counts, table, batch, width] = [0, 1, 2, 3, 4, 5, 6];
  const [feature, entry, end, row, other, into, from, last, lastWhole, lastBlock] = [
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  ];
  const [count, spread] = [17, 18];
  const step = (lanes: number) => {
    const code: number[] = [];
    for (let at = 0; at < lanes; at += 4) {
      code.push(...getLocal(into), ...getLocal(into), ...loadVector(4 * at));
      code.push(
        ...getLocal(from),
        ...loadVector(4 * at),
        ...getLocal(spread),
        ...multiplyVector,
        ...addVector,
      );
      code.push(...storeVector(4 * at));
    }
    return [...code, ...increase(into, 4 * lanes), ...increase(from, 4 * lanes)];
  };
  const single = [
    ...[...getLocal(into), ...getLocal(into), ...loadF32, ...getLocal(from), ...loadF32, ...getLocal(count)],
    ...[...multiplyF32, ...addF32, ...storeF32, ...increase(into, 4), ...increase(from, 4)],
  ];
  /** into + width rounded down to a multiple of `bytes`. */
  const endOf = (bytes: number) => [
    ...[...getLocal(into), ...getLocal(width), ...getLocal(width), ...constant(bytes - 1), 0x71],
    ...[...subtractI32, ...addI32],
  ];
  const perEntry = [
    ...[...element(samples, entry), ...loadI32(), ...getLocal(width), ...multiplyI32, ...getLocal(batch)],
    ...[...addI32, ...setLocal(other)],
    ...[
      ...element(counts, entry),
      ...loadF32,
      ...setLocal(count),
      ...getLocal(count),
      ...splat,
      ...setLocal(spread),
    ],
    ...[...getLocal(direction === "forward" ? other : row), ...setLocal(into)],
    ...[...getLocal(direction === "forward" ? row : other), ...setLocal(from)],
    ...[...endOf(64), ...setLocal(lastBlock), ...endOf(16), ...setLocal(lastWhole)],
    ...[...getLocal(into), ...getLocal(width), ...addI32, ...setLocal(last)],
    ...whileLess(into, lastBlock, step(16)),
    ...whileLess(into, lastWhole, step(4)),
    ...whileLess(into, last, single),
    ...increase(entry, 1),
  ];
  return {
    name: direction === "forward" ? "bagForward" : "bagBackward",
    parameters: new Array(7).fill(valueType.i32),
    result: null,
    locals: [...new Array(10).fill(valueType.i32), valueType.f32, valueType.v128],
    code: [
      ...[...getLocal(table), ...setLocal(row)],
      ...whileLess(feature, features, [
        ...[...element(starts, feature), ...loadI32(), ...setLocal(entry)],
        ...[...element(starts, feature), ...loadI32(4), ...setLocal(end)],
        ...whileLess(entry, end, perEntry),
        ...[...getLocal(row), ...getLocal(width), ...addI32, ...setLocal(row)],
        ...increase(feature, 1),
      ]),
    ],
  };
}

/** The loop `clearRows(features, starts, table, width)`: zeros in the rows of features that have entries. */
export function writeClearRowsKernel(): WasmFunction {
  const [features, starts, table, width, feature, row] = [0, 1, 2, 3, 4, 5];
  return {
    name: "clearRows",
    parameters: new Array(4).fill(valueType.i32),
    result: null,
    locals: [valueType.i32, valueType.i32],
    code: [
      ...[...getLocal(table), ...setLocal(row)],
      ...whileLess(feature, features, [
        ...[
          ...element(starts, feature),
          ...loadI32(),
          ...element(starts, feature),
          ...loadI32(4),
          ...lessI32,
        ],
        // if: memory.fill
        ...[0x04, 0x40, ...getLocal(row), ...constant(0), ...getLocal(width), 0xfc, 0x0b, 0x00, 0x0b],
        ...[...getLocal(row), ...getLocal(width), ...addI32, ...setLocal(row)],
        ...increase(feature, 1),
      ]),
    ],
  };
}
