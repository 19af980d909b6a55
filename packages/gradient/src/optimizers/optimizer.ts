import { BindscapeError } from "@bindscape/numerics";

/**
 * Arithmetic on values of any kind. An optimizer is written once in terms of it and runs as nodes of an ONNX graph
 * (values are tensors), as a WebAssembly loop over vectors (values are expressions), or on plain numbers in tests.
 */
export interface Algebra<Value> {
  add(a: Value, b: Value | number): Value;
  subtract(a: Value, b: Value): Value;
  multiply(a: Value, b: Value | number): Value;
  divide(a: Value, b: Value): Value;
  sqrt(a: Value): Value;
  maximum(a: Value, b: Value | number): Value;
  minimum(a: Value, b: Value | number): Value;
}

/** One parameter's values (or all parameters', one after another), what is known about them, and this step's scalars. */
export interface OptimizerState<Value> {
  readonly parameter: Value;
  readonly gradient: Value;
  /** In the order of {@link Optimizer.slots}. */
  readonly slots: readonly Value[];
  /** In the order of {@link Optimizer.scalars}. */
  readonly scalars: readonly Value[];
}

/** How parameters move. Every number is updated by itself: nothing here mixes the entries of a vector. */
export interface Optimizer {
  readonly name: string;
  /** Vectors as long as the parameters that are kept between steps, zero at first. */
  readonly slots: readonly string[];
  /** Numbers that change from step to step. */
  readonly scalars: readonly string[];
  /** Their values. @param step 1 at the first step */
  scalarValues(step: number, learningRate: number): readonly number[];
  update<Value>(
    algebra: Algebra<Value>,
    state: OptimizerState<Value>,
  ): { readonly parameter: Value; readonly slots: readonly Value[] };
}

/** Throws unless each value lies in its range. */
export function checkOptions(
  source: string,
  options: Readonly<Record<string, number>>,
  fits: boolean,
  expected: string,
): void {
  if (fits) return;
  const found = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  throw new BindscapeError({ source, found: found.join(", "), expected });
}

/** [0, 1). */
export const isDecay = (value: number): boolean => value >= 0 && value < 1;

/** Adds `weightDecay` times the parameter to the gradient: what an L2 penalty of weightDecay / 2 adds to the loss. */
export function withPenalty<Value>(
  algebra: Algebra<Value>,
  { parameter, gradient }: OptimizerState<Value>,
  weightDecay: number,
): Value {
  return weightDecay === 0 ? gradient : algebra.add(gradient, algebra.multiply(parameter, weightDecay));
}
