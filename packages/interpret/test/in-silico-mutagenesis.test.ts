import { type Build, dense, flatten, fromValues, nodeRuntime, sigmoid } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import type { ExplainedModel } from "../src/explained-model.js";
import { largestChanges, mutateInSilico } from "../src/in-silico-mutagenesis.js";

const length = 7;
const runtime = nodeRuntime();

/** Two tasks that are linear in the window: what a substitution does is a difference of weights. */
function linearModel(weights: Float32Array): ExplainedModel {
  const build: Build = (graph) => {
    const windows = graph.input("windows", [graph.batch, 4, length]);
    const kernel = graph.parameter("kernel", [4 * length, 2], fromValues(weights));
    const logit = dense(flatten(windows), kernel);
    return { outputs: { logit, probability: sigmoid(logit) } };
  };
  return {
    build,
    parameters: new Map([["kernel", weights]]),
    length,
    channels: 4,
    baseChannels: 4,
    features: 0,
    tasks: 2,
    unknownBase: 0.25,
    layers: [],
  };
}

describe("in-silico mutagenesis", () => {
  const random = new Random("mutagenesis");
  const weights = Float32Array.from({ length: 4 * length * 2 }, () => random.uniform() - 0.5);
  const model = linearModel(weights);
  // AxCGTAC and GGNNTTA, x unknown.
  const sequences = [
    [0, -1, 1, 2, 3, 0, 1],
    [2, 2, -1, -1, 3, 3, 0],
  ];
  const windows = new Float32Array(2 * 4 * length);
  sequences.forEach((bases, window) => {
    bases.forEach((observed, position) => {
      for (let base = 0; base < 4; base++)
        windows[(window * 4 + base) * length + position] = observed < 0 ? 0.25 : base === observed ? 1 : 0;
    });
  });
  const weight = (base: number, position: number, task: number) =>
    weights[(base * length + position) * 2 + task];
  const expected = (window: number, base: number, position: number, task: number) => {
    const observed = sequences[window][position];
    if (observed >= 0) return weight(base, position, task) - weight(observed, position, task);
    return (
      weight(base, position, task) - [0, 1, 2, 3].reduce((sum, b) => sum + weight(b, position, task) / 4, 0)
    );
  };

  it("gives the difference of weights for a linear model, for every task and at unknown bases", async () => {
    for (const task of [0, 1]) {
      const { values, predictions, method } = await mutateInSilico(
        model,
        { count: 2, windows },
        { runtime, task, threads: 1, naive: true },
      );
      expect(method).toBe("ism");
      expect(predictions).toHaveLength(4);
      for (let window = 0; window < 2; window++)
        for (let base = 0; base < 4; base++)
          for (let position = 0; position < length; position++)
            expect(values[(window * 4 + base) * length + position]).toBeCloseTo(
              expected(window, base, position, task),
              5,
            );
    }
  });

  it("mutates the positions asked for, and no others", async () => {
    const { values } = await mutateInSilico(
      model,
      { count: 2, windows },
      { runtime, threads: 1, positions: [5, 1, 5] },
    );
    for (let window = 0; window < 2; window++)
      for (let base = 0; base < 4; base++)
        for (let position = 0; position < length; position++) {
          const value = values[(window * 4 + base) * length + position];
          if (position === 1 || position === 5)
            expect(value).toBeCloseTo(expected(window, base, position, 0), 5);
          else expect(value).toBe(0);
        }
  });

  it("keeps the largest change of a position, signed or not", () => {
    const values = Float32Array.of(0, 1, -3, 0, 2, 0, 0.5, -0.25);
    expect([...largestChanges({ count: 1, length: 2, values })]).toEqual([-3, 1]);
    expect([...largestChanges({ count: 1, length: 2, values }, { absolute: true })]).toEqual([3, 1]);
  });

  it("names a task that is not there, positions outside of windows and a model without bases", async () => {
    const mutate = (changed: Partial<ExplainedModel>, options: object) =>
      mutateInSilico({ ...model, ...changed }, { count: 2, windows }, { runtime, ...options });
    await expect(mutate({}, { task: 2 })).rejects.toThrow("a whole number from 0 to 1");
    await expect(mutate({}, { positions: [0, 7] })).rejects.toThrow("position 7");
    await expect(mutate({ baseChannels: 0 }, {})).rejects.toThrow("sees no bases");
  });
});
