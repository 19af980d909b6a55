import { isSimdSupported } from "../scan/site-filter.js";
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
 * Sums of products of two rows: out[k] = sum over i of short[i] x long[from + k - i], where long is 0 outside its ends.
 * @param from index in the full convolution of the first number wanted
 */
export type Convolve = (long: Float64Array, short: Float64Array, from: number, out: Float64Array) => void;

/** Plain loops. */
export const convolveScalar: Convolve = (long, short, from, out) => {
  out.fill(0);
  for (let i = 0; i < short.length; i++) {
    const weight = short[i];
    const shift = i - from;
    const first = Math.max(0, -shift);
    const end = Math.min(long.length, out.length - shift);
    for (let j = first; j < end; j++) out[shift + j] += weight * long[j];
  }
};

const PAGE_BYTES = 65536;
/** Numbers worked out at once. */
const BLOCK = 16;

/** With vectors of two numbers, sixteen sums at a time, which are kept out of memory until they are done. */
function makeVectorConvolve(): Convolve {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(assembleModule([convolveFunction()]));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const run = exports.convolve as (
    short: number,
    count: number,
    long: number,
    out: number,
    outCount: number,
  ) => number;
  let numbers = new Float64Array(memory.buffer);
  return (long, short, from, out) => {
    const blocks = Math.ceil(out.length / BLOCK) * BLOCK;
    // The long row stands between zeros: as many as the short one has numbers, and whole blocks beyond.
    const longAt = short.length + short.length + BLOCK;
    const zeros = short.length + 2 * BLOCK;
    const outAt = longAt + Math.max(long.length, from + blocks) + zeros;
    const bytes = 8 * (outAt + blocks + BLOCK);
    if (bytes > numbers.byteLength) {
      memory.grow(Math.ceil((2 * bytes - numbers.byteLength) / PAGE_BYTES));
      numbers = new Float64Array(memory.buffer);
    }
    numbers.set(short, 0);
    numbers.fill(0, short.length, longAt);
    numbers.set(long, longAt);
    numbers.fill(0, longAt + long.length, outAt);
    run(0, short.length, 8 * (longAt + from), 8 * outAt, blocks);
    out.set(numbers.subarray(outAt, outAt + out.length));
  };
}

const get = (local: number) => [op.getLocal, ...unsigned(local)];
const set = (local: number) => [op.setLocal, ...unsigned(local)];
const constant = (value: number) => [op.i32Const, ...signed(value)];
const load = (offset: number) => [...op.vectorLoad, 0, ...unsigned(offset)];
const advance = (local: number, by: number) => [...get(local), ...constant(by), ...op.i32Add, ...set(local)];
const LOAD_SPLAT_F64 = [0xfd, 0x0a, 0, 0];
const ADD_F64 = [0xfd, ...unsigned(0xf0)];
const MULTIPLY_F64 = [0xfd, ...unsigned(0xf2)];
const ZERO = [...constant(0), ...op.splatByte];
const LESS_SIGNED = 0x48;

function convolveFunction(): WasmFunction {
  const [short, count, long, out, outCount, k, i, from, weightAt] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const weight = 9;
  const sums = Array.from({ length: BLOCK / 2 }, (_, index) => 10 + index);
  const body = [
    ...op.loop,
    ...sums.flatMap((sum) => [...ZERO, ...set(sum)]),
    ...[...constant(0), ...set(i), ...get(long), ...set(from), ...get(short), ...set(weightAt)],
    ...op.loop,
    ...[...get(weightAt), ...LOAD_SPLAT_F64, ...set(weight)],
    ...sums.flatMap((sum, index) => [
      ...[...get(from), ...load(16 * index), ...get(weight), ...MULTIPLY_F64],
      ...[...get(sum), ...ADD_F64, ...set(sum)],
    ]),
    ...[...advance(from, -8), ...advance(weightAt, 8), ...advance(i, 1)],
    ...[...get(i), ...get(count), LESS_SIGNED, op.branchIf, 0],
    ...op.end,
    ...sums.flatMap((sum, index) => [
      ...get(out),
      ...get(sum),
      ...op.vectorStore,
      0,
      ...unsigned(16 * index),
    ]),
    ...[...advance(long, 8 * BLOCK), ...advance(out, 8 * BLOCK), ...advance(k, BLOCK)],
    ...[...get(k), ...get(outCount), LESS_SIGNED, op.branchIf, 0],
    ...op.end,
    ...constant(0),
  ];
  const locals = [typeI32, typeI32, typeI32, typeI32, ...new Array(1 + BLOCK / 2).fill(typeVector)];
  return { name: "convolve", parameters: 5, locals, body };
}

let fastest: Convolve | undefined;

/** The fastest there is here. */
export function fastestConvolve(): Convolve {
  fastest ??= isSimdSupported() ? makeVectorConvolve() : convolveScalar;
  return fastest;
}
