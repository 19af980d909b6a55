import type { Algebra, Optimizer } from "../optimizers/optimizer.js";
import { signed, unsigned, type ValueType, valueType, type WasmFunction } from "./module-writer.js";

/** Vectors that kernels work on hold a multiple of so many numbers: what one turn of their loop does. */
export const kernelLanes = 16;

const vectorsATurn = kernelLanes / 4;
const bytesATurn = kernelLanes * 4;

// Instructions (core specification, sections 5.4.1 to 5.4.8).
const getLocal = (index: number) => [0x20, ...unsigned(index)];
const setLocal = (index: number) => [0x21, ...unsigned(index)];
const addI32 = [0x6a];
const simd = (code: number, ...rest: number[]) => [0xfd, ...unsigned(code), ...rest];
const loadVector = (offset: number) => simd(0x00, 4, ...unsigned(offset));
const storeVector = (offset: number) => simd(0x0b, 4, ...unsigned(offset));
const splat = simd(0x13);
const lane = (index: number) => simd(0x1f, index);
const lessThan = simd(0x43);
const andNot = simd(0x4f);
const absolute = simd(0xe0);
const operations = {
  sqrt: simd(0xe3),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  divide: simd(0xe7),
  // The forms that are one instruction on common processors; they differ only for NaN, which is noticed elsewhere.
  minimum: simd(0xea),
  maximum: simd(0xeb),
} as const;

function vectorConstant(value: number): number[] {
  const bytes = [...new Uint8Array(Float32Array.of(value, value, value, value).buffer)];
  return simd(0x0c, ...bytes);
}

/** A value of four numbers; equal objects are computed once. */
type Expression =
  | { readonly kind: "local"; readonly index: number }
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "operation";
      readonly operation: keyof typeof operations;
      readonly inputs: readonly Expression[];
    };

const constant = (value: Expression | number): Expression =>
  typeof value === "number" ? { kind: "constant", value } : value;
const operation =
  (name: keyof typeof operations) =>
  (...inputs: (Expression | number)[]): Expression => ({
    kind: "operation",
    operation: name,
    inputs: inputs.map(constant),
  });
const expressions: Algebra<Expression> = {
  add: operation("add"),
  subtract: operation("subtract"),
  multiply: operation("multiply"),
  divide: operation("divide"),
  sqrt: operation("sqrt"),
  maximum: operation("maximum"),
  minimum: operation("minimum"),
};

/** Numbers a function's locals: parameters first. */
class Locals {
  readonly parameters: ValueType[] = [];
  readonly locals: ValueType[] = [];

  parameter(type: ValueType): number {
    this.parameters.push(type);
    return this.parameters.length - 1;
  }

  local(type: ValueType): number {
    this.locals.push(type);
    return this.parameters.length + this.locals.length - 1;
  }
}

/** A loop over byte offsets 0, {@link bytesATurn}, ... below `end`, which is above 0. */
function loop(offset: number, end: number, body: readonly number[]): number[] {
  const next = [...getLocal(offset), 0x41, ...signed(bytesATurn), ...addI32, ...setLocal(offset)];
  // i32.lt_u, then a branch back to the loop.
  return [0x03, 0x40, ...body, ...next, ...getLocal(offset), ...getLocal(end), 0x49, 0x0d, 0, 0x0b];
}

/**
 * The loop `update(end, scale, parameters, gradients, slots..., scalars...)` that does an optimizer's step in place:
 * each vector is read once and written once, whatever the number of operations. `end` is the vectors' length in
 * bytes, the others are byte addresses; `scale` multiplies the gradient first. The result is 0, or NaN where a
 * gradient is no finite number. Every operation is a float32 operation of its own, so that the results are those of
 * the same operations elsewhere, bit for bit; only slots below the smallest normal number are set to 0.
 */
export function writeUpdateKernel(optimizer: Optimizer): WasmFunction {
  const locals = new Locals();
  const end = locals.parameter(valueType.i32);
  const scale = locals.parameter(valueType.f32);
  const vectors = ["parameters", "gradients", ...optimizer.slots].map(() => locals.parameter(valueType.i32));
  const scalars = optimizer.scalars.map(() => locals.parameter(valueType.f32));
  const offset = locals.local(valueType.i32);
  const sum = locals.local(valueType.v128);
  const smallest = locals.local(valueType.v128);
  const scaling = locals.local(valueType.v128);
  const spread = scalars.map(() => locals.local(valueType.v128));
  const values = vectors.map(() => locals.local(valueType.v128));
  const code: number[] = [];
  for (const [from, to] of [[scale, scaling], ...scalars.map((scalar, i) => [scalar, spread[i]])]) {
    code.push(...getLocal(from), ...splat, ...setLocal(to));
  }
  // 2^-126, the smallest normal number.
  code.push(...vectorConstant(1.1754943508222875e-38), ...setLocal(smallest));

  const use = (index: number): Expression => ({ kind: "local", index });
  const [parameter, plainGradient, ...slots] = values.map(use);
  const gradient = expressions.multiply(plainGradient, use(scaling));
  const updated = optimizer.update(expressions, { parameter, gradient, slots, scalars: spread.map(use) });
  // Locals of intermediate values are shared by the turns of the unrolled loop.
  const kept = new Map<Expression, number>();
  const uses = new Map<Expression, number>();
  const count = (expression: Expression) => {
    if (expression.kind !== "operation") return;
    uses.set(expression, (uses.get(expression) ?? 0) + 1);
    if (uses.get(expression) === 1) expression.inputs.forEach(count);
  };
  const results = [updated.parameter, ...updated.slots];
  results.forEach(count);
  for (const [expression, times] of uses) if (times > 1) kept.set(expression, locals.local(valueType.v128));
  const flushed = locals.local(valueType.v128);
  const body: number[] = [];
  for (let turn = 0; turn < vectorsATurn; turn++) {
    const known = new Set<Expression>();
    const write = (expression: Expression): void => {
      if (expression.kind === "local") body.push(...getLocal(expression.index));
      else if (expression.kind === "constant") body.push(...vectorConstant(expression.value));
      else if (known.has(expression)) body.push(...getLocal(kept.get(expression)!));
      else {
        expression.inputs.forEach(write);
        body.push(...operations[expression.operation]);
        const place = kept.get(expression);
        if (place === undefined) return;
        known.add(expression);
        body.push(...setLocal(place), ...getLocal(place));
      }
    };
    const address = (vector: number) => body.push(...getLocal(vector), ...getLocal(offset), ...addI32);
    vectors.forEach((vector, i) => {
      address(vector);
      body.push(...loadVector(16 * turn), ...setLocal(values[i]));
    });
    // 0 times a number that is not finite is NaN.
    body.push(...getLocal(sum), ...getLocal(values[1]), ...vectorConstant(0), ...operations.multiply);
    body.push(...operations.add, ...setLocal(sum));
    // The parameter needs the slots' values from before their denormal numbers are set to 0 and is written first.
    results.forEach((result, i) => {
      address(vectors[i === 0 ? 0 : i + 1]);
      write(result);
      if (i > 0) {
        body.push(...setLocal(flushed), ...getLocal(flushed), ...getLocal(flushed), ...absolute);
        body.push(...getLocal(smallest), ...lessThan, ...andNot);
      }
      body.push(...storeVector(16 * turn));
    });
  }
  code.push(...loop(offset, end, body));
  code.push(...[0, 1, 2, 3].flatMap((i) => [...getLocal(sum), ...lane(i)]), 0x92, 0x92, 0x92);
  return {
    name: "update",
    parameters: locals.parameters,
    result: valueType.f32,
    locals: locals.locals,
    code,
  };
}

/** The loop `addScaled(end, scale, into, from)`: into += scale from. */
export function writeAddScaledKernel(): WasmFunction {
  const [end, scale, into, from, offset, scaling] = [0, 1, 2, 3, 4, 5];
  const body: number[] = [];
  for (let turn = 0; turn < vectorsATurn; turn++) {
    const address = (vector: number) => [...getLocal(vector), ...getLocal(offset), ...addI32];
    body.push(...address(into), ...address(into), ...loadVector(16 * turn));
    body.push(...address(from), ...loadVector(16 * turn), ...getLocal(scaling), ...operations.multiply);
    body.push(...operations.add, ...storeVector(16 * turn));
  }
  return {
    name: "addScaled",
    parameters: [valueType.i32, valueType.f32, valueType.i32, valueType.i32],
    result: null,
    locals: [valueType.i32, valueType.v128],
    code: [...getLocal(scale), ...splat, ...setLocal(scaling), ...loop(offset, end, body)],
  };
}

/** The loop `sumSquares(end, from)`: the sum of squares, in float64, in a fixed order. */
export function writeSumSquaresKernel(): WasmFunction {
  const [end, from, offset] = [0, 1, 2];
  const [low, high, value] = [3, 4, 5];
  const promoteLow = simd(0x5f);
  const addF64 = simd(0xf0);
  const multiplyF64 = simd(0xf2);
  // The upper two of four numbers, moved down.
  const upper = simd(0x0d, ...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
  const body: number[] = [];
  for (let turn = 0; turn < vectorsATurn; turn++) {
    body.push(
      ...getLocal(from),
      ...getLocal(offset),
      ...addI32,
      ...loadVector(16 * turn),
      ...setLocal(value),
    );
    for (const [sum, part] of [
      [low, getLocal(value)],
      [high, [...getLocal(value), ...getLocal(value), ...upper]],
    ] as const) {
      const promoted = [...part, ...promoteLow];
      body.push(...getLocal(sum), ...promoted, ...promoted, ...multiplyF64, ...addF64, ...setLocal(sum));
    }
  }
  const laneF64 = (sum: number, index: number) => [...getLocal(sum), ...simd(0x21, index)];
  return {
    name: "sumSquares",
    parameters: [valueType.i32, valueType.i32],
    result: valueType.f64,
    locals: [valueType.i32, valueType.v128, valueType.v128, valueType.v128],
    code: [
      ...loop(offset, end, body),
      ...[laneF64(low, 0), laneF64(low, 1), laneF64(high, 0), laneF64(high, 1)].flat(),
      ...[0xa0, 0xa0, 0xa0],
    ],
  };
}
