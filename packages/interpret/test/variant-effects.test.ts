import { type Build, dense, flatten, fromValues, nodeRuntime, sigmoid } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import type { ExplainedModel } from "../src/explained-model.js";
import { mutateInSilico } from "../src/in-silico-mutagenesis.js";
import { scoreVariants } from "../src/variant-effects.js";

const length = 6;
const runtime = nodeRuntime();
const random = new Random("variants");
const weights = Float32Array.from({ length: 4 * length * 2 }, () => random.normal());
const build: Build = (graph) => {
  const windows = graph.input("windows", [graph.batch, 4, length]);
  const logit = dense(flatten(windows), graph.parameter("kernel", [4 * length, 2], fromValues(weights)));
  return { outputs: { logit, probability: sigmoid(logit) } };
};
const model: ExplainedModel = {
  build,
  parameters: new Map([["kernel", weights]]),
  length,
  channels: 4,
  baseChannels: 4,
  features: 0,
  tasks: 2,
  unknownBase: 0,
  layers: [],
};
const count = 5;
const bases = Array.from({ length: count * length }, () => random.integer(4));
const windows = new Float32Array(count * 4 * length);
bases.forEach((base, i) => {
  windows[(Math.floor(i / length) * 4 + base) * length + (i % length)] = 1;
});
const positions = [0, 3, 5, 2, 2];
const alternatives = positions.map((position, i) => (bases[i * length + position] + 1 + (i % 3)) % 4);

describe("effects of variants", () => {
  it("are differences of weights for a linear model, batch by batch, for every task", async () => {
    const effects = await scoreVariants(
      model,
      { windows: { count, windows }, positions, alternatives },
      { runtime, threads: 1, batchSize: 4 },
    );
    for (let i = 0; i < count; i++)
      for (let task = 0; task < 2; task++) {
        const at = (base: number) => weights[(base * length + positions[i]) * 2 + task];
        const expected = at(alternatives[i]) - at(bases[i * length + positions[i]]);
        expect(effects.change[i * 2 + task]).toBeCloseTo(expected, 5);
        expect(effects.change[i * 2 + task]).toBe(
          Math.fround(effects.alternative[i * 2 + task] - effects.reference[i * 2 + task]),
        );
      }
  });

  it("are what in-silico mutagenesis says of the same substitutions", async () => {
    const given = { count, windows };
    const effects = await scoreVariants(
      model,
      { windows: given, positions, alternatives },
      { runtime, threads: 1 },
    );
    const { values } = await mutateInSilico(model, given, { runtime, threads: 1, task: 1 });
    for (let i = 0; i < count; i++)
      expect(effects.change[i * 2 + 1]).toBeCloseTo(
        values[(i * 4 + alternatives[i]) * length + positions[i]],
        5,
      );
  });

  it("name variants outside of windows, of no base, and lists of other lengths", async () => {
    const score = (at: number[], to: number[]) =>
      scoreVariants(model, { windows: { count, windows }, positions: at, alternatives: to }, { runtime });
    await expect(score([0, 3, 6, 2, 2], alternatives)).rejects.toThrow("position 6 for variant 3");
    await expect(score(positions, [0, 1, 2, 3, 4])).rejects.toThrow("base 4 for variant 5");
    await expect(score([1], alternatives)).rejects.toThrow("1 positions");
  });
});
