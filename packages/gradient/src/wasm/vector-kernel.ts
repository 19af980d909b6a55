import type { Algebra, Optimizer } from "../optimizers/optimizer.js";
import { addI32, constantI32, getLocal, setLocal, vector } from "./instructions.js";
import { type ValueType, valueType, type WasmFunction } from "./module-writer.js";

/** Vectors that kernels work on hold a multiple of so many numbers: what one turn of their loop does. */
export const kernelLanes = 16;

const vectorsATurn = kernelLanes / 4;
const bytesATurn = kernelLanes * 4;

const operations = {
  sqrt: vector.sqrt,
  add: vector.add,
  subtract: vector.subtract,
  multiply: vector.multiply,
  divide: vector.divide,
  minimum: vector.minimum,
  maximum: vector.maximum,
} as const;

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
  const next = [...getLocal(offset), ...constantI32(bytesATurn), ...addI32, ...setLocal(offset)];
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
    code.push(...getLocal(from), ...vector.splat, ...setLocal(to));
  }
  // 2^-126, the smallest normal number.
  code.push(...vector.constant(1.1754943508222875e-38), ...setLocal(smallest));

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
      else if (expression.kind === "constant") body.push(...vector.constant(expression.value));
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
    const address = (base: number) => body.push(...getLocal(base), ...getLocal(offset), ...addI32);
    vectors.forEach((base, i) => {
      address(base);
      body.push(...vector.load(16 * turn), ...setLocal(values[i]));
    });
    // 0 times a number that is not finite is NaN.
    body.push(...getLocal(sum), ...getLocal(values[1]), ...vector.constant(0), ...operations.multiply);
    body.push(...operations.add, ...setLocal(sum));
    // The parameter needs the slots' values from before their denormal numbers are set to 0 and is written first.
    results.forEach((result, i) => {
      address(vectors[i === 0 ? 0 : i + 1]);
      write(result);
      if (i > 0) {
        body.push(...setLocal(flushed), ...getLocal(flushed), ...getLocal(flushed), ...vector.absolute);
        body.push(...getLocal(smallest), ...vector.lessThan, ...vector.andNot);
      }
      body.push(...vector.store(16 * turn));
    });
  }
  code.push(...loop(offset, end, body));
  code.push(...[0, 1, 2, 3].flatMap((i) => [...getLocal(sum), ...vector.lane(i)]), 0x92, 0x92, 0x92);
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
    const address = (base: number) => [...getLocal(base), ...getLocal(offset), ...addI32];
    body.push(...address(into), ...address(into), ...vector.load(16 * turn));
    body.push(...address(from), ...vector.load(16 * turn), ...getLocal(scaling), ...operations.multiply);
    body.push(...operations.add, ...vector.store(16 * turn));
  }
  return {
    name: "addScaled",
    parameters: [valueType.i32, valueType.f32, valueType.i32, valueType.i32],
    result: null,
    locals: [valueType.i32, valueType.v128],
    code: [...getLocal(scale), ...vector.splat, ...setLocal(scaling), ...loop(offset, end, body)],
  };
}

/** The loop `sumSquares(end, from)`: the sum of squares, in float64, in a fixed order. */
export function writeSumSquaresKernel(): WasmFunction {
  const [end, from, offset] = [0, 1, 2];
  const [low, high, value] = [3, 4, 5];
  const body: number[] = [];
  for (let turn = 0; turn < vectorsATurn; turn++) {
    body.push(
      ...getLocal(from),
      ...getLocal(offset),
      ...addI32,
      ...vector.load(16 * turn),
      ...setLocal(value),
    );
    for (const [sum, part] of [
      [low, getLocal(value)],
      [high, [...getLocal(value), ...getLocal(value), ...vector.upper]],
    ] as const) {
      const promoted = [...part, ...vector.promoteLow];
      body.push(
        ...getLocal(sum),
        ...promoted,
        ...promoted,
        ...vector.multiplyF64,
        ...vector.addF64,
        ...setLocal(sum),
      );
    }
  }
  const laneF64 = (sum: number, index: number) => [...getLocal(sum), ...vector.laneF64(index)];
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
