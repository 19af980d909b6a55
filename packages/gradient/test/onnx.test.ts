import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { ProtobufWriter } from "../src/onnx/protobuf.js";
import { runtime } from "./check.js";
import { toyBatch, toyBatchSize, toyNetwork } from "./fixtures/toy.mjs";
import { readMessage, readOnnx } from "./onnx-reader.js";

describe("protocol buffers", () => {
  it("writes numbers of every size, negative ones as ten bytes", () => {
    const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40 + 5, -1, -(2 ** 33)];
    const writer = new ProtobufWriter();
    for (const value of numbers) writer.integer(3, value);
    writer.float(15, 1.5).text(100, "é").message(4, new ProtobufWriter().integer(1, 7));
    const fields = readMessage(writer.finish());
    expect(fields.get(3)).toEqual(numbers);
    expect(fields.get(15)).toEqual([1.5]);
    expect(new TextDecoder().decode(fields.get(100)![0] as Uint8Array)).toBe("é");
    expect(readMessage(fields.get(4)![0] as Uint8Array).get(1)).toEqual([7]);
    // 150 is the format documentation's own example: 08 96 01.
    expect([...new ProtobufWriter().integer(1, 150).finish()]).toEqual([8, 0x96, 1]);
  });
});

describe("exported models", () => {
  it("have a free batch axis, the weights inside, standard operators only, and run", async () => {
    const step = await g.TrainingStep.create(runtime, {
      build: toyNetwork(0.2),
      batchSize: toyBatchSize,
      optimizer: g.adam(),
      seed: 2,
      threads: 1,
    });
    const parameters = await step.parameters();
    const bytes = g.exportOnnx({ build: toyNetwork(0.2), parameters, metadata: { license: "MIT" } });
    const model = readOnnx(bytes);
    expect(model.representation).toBe(8);
    expect(model.operatorSet).toBe(17);
    expect(model.metadata).toEqual({ license: "MIT" });
    expect([...model.inputs]).toEqual([
      ["windows", ["N", 5, 22]],
      ["features", ["N", 2]],
    ]);
    expect([...model.outputs]).toEqual([["probability", ["N", 1]]]);
    const kernel = model.initialisers.get("convolution.kernel")!;
    expect(kernel.type).toBe(1);
    expect(kernel.shape).toEqual([6, 5, 7]);
    expect(new Float32Array(kernel.bytes.slice().buffer)).toEqual(parameters.get("convolution.kernel"));
    // Each value is made once, before it is used; nothing is left unused; training leaves no trace.
    const known = new Set([...model.inputs.keys(), ...model.initialisers.keys()]);
    for (const node of model.nodes) {
      for (const input of node.inputs) expect(known.has(input), `${node.type} uses ${input}`).toBe(true);
      for (const output of node.outputs) {
        expect(known.has(output)).toBe(false);
        known.add(output);
      }
    }
    expect(model.nodes.filter((node) => node.type === "LSTM").length).toBe(1);

    const session = await runtime.createSession(bytes, { threads: 1 });
    const predictor = await g.Predictor.create(runtime, { build: toyNetwork(0.2), parameters, threads: 1 });
    const { windows, features } = toyBatch(3);
    const result = await session.run(
      { windows: { data: windows, shape: [8, 5, 22] }, features: { data: features, shape: [8, 2] } },
      ["probability"],
    );
    const predicted = await predictor.run({ windows, features }, 8);
    expect(result["probability"].data).toEqual(predicted.get("probability"));
    for (const part of [step, session, predictor]) await part.release();
  });

  it("need the values of every parameter, in its shape", () => {
    const build = toyNetwork(0);
    expect(() => g.exportOnnx({ build, parameters: new Map() })).toThrow(
      'parameter "convolution.kernel": no values',
    );
    const parameters = new Map([["convolution.kernel", new Float32Array(3)]]);
    expect(() => g.exportOnnx({ build, parameters })).toThrow(
      'parameter "convolution.kernel": 3 values; expected 210, for the shape [6, 5, 7].',
    );
  });

  it("need a name of its own for everything", () => {
    const build: g.Build = (graph) => {
      const x = graph.input("x", [graph.batch, 2]);
      return { outputs: { x: g.relu(x), y: x, windows: g.relu(x) } };
    };
    const same: g.Build = (graph) => ({ outputs: { x: graph.input("x", [graph.batch, 2]) } });
    expect(() => g.exportOnnx({ build: same, parameters: new Map() })).toThrow('two tensors named "x"');
    expect(() => g.exportOnnx({ build, parameters: new Map() })).toThrow('two tensors named "x"');
    expect(() => new g.Graph({ batch: 1, phase: "training" }).input("_1", [1])).toThrow("an unusable name");
    expect(() => g.exportOnnx({ build, parameters: new Map(), outputs: ["z"] })).toThrow(
      'no output "z"; expected one of x, y, windows',
    );
    const model = readOnnx(g.exportOnnx({ build, parameters: new Map(), outputs: ["y"] }));
    expect(model.nodes).toEqual([{ type: "Identity", inputs: ["x"], outputs: ["y"] }]);
  });
});
