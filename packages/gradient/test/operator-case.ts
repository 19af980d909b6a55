import { Random } from "@bindscape/numerics";
import { gradients } from "../src/autodiff.js";
import { Graph, type Phase, type Tensor } from "../src/graph.js";
import { emitModel, leavesOf } from "../src/onnx/emit-model.js";
import { multiply } from "../src/operators/arithmetic.js";
import { reduceSum } from "../src/operators/reduce.js";
import { reshape } from "../src/operators/reshape.js";
import { evaluateReference } from "../src/reference.js";
import type { DeviceTraits, Runtime, TensorValue } from "../src/runtime.js";
import { product, type Shape, shapeFor } from "../src/shape.js";

/** Draws value number `index` of input number `input`; `drawn` holds what was drawn for this case so far. */
export type Draw = (random: Random, input: number, drawn: readonly number[], index: number) => number;

/**
 * One way to use an operator or layer, on small shapes. Every device's test goes through the same list
 * (`operator-cases.ts`): the CPU's also checks gradients against finite differences.
 */
export interface OperatorCase {
  /** The exported function; rows of OPERATORS.md. Several cases may be about the same one. */
  readonly operator: string;
  /** What is special about this case; together with `operator` it names the case. */
  readonly variant?: string;
  /** Shapes of the inputs, in the order in which `build` takes them. */
  readonly shapes: readonly Shape[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** Standard normal by default. */
  readonly draw?: Draw;
  readonly batch?: number | "free";
  /** Of the graph; "training" by default. */
  readonly phase?: Phase;
  /** Samples to run with when the batch is free. */
  readonly samples?: number;
  /** Of float32 against float64, relative to max(1, largest value). Default 2e-5. */
  readonly tolerance?: number;
  /** Whether inputs are differentiated: all are by default; none where an operator has no gradient. */
  readonly differentiable?: readonly boolean[];
  /** Whether the gradient is not the slope of the computed function, so that no difference shows it. */
  readonly implicitGradient?: boolean;
}

/** `convolution1d: strided`. */
export function nameOf({ operator, variant }: OperatorCase): string {
  return variant === undefined ? operator : `${operator}: ${variant}`;
}

/** A case as symbolic tensors with drawn values. */
export interface DrawnCase {
  readonly graph: Graph;
  /** The inputs that are differentiated. */
  readonly chosen: readonly Tensor[];
  /** The output, then the gradients of `total` with respect to `chosen`. */
  readonly tensors: readonly Tensor[];
  /** A weighted sum of the output's entries, so that every entry's gradient matters. */
  readonly total: Tensor;
  readonly values: ReadonlyMap<Tensor, Float32Array>;
  readonly samples: number;
}

/** @param traits of the device whose graph is wanted; the CPU's by default */
export function drawCase(test: OperatorCase, traits?: DeviceTraits): DrawnCase {
  const random = new Random(nameOf(test));
  const graph = new Graph({ batch: test.batch ?? 2, phase: test.phase ?? "training", traits });
  const samples = test.samples ?? 1;
  const inputs = test.shapes.map((shape, i) => graph.input(`input${i}`, shape));
  const output = test.build(...inputs);
  const values = new Map<Tensor, Float32Array>();
  const give = (tensor: Tensor, draw: (index: number) => number) => {
    values.set(
      tensor,
      new Float32Array(product(shapeFor(tensor.shape, samples))).map((_, index) => draw(index)),
    );
  };
  const draw = test.draw ?? ((source: Random) => source.normal());
  const drawn: number[] = [];
  inputs.forEach((tensor, i) => {
    give(tensor, (index) => {
      drawn.push(draw(random, i, drawn, index));
      return drawn[drawn.length - 1];
    });
  });
  for (const leaf of graph.masks) {
    if (leaf.source?.kind !== "noise") give(leaf, () => (random.uniform() < 0.4 ? 0 : 1 / 0.6));
    else if (leaf.source.distribution === "normal") give(leaf, () => random.normal());
    else give(leaf, () => 1 - random.uniform());
  }
  const weights = graph.input("weights", output.shape);
  give(weights, () => random.normal());
  const total = reshape(reduceSum(multiply(output, weights)), []);
  const chosen = inputs.filter((_, i) => test.differentiable?.[i] ?? true);
  const slopes = gradients(total, chosen).map((slope) => slope!);
  return { graph, chosen, tensors: [output, ...slopes], total, values, samples };
}

/** A case as a device runs it. */
export interface PreparedCase {
  readonly name: string;
  /** An ONNX model of the output and all gradients. */
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  /** What float64 says, by the name of the model's output: `output`, `gradient0`, `gradient1`, ... */
  readonly expected: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float64Array }>
  >;
  readonly tolerance: number;
}

export function prepareCase(test: OperatorCase, drawnCase: DrawnCase = drawCase(test)): PreparedCase {
  const { graph, tensors, values, samples } = drawnCase;
  const named = new Map(tensors.map((tensor, i) => [i === 0 ? "output" : `gradient${i - 1}`, tensor]));
  const leaves = leavesOf(tensors);
  const inputs = new Map(
    [...graph.inputs, ...graph.masks.map((mask, i) => [`mask${i}`, mask] as const)].filter(([, tensor]) =>
      leaves.has(tensor),
    ),
  );
  const model = emitModel({ graphName: nameOf(test), inputs, stored: new Map(), outputs: named });
  const feeds = Object.fromEntries(
    [...inputs].map(([name, tensor]) => [
      name,
      { data: values.get(tensor)!, shape: shapeFor(tensor.shape, samples) },
    ]),
  );
  const results = evaluateReference(tensors, values, samples);
  const expected = Object.fromEntries(
    [...named.keys()].map((name, i) => [
      name,
      { shape: shapeFor(tensors[i].shape, samples), data: results[i] },
    ]),
  );
  return { name: nameOf(test), model, feeds, expected, tolerance: test.tolerance ?? 2e-5 };
}

/**
 * Runs a prepared case and compares it with float64.
 * @returns the largest difference relative to max(1, largest expected value), over the output and all gradients
 * @throws Error that names the case and what differs, where the tolerance or a shape is missed
 */
export async function runPreparedCase(
  runtime: Runtime,
  { name, model, feeds, expected, tolerance }: PreparedCase,
): Promise<number> {
  const session = await runtime.createSession(model, { threads: 1 });
  try {
    const results = await session.run(feeds, Object.keys(expected));
    let largest = 0;
    for (const [output, { shape, data }] of Object.entries(expected)) {
      const found = results[output];
      if (`${[...found.shape]}` !== `${shape}`)
        throw new Error(`${name}, ${output}: the shape [${found.shape}] instead of [${shape}]`);
      const error = largestError(found.data, data);
      if (!(error <= tolerance))
        throw new Error(`${name}, ${output}: an error of ${error}, more than ${tolerance}`);
      largest = Math.max(largest, error);
    }
    return largest;
  } finally {
    await session.release();
  }
}

/** The largest difference relative to max(1, largest expected value); NaN where a value is no number. */
export function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.NaN;
  let scale = 1;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const difference = found[i] === expected[i] ? 0 : Math.abs(found[i] - expected[i]);
    if (Number.isNaN(difference)) return Number.NaN;
    largest = Math.max(largest, difference);
  }
  return largest / scale;
}
