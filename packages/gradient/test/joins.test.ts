import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { emitModel } from "../src/onnx/emit-model.js";
import { runtime } from "./check.js";
import { readOnnx } from "./onnx-reader.js";

/** Cuts `count` numbers into single ones and pieces of two, turns their order round and joins them again. */
async function reverse(count: number, traits: g.DeviceTraits) {
  const graph = new g.Graph({ batch: 1, phase: "inference", traits });
  const x = graph.input("x", [count]);
  const lengths = Array.from({ length: count - 1 }, (_, i) => (i === 0 ? 2 : 1));
  const y = g.concatenate([...g.split(x, 0, lengths)].reverse(), 0);
  const outputs = new Map([["y", y]]);
  const model = emitModel({ graphName: "reverse", inputs: graph.inputs, stored: new Map(), outputs });
  const session = await runtime.createSession(model, { threads: 1 });
  const data = Float32Array.from({ length: count }, (_, i) => i);
  const result = await session.run({ x: { data, shape: [count] } }, ["y"]);
  await session.release();
  return { values: [...result["y"].data], nodes: readOnnx(model).nodes };
}

describe("joining and cutting many parts", () => {
  it.each([2, 6, 7, 8, 36, 37, 75, 217, 500])("of %i numbers uses few buffers at a time", async (count) => {
    const { values, nodes } = await reverse(count, g.webGpuTraits);
    const expected = Array.from({ length: count }, (_, i) => i).reverse();
    expected.splice(count - 2, 2, 0, 1);
    expect(values).toEqual(expected);
    for (const { type, inputs, outputs } of nodes) {
      if (type === "Concat") expect(inputs.length).toBeLessThanOrEqual(6);
      if (type === "Split") expect(outputs.length).toBeLessThanOrEqual(6);
    }
    // On the CPU it is one node each.
    const onCpu = await reverse(count, g.cpuTraits);
    expect(onCpu.values).toEqual(expected);
    expect(onCpu.nodes.length).toBeLessThanOrEqual(2);
  });
});

describe("names of adapters", () => {
  it("tell software from graphics cards", () => {
    const software = [
      "SwiftShader Device (Subzero)",
      "llvmpipe (LLVM 15.0.6, 256 bits)",
      "google swiftshader",
    ];
    for (const name of [...software, "Microsoft Basic Render Driver"]) {
      expect(g.isSoftwareAdapter(name), name).toBe(true);
    }
    for (const name of ["NVIDIA H200", "AMD Radeon RX 7900", "apple metal-3", "Intel(R) Arc(TM) A770"]) {
      expect(g.isSoftwareAdapter(name), name).toBe(false);
    }
  });
});
