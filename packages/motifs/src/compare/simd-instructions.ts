import { op, signed, unsigned } from "../scan/wasm-module.js";

/** WebAssembly instructions of the comparing loops, as bytes, beside those in `op`. */
const simd = (code: number) => [0xfd, ...unsigned(code)];
export const vec = {
  load8x8Signed: simd(0x01),
  load16Splat: simd(0x08),
  load32Splat: simd(0x09),
  splatI8: simd(0x0f),
  splatI16: simd(0x10),
  splatI32: simd(0x11),
  splatF32: simd(0x13),
  extractI16: simd(0x19),
  extractI32: simd(0x1b),
  addBytes: simd(0x6e),
  shiftLeftI16: simd(0x8b),
  shiftRightI16Unsigned: simd(0x8d),
  multiplyI16: simd(0x95),
  extendLowUnsigned: simd(0xa9),
  extendHighUnsigned: simd(0xaa),
  lessOrEqualBytes: simd(0x2a),
  greaterOrEqualBytes: simd(0x2c),
  differentI16: simd(0x2e),
  greaterI16: simd(0x31),
  not: simd(0x4d),
  and: simd(0x4e),
  choose: simd(0x52),
  narrowToBytesSigned: simd(0x65),
  narrowToBytes: simd(0x66),
  subtractBytes: simd(0x71),
  addPairsOfBytes: simd(0x7d),
  addPairsOfI16: simd(0x7f),
  multiplyQ15: simd(0x82),
  narrowToI16: simd(0x86),
  shiftRightI16: simd(0x8c),
  addI16: simd(0x8e),
  subtractI16: simd(0x91),
  minimumI16: simd(0x96),
  maximumI16: simd(0x98),
  addI32: simd(0xae),
  dotI16: simd(0xba),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  toF32: simd(0xfa),
} as const;
export const scalar = {
  load: 0x28,
  load16: 0x2f,
  loadF64: 0x2b,
  store8: 0x3a,
  store16: 0x3b,
  constantF32: 0x43,
  isZero: 0x45,
  lessSigned: 0x48,
  countTrailingZeros: 0x68,
  subtract: 0x6b,
  multiply: 0x6c,
  shiftRight: 0x76,
  select: 0x1b,
  negateF64: 0x9a,
  sqrtF64: 0x9f,
  addF64: 0xa0,
  subtractF64: 0xa1,
  multiplyF64: 0xa2,
  truncateF64: 0xaa,
  constantF64: 0x44,
} as const;
export const typeF64 = 0x7c;

export const get = (local: number) => [op.getLocal, ...unsigned(local)];
export const set = (local: number) => [op.setLocal, ...unsigned(local)];
export const constant = (value: number) => [op.i32Const, ...signed(value)];
export const load = (offset = 0) => [...op.vectorLoad, 0, ...unsigned(offset)];
export const store = (offset = 0) => [...op.vectorStore, 0, ...unsigned(offset)];
export const loadI32 = (offset = 0) => [scalar.load, 0, ...unsigned(offset)];
export const storeI32 = (offset = 0) => [op.i32Store, 0, ...unsigned(offset)];
export const advance = (local: number, by: number) => [
  ...get(local),
  ...constant(by),
  ...op.i32Add,
  ...set(local),
];
/** Bytes of a floating-point number. */
export const bytesF32 = (value: number) => [...new Uint8Array(Float32Array.of(value).buffer)];
export const bytesF64 = (value: number) => [...new Uint8Array(Float64Array.of(value).buffer)];
/** Runs the body until the local has reached the limit, at least once. */
export const loopUntil = (local: number, limit: readonly number[], body: readonly number[]) => [
  ...op.loop,
  ...body,
  ...[...get(local), ...limit, scalar.lessSigned, op.branchIf, 0],
  ...op.end,
];

export const zeroVector = [...constant(0), ...vec.splatI8];
export const minimumOf = (first: readonly number[], second: readonly number[]) => [
  ...[...first, ...second, ...first, ...second, scalar.lessSigned, scalar.select],
];
/** Sets a local to a value, or 0 where that is negative. */
export const atLeastZero = (value: readonly number[], local: number) => [
  ...[...value, ...set(local), ...constant(0), ...get(local)],
  ...[...get(local), ...constant(0), scalar.lessSigned, scalar.select, ...set(local)],
];
