import { expect } from "vitest";
import type { Graph, Tensor } from "../src/graph.js";
import { emitModel } from "../src/onnx/emit-model.js";
import { evaluateReference } from "../src/reference.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { shapeFor } from "../src/shape.js";
import { drawCase, nameOf, type OperatorCase, prepareCase, runPreparedCase } from "./operator-case.js";

export const runtime = nodeRuntime();

/** Runs any tensors of a graph in ONNX Runtime. @param values of inputs, masks and parameters */
export async function runOnnx(
  graph: Graph,
  outputs: readonly Tensor[],
  values: ReadonlyMap<Tensor, ArrayLike<number>>,
  batch = 1,
): Promise<Float32Array[]> {
  const named = new Map(outputs.map((tensor, i) => [`output${i}`, tensor] as const));
  const inputs = new Map([...graph.inputs, ...graph.masks.map((mask, i) => [`mask${i}`, mask] as const)]);
  const stored = new Map(
    [...graph.parameters].flatMap(([name, tensor]) => {
      const given = values.get(tensor);
      return given ? [[name, { tensor, values: Float32Array.from(given) }] as const] : [];
    }),
  );
  const model = emitModel({ graphName: "test", inputs, stored, outputs: named });
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

/**
 * Checks one operator or layer on the CPU: its float64 gradients against central differences, and ONNX Runtime's
 * values and gradients against float64.
 * @returns the largest error of ONNX Runtime
 */
export async function checkCase(test: OperatorCase): Promise<number> {
  const drawn = drawCase(test);
  const { chosen, tensors, total, values, samples } = drawn;
  const analytic = evaluateReference(tensors.slice(1), values, samples);
  (test.implicitGradient ? [] : chosen).forEach((tensor, which) => {
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
        `${nameOf(test)}: input ${which}[${i}]: ${analytic[which][i]} against ${difference}`,
      ).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
    }
  });
  return runPreparedCase(runtime, prepareCase(test, drawn));
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
