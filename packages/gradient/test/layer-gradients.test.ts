import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.node.js";

const channels = 4;
const length = 17;
const kernels = 3;
const width = 4;
const size = 5;

/** Convolution, pool, dense layer. A pool of rectified values is what graphs write in another way unless told not to. */
const build: g.Build = (graph) => {
  const windows = graph.input("windows", [graph.batch, channels, length]);
  const kernel = graph.parameter("kernel", [kernels, channels, width], g.glorotUniform());
  const bias = graph.parameter("bias", [kernels], g.zeros());
  const convolution = g.relu(g.convolution1d(windows, kernel, bias));
  const pooled = g.flatten(g.maxPool1d(convolution, { size }));
  const columns = pooled.shape[1] as number;
  const logit = g.dense(pooled, graph.parameter("dense", [columns, 1], g.glorotUniform()));
  return { outputs: { convolution, logit, probability: g.sigmoid(logit) } };
};

const random = new Random("layer gradients");
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const positions = length - width + 1;
const steps = Math.floor(positions / size);
const parameters = new Map([
  ["kernel", normal(kernels * channels * width)],
  ["bias", normal(kernels)],
  ["dense", normal(kernels * steps)],
]);

describe("gradients with respect to layers", () => {
  it("are those of the layers' own values, with outputs of the same run", async () => {
    const count = 6;
    const windows = normal(count * channels * length);
    const gradient = await g.InputGradient.create(g.nodeRuntime(), {
      build,
      parameters,
      of: "logit",
      inputs: ["windows"],
      layers: ["convolution"],
      outputs: ["convolution", "logit", "probability"],
      threads: 1,
    });
    const { gradients, outputs } = await gradient.runWithOutputs({ windows }, count);
    await gradient.release();
    const predictor = await g.Predictor.create(g.nodeRuntime(), { build, parameters, threads: 1 });
    const plain = await predictor.run({ windows }, count);
    await predictor.release();
    expect([...gradients.keys()]).toEqual(["windows", "convolution"]);
    for (const [name, values] of outputs)
      for (const [i, value] of plain.get(name)!.entries())
        expect(Math.abs(values[i] - value)).toBeLessThan(1e-5);

    // By hand: a pool passes its gradient to where its maximum is; where all values are 0, they share it.
    const activations = plain.get("convolution")!;
    const dense = parameters.get("dense")!;
    const expected = new Float64Array(activations.length);
    let shared = 0;
    for (let row = 0; row < count * kernels; row++) {
      for (let step = 0; step < steps; step++) {
        const from = row * positions + step * size;
        const values = activations.subarray(from, from + size);
        const most = Math.max(...values);
        const ties = values.filter((value) => value === most).length;
        if (ties > 1) shared++;
        values.forEach((value, i) => {
          if (value === most) expected[from + i] = dense[(row % kernels) * steps + step] / ties;
        });
      }
    }
    expect(shared).toBeGreaterThan(0);
    const found = gradients.get("convolution")!;
    expect(found.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-6);
  });

  it("are refused for a layer that the output does not depend on", async () => {
    const options = { build, parameters, of: "logit", layers: ["probability"] };
    await expect(g.InputGradient.create(g.nodeRuntime(), options)).rejects.toThrow(
      'the output "logit" does not depend on a layer "probability"',
    );
  });
});
