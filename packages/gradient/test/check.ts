import { Random } from "@bindscape/numerics";
import { expect } from "vitest";
import { gradients } from "../src/autodiff.js";
import { Graph, type Tensor } from "../src/graph.js";
import { emitModel } from "../src/onnx/emit-model.js";
import { multiply } from "../src/operators/arithmetic.js";
import { reduceSum } from "../src/operators/reduce.js";
import { reshape } from "../src/operators/reshape.js";
import { evaluateReference } from "../src/reference.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { product, type Shape, shapeFor } from "../src/shape.js";

export const runtime = nodeRuntime();

/** Runs any tensors of a graph in ONNX Runtime. */
export async function runOnnx(
  graph: Graph,
  outputs: readonly Tensor[],
  values: ReadonlyMap<Tensor, ArrayLike<number>>,
  batch = 1,
): Promise<Float32Array[]> {
  const named = new Map(outputs.map((tensor, i) => [`output${i}`, tensor] as const));
  const inputs = new Map([...graph.inputs, ...graph.masks.map((mask, i) => [`mask${i}`, mask] as const)]);
  const model = emitModel({ graphName: "test", inputs, stored: new Map(), outputs: named });
  const session = await runtime.createSession(model, { threads: 1 });
  const feeds = Object.fromEntries(
    [...inputs].map(([name, tensor]) => [
      name,
      { data: Float32Array.from(values.get(tensor)!), shape: shapeFor(tensor.shape, batch) },
    ]),
  );
  const results = await session.run(feeds, [...named.keys()]);
  await session.release();
  outputs.forEach((tensor, i) => {
    expect([...results[`output${i}`].shape]).toEqual(shapeFor(tensor.shape, batch));
  });
  return outputs.map((_, i) => results[`output${i}`].data);
}

export interface Case {
  readonly name: string;
  /** Shapes of the inputs, in the order in which `build` takes them. */
  readonly shapes: readonly Shape[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** How an input's values are drawn; standard normal by default. */
  readonly draw?: (random: Random, input: number) => number;
  readonly batch?: number | "free";
  /** Samples to run with when the batch is free. */
  readonly samples?: number;
  readonly tolerance?: number;
  /** Whether inputs are differentiated; all are by default. */
  readonly differentiable?: readonly boolean[];
}

export const free = (multiple = 1) => ({ symbol: "N", multiple });

/**
 * Checks one operator or layer: its float64 gradients against central differences, and ONNX Runtime's values and
 * gradients against float64.
 */
export async function checkCase(test: Case): Promise<void> {
  const random = new Random(test.name);
  const graph = new Graph({ batch: test.batch ?? 2, phase: "training" });
  const samples = test.samples ?? 1;
  const inputs = test.shapes.map((shape, i) => graph.input(`input${i}`, shape));
  const output = test.build(...inputs);
  const values = new Map<Tensor, Float32Array>();
  const draw = test.draw ?? ((source: Random) => source.normal());
  inputs.forEach((tensor, i) => {
    const data = new Float32Array(product(shapeFor(tensor.shape, samples)));
    values.set(
      tensor,
      data.map(() => draw(random, i)),
    );
  });
  for (const mask of graph.masks) {
    const data = new Float32Array(product(shapeFor(mask.shape, samples)));
    values.set(
      mask,
      data.map(() => (random.uniform() < 0.4 ? 0 : 1 / 0.6)),
    );
  }
  // A weighted sum of all outputs, so that every entry's gradient matters.
  const weights = graph.input("weights", output.shape);
  values.set(
    weights,
    new Float32Array(product(shapeFor(output.shape, samples))).map(() => random.normal()),
  );
  const total = reshape(reduceSum(multiply(output, weights)), []);
  const chosen = inputs.filter((_, i) => test.differentiable?.[i] ?? true);
  const slopes = gradients(total, chosen).map((slope) => slope!);
  const [reference, , ...analytic] = evaluateReference([output, total, ...slopes], values, samples);

  chosen.forEach((tensor, which) => {
    const base = Float64Array.from(values.get(tensor)!);
    const step = 1e-5;
    for (let i = 0; i < base.length; i++) {
      const at = (value: number) => {
        const moved = Float64Array.from(base);
        moved[i] = value;
        return evaluateReference(
          [total],
          new Map<Tensor, ArrayLike<number>>([...values, [tensor, moved]]),
          samples,
        )[0][0];
      };
      const difference = (at(base[i] + step) - at(base[i] - step)) / (2 * step);
      const error = Math.abs(difference - analytic[which][i]);
      expect(
        error,
        `${test.name}: input ${which}[${i}]: ${analytic[which][i]} against ${difference}`,
      ).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
    }
  });

  const [forward, ...backward] = await runOnnx(graph, [output, ...slopes], values, samples);
  const tolerance = test.tolerance ?? 2e-5;
  expectClose(forward, reference, tolerance, `${test.name}: forward`);
  backward.forEach((values32, i) => {
    expectClose(values32, analytic[i], tolerance, `${test.name}: gradient of ${i}`);
  });
}

/** Largest difference relative to max(1, largest expected value). */
export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  expect(found.length, what).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(found[i] - expected[i]) <= tolerance * scale)) {
      expect.fail(`${what}: entry ${i} is ${found[i]}, expected ${expected[i]}`);
    }
  }
}
