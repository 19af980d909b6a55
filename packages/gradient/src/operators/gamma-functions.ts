import * as numerics from "@bindscape/numerics";
import { applyOperator, type Tensor } from "../graph.js";
import type { OnnxEmitter } from "../onnx/emitter.js";
import type { Operator } from "../operator.js";
import { multiply } from "./arithmetic.js";

// ONNX has none of these functions. They are written as its primitives: below 4 the argument is shifted by 4 with the
// recurrence Gamma(x + 1) = x Gamma(x), and from there the asymptotic series (Abramowitz and Stegun 1972, 6.1.40,
// 6.3.18, 6.4.12) are exact to float32's rounding.

const shift = 4;

/** Writes arithmetic on values of a graph by name; numbers are constants. */
export function arithmeticOf(emitter: OnnxEmitter) {
  const name = (value: string | number) => (typeof value === "number" ? emitter.scalar(value) : value);
  const apply =
    (type: string) =>
    (...inputs: (string | number)[]): string =>
      emitter.node(type, inputs.map(name))[0];
  const add = apply("Add");
  const multiply = apply("Mul");
  /** Coefficients from the constant term on, by Horner's rule. */
  const polynomial = (x: string, coefficients: readonly number[]): string =>
    coefficients
      .slice(0, -1)
      .reduceRight<string | number>(
        (sum, coefficient) => add(multiply(sum, x), coefficient),
        coefficients.at(-1)!,
      ) as string;
  return {
    add,
    multiply,
    polynomial,
    subtract: apply("Sub"),
    divide: apply("Div"),
    log: apply("Log"),
    exp: apply("Exp"),
    sqrt: apply("Sqrt"),
    absolute: apply("Abs"),
    less: apply("Less"),
    greater: apply("Greater"),
    minimum: apply("Min"),
    maximum: apply("Max"),
    where: apply("Where"),
  };
}

/** Whether x is below the shift, x or x + 4, and a stand-in for x in what only small arguments need. */
function shiftArgument(emitter: OnnxEmitter, x: string) {
  const { add, less, minimum, where } = arithmeticOf(emitter);
  const isSmall = less(x, shift);
  return { isSmall, shifted: where(isSmall, add(x, shift), x), small: minimum(x, shift) };
}

/** digamma(x) - ln x, which has no cancellation where x is large. */
export function emitDigammaMinusLog(emitter: OnnxEmitter, x: string): string {
  const { add, subtract, multiply, divide, polynomial, log, where } = arithmeticOf(emitter);
  const { isSmall, shifted, small } = shiftArgument(emitter, x);
  const inverse = divide(1, shifted);
  const square = multiply(inverse, inverse);
  const series = polynomial(square, [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132]);
  const asymptotic = add(multiply(inverse, 0.5), multiply(square, series));
  // The sum of 1 / (x + i) for i = 0 to 3 is the logarithmic derivative of u (u + 2), u = x (x + 3).
  const u = multiply(small, add(small, 3));
  const sum = divide(multiply(add(multiply(small, 2), 3), add(multiply(u, 2), 2)), multiply(u, add(u, 2)));
  const recurrence = where(isSmall, subtract(log(divide(shifted, small)), sum), 0);
  return subtract(recurrence, asymptotic);
}

function emitLogGamma(emitter: OnnxEmitter, x: string, output: string): void {
  const { add, subtract, multiply, divide, polynomial, log, where } = arithmeticOf(emitter);
  const { isSmall, shifted, small } = shiftArgument(emitter, x);
  const inverse = divide(1, shifted);
  const series = polynomial(multiply(inverse, inverse), [1 / 12, -1 / 360, 1 / 1260, -1 / 1680]);
  const u = multiply(small, add(small, 3));
  const product = where(isSmall, multiply(u, add(u, 2)), 1);
  const main = subtract(multiply(subtract(shifted, 0.5), log(shifted)), shifted);
  const rest = add(multiply(inverse, series), 0.5 * Math.log(2 * Math.PI));
  emitter.node("Sub", [add(main, rest), log(product)], {}, [output]);
}

function emitTrigamma(emitter: OnnxEmitter, x: string, output: string): void {
  const { add, multiply, divide, polynomial, where } = arithmeticOf(emitter);
  const { isSmall, shifted, small } = shiftArgument(emitter, x);
  const inverse = divide(1, shifted);
  const square = multiply(inverse, inverse);
  const series = polynomial(square, [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66]);
  const main = add(add(inverse, multiply(square, 0.5)), multiply(multiply(square, inverse), series));
  let sum: string | null = null;
  for (let i = 0; i < shift; i++) {
    const part = divide(1, i === 0 ? small : add(small, i));
    const squared = multiply(part, part);
    sum = sum === null ? squared : add(sum, squared);
  }
  emitter.node("Add", [main, where(isSmall, sum!, 0)], {}, [output]);
}

function defineFunction(
  name: string,
  compute: (x: number) => number,
  emit: (emitter: OnnxEmitter, x: string, output: string) => void,
  derivative?: (x: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  const operator: Operator<null> = {
    name,
    infer: ([x]) => [x],
    emit: (emitter, node) => emit(emitter, emitter.name(node.inputs[0]), emitter.name(node.outputs[0])),
    evaluate: ([x]) => [x.data.map(compute)],
    ...(derivative && {
      gradient: (node, [gradient]) => [gradient && multiply(gradient, derivative(node.inputs[0]))],
    }),
  };
  return (x) => applyOperator(operator, [x], null)[0];
}

/** The second derivative of {@link logGamma}, for x > 0; to 1e-6 of its value in float32. Has no gradient. */
export const trigamma = defineFunction("trigamma", numerics.trigamma, emitTrigamma);

/** The derivative of {@link logGamma}, for x > 0; to 1e-6 of max(1, its value) in float32. */
export const digamma = defineFunction(
  "digamma",
  numerics.digamma,
  (emitter, x, output) => {
    const { log } = arithmeticOf(emitter);
    emitter.node("Add", [emitDigammaMinusLog(emitter, x), log(x)], {}, [output]);
  },
  trigamma,
);

/** ln Gamma(x) for x > 0; to 1e-6 of max(1, its value) in float32. */
export const logGamma = defineFunction("logGamma", numerics.logGamma, emitLogGamma, digamma);
