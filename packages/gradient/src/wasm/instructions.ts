import { signed, unsigned } from "./module-writer.js";

// Instructions as bytes (WebAssembly core specification, sections 5.4.1 to 5.4.9).

export const getLocal = (index: number): number[] => [0x20, ...unsigned(index)];
export const setLocal = (index: number): number[] => [0x21, ...unsigned(index)];
export const constantI32 = (value: number): number[] => [0x41, ...signed(value)];
export const addI32 = [0x6a];
export const subtractI32 = [0x6b];
export const multiplyI32 = [0x6c];
export const andI32 = [0x71];
/** Unsigned. */
export const lessI32 = [0x49];
export const shiftLeftI32 = [0x74];
export const loadI32 = (offset = 0): number[] => [0x28, 2, ...unsigned(offset)];
export const loadF32 = [0x2a, 2, 0];
export const storeF32 = [0x38, 2, 0];
export const loadF64 = [0x2b, 2, 0];
export const storeF64 = [0x39, 2, 0];
export const addF32 = [0x92];
export const multiplyF32 = [0x94];
export const addF64 = [0xa0];
export const multiplyF64 = [0xa2];
export const promoteF32 = [0xbb];

const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest];

export const vector = {
  load: (offset = 0) => simd(0x00, 2, ...unsigned(offset)),
  store: (offset = 0) => simd(0x0b, 2, ...unsigned(offset)),
  /** Four float32 numbers of one value. */
  constant: (value: number) => simd(0x0c, ...new Uint8Array(new Float32Array(4).fill(value).buffer)),
  splat: simd(0x13),
  lane: (index: number) => simd(0x1f, index),
  laneF64: (index: number) => simd(0x21, index),
  lessThan: simd(0x43),
  andNot: simd(0x4f),
  absolute: simd(0xe0),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  divide: simd(0xe7),
  // The forms that are one instruction on common processors; they differ only for NaN, which is noticed elsewhere.
  minimum: simd(0xea),
  maximum: simd(0xeb),
  /** The lower two of four float32 numbers as two float64 numbers. */
  promoteLow: simd(0x5f),
  /** The upper two of four numbers, of two equal operands, moved down. */
  upper: simd(0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
  addF64: simd(0xf0),
  multiplyF64: simd(0xf2),
} as const;

/** Repeats `body` while local `a` is below local `b` (unsigned). */
export const whileLess = (a: number, b: number, body: readonly number[]): number[] => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...getLocal(a), ...getLocal(b), ...lessI32, 0x45, 0x0d, 1],
  ...[...body, 0x0c, 0, 0x0b, 0x0b],
];

export const increase = (local: number, by: number): number[] => [
  ...getLocal(local),
  ...constantI32(by),
  ...addI32,
  ...setLocal(local),
];

/** The address base + 4 index. */
export const element = (base: number, index: number): number[] => [
  ...getLocal(base),
  ...getLocal(index),
  ...constantI32(2),
  ...shiftLeftI32,
  ...addI32,
];

/** from + bytes rounded down to a multiple of `multiple`, a power of 2. */
export const roundedEnd = (from: number, bytes: number, multiple: number): number[] => [
  ...[...getLocal(from), ...getLocal(bytes), ...getLocal(bytes), ...constantI32(multiple - 1), ...andI32],
  ...[...subtractI32, ...addI32],
];
