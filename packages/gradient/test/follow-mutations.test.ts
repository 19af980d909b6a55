import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { compareMutants, compareMutantsOnRuntime } from "./mutated-networks.js";

const free = g.zeros();
const PERMUTATION = [3, 2, 1, 0];

interface ConvolutionOptions extends g.Convolution1dOptions {
  readonly filters: number;
  readonly width: number;
}

function convolve(x: g.Tensor, name: string, { filters, width, ...rest }: ConvolutionOptions): g.Tensor {
  const kernel = x.graph.parameter(`${name}.kernel`, [filters, x.shape[1] as number, width], free);
  return g.convolution1d(x, kernel, x.graph.parameter(`${name}.bias`, [filters], free), { ...rest, name });
}

function normalised(x: g.Tensor, name: string): g.Tensor {
  const parameters = g.batchNormalisationParameters(x.graph, name, x.shape[1] as number);
  return g.batchNormalisation(x, parameters, { momentum: 0.9, epsilon: 1 / 1024 });
}

function denseLayer(x: g.Tensor, name: string, outputs: number): g.Tensor {
  const kernel = x.graph.parameter(`${name}.kernel`, [x.shape[1] as number, outputs], free);
  return g.dense(x, kernel, x.graph.parameter(`${name}.bias`, [outputs], free), { name });
}

/** A network of a body on windows and two dense layers behind it. */
const network =
  (length: number, body: (windows: g.Tensor) => g.Tensor, channels = 4): g.Build =>
  (graph) => {
    const windows = graph.input("windows", [graph.batch, channels, length]);
    const hidden = g.relu(denseLayer(g.flatten(body(windows)), "hidden", 5));
    return { outputs: { y: denseLayer(hidden, "output", 3) } };
  };

const all = (length: number) => Array.from({ length }, (_, i) => i);

const deepSea = (length: number, padding: g.Padding1d, withNormalisation: boolean) =>
  network(length, (windows) => {
    let x = windows;
    for (const [layer, filters] of [5, 6, 7].entries()) {
      x = convolve(x, `convolution${layer}`, { filters, width: 4, padding });
      if (withNormalisation) x = normalised(x, `normalisation${layer}`);
      x = g.relu(x);
      if (layer < 2) x = g.maxPool1d(x, { size: 3 });
    }
    return x;
  });

describe("convolutions and pools", () => {
  it.each([
    ["valid", 0, false],
    ["valid, normalised", 0, true],
    ["same", "same", false],
    ["same, normalised", "same", true],
  ] as const)("are followed through DeepSEA, %s", async (_, padding, isNormalised) => {
    const build = deepSea(70, padding, isNormalised);
    expect(compareMutants(build, { positions: all(70) })).toEqual([]);
    expect(compareMutants(build, { positions: [0, 3, 4, 33, 69], alternatives: 3 })).toEqual([]);
    expect(await compareMutantsOnRuntime(build, { positions: all(70) })).toEqual([]);
  });

  it("are followed to the average of all positions, as in the TAL1 and GATA1 model", async () => {
    const build = network(40, (windows) => {
      const first = g.relu(convolve(windows, "first", { filters: 5, width: 5 }));
      const second = g.relu(convolve(first, "second", { filters: 4, width: 5 }));
      return g.averagePool1d(second, { size: 32, stride: 1 });
    });
    expect(compareMutants(build, { positions: all(40) })).toEqual([]);
    expect(await compareMutantsOnRuntime(build, { positions: all(40) })).toEqual([]);
  });

  it.each([
    ["overlapping averages", (x: g.Tensor) => g.averagePool1d(x, { size: 7, stride: 2, padding: "same" })],
    ["overlapping maxima", (x: g.Tensor) => g.maxPool1d(x, { size: 7, stride: 3, padding: 2 })],
    ["the mean", (x: g.Tensor) => g.globalAveragePool1d(x)],
    ["the maximum", (x: g.Tensor) => g.globalMaxPool1d(x)],
    ["positions before channels", (x: g.Tensor) => g.transpose(x, [0, 2, 1])],
    [
      "a layer of every position",
      (x: g.Tensor) => g.elu(g.perPositionDense(x, x.graph.parameter("each", [3, 6], free))),
    ],
    ["the middle", (x: g.Tensor) => g.slice(x, { axis: 2, start: 30, end: 50 })],
    ["some channels", (x: g.Tensor) => g.slice(x, { axis: 1, start: 1, end: 4 })],
    ["wide steps", (x: g.Tensor) => convolve(x, "wide", { filters: 3, width: 4, stride: 3, padding: 2 })],
    [
      "channels apart",
      (x: g.Tensor) => {
        const [a, b] = g.split(x, 1, [2, 4]);
        return g.concatenate([g.exp(b), g.tanh(a)], 1);
      },
    ],
  ] as const)("are followed to %s", (_, behind) => {
    const build = network(120, (windows) => behind(convolve(windows, "first", { filters: 6, width: 5 })));
    expect(compareMutants(build, { positions: [0, 1, 2, 17, 40, 41, 60, 100, 118, 119] })).toEqual([]);
  });

  it("are followed to the maximum of more positions than are brought together", () => {
    const build = network(100, (windows) =>
      g.globalMaxPool1d(g.relu(convolve(windows, "first", { filters: 6, width: 5 }))),
    );
    expect(compareMutants(build, { positions: all(100), alternatives: 1 })).toEqual([]);
  });

  it("are followed through dilated residual layers", () => {
    const build = network(90, (windows) => {
      let x = convolve(windows, "first", { filters: 4, width: 5, padding: "same" });
      for (const dilation of [1, 4, 8]) {
        const more = convolve(x, `dilated${dilation}`, { filters: 4, width: 3, dilation, padding: "same" });
        x = g.add(x, g.relu(more));
      }
      return g.globalAveragePool1d(x);
    });
    expect(compareMutants(build, { positions: [0, 2, 11, 45, 46, 80, 89] })).toEqual([]);
  });

  it("are followed beside tracks and features", async () => {
    const build: g.Build = (graph) => {
      const windows = graph.input("windows", [graph.batch, 6, 30]);
      const x = g.maxPool1d(g.relu(convolve(windows, "first", { filters: 4, width: 4 })), { size: 4 });
      const features = g.multiply(graph.input("features", [graph.batch, 3]), 0.5);
      const top = g.concatenate([g.relu(denseLayer(g.flatten(x), "hidden", 5)), features], 1);
      return { outputs: { y: g.sigmoid(denseLayer(top, "output", 2)) } };
    };
    expect(compareMutants(build, { positions: all(30) })).toEqual([]);
    expect(await compareMutantsOnRuntime(build, { positions: all(30) })).toEqual([]);
  });
});

const danQ = (length: number, gateActivation: g.GateActivation, directions: 1 | 2 = 2) =>
  network(length, (windows) => {
    const pooled = g.maxPool1d(g.relu(convolve(windows, "first", { filters: 5, width: 6 })), { size: 4 });
    const layer = directions === 2 ? g.bidirectionalLstm : g.lstm;
    const parameters = g.lstmParameters(windows.graph, "recurrent", { inputs: 5, units: 3, directions });
    return layer(g.transpose(pooled, [0, 2, 1]), parameters, { gateActivation });
  });

describe("recurrent layers", () => {
  it.each(["sigmoid", "hard-sigmoid"] as const)(
    "are gone on with from the first changed step, %s",
    async (gates) => {
      expect(compareMutants(danQ(60, gates), { positions: all(60) })).toEqual([]);
      expect(compareMutants(danQ(60, gates, 1), { positions: all(60) })).toEqual([]);
      expect(compareMutants(danQ(60, gates), { positions: [57] })).toEqual([]);
      expect(compareMutants(danQ(60, gates), { positions: [0, 1, 30, 31] })).toEqual([]);
      expect(await compareMutantsOnRuntime(danQ(60, gates), { positions: all(60) }, 1e-4)).toEqual([]);
    },
  );

  it("are written out where something else than a dense layer follows", () => {
    const build = network(60, (windows) => {
      const pooled = g.maxPool1d(convolve(windows, "first", { filters: 5, width: 6 }), { size: 4 });
      const steps = g.transpose(pooled, [0, 2, 1]);
      const parameters = (name: string, inputs: number) =>
        g.lstmParameters(windows.graph, name, { inputs, units: 3 });
      const states = g.bidirectionalLstm(steps, parameters("lower", 5), { name: "lower" });
      return g.bidirectionalLstm(states, parameters("upper", 6), { returns: "last" });
    });
    expect(compareMutants(build, { positions: [0, 9, 10, 35, 59] })).toEqual(["lower"]);
  });

  it("of one pooled position need nothing behind it", () => {
    expect(compareMutants(danQ(9, "sigmoid"), { positions: all(9) })).toEqual([]);
  });
});

describe("both strands", () => {
  const strands =
    (length: number, size: number, isAligned: boolean): g.Build =>
    (graph) => {
      const windows = graph.input("windows", [graph.batch, 5, length]);
      const permutation = [...PERMUTATION, 4];
      const kernel = graph.parameter("strand.kernel", [6, 5, 4], free);
      const convolved = isAligned
        ? g.strandConvolution1d(windows, kernel, null, permutation)
        : g.convolution1d(g.bothStrands(windows, permutation), kernel);
      const each = g.relu(g.perPositionDense(g.relu(convolved), graph.parameter("each", [4, 6], free)));
      const pooled = g.maxPool1d(each, { size });
      const states = g.bidirectionalLstm(
        g.transpose(isAligned ? g.alignStrands(pooled) : pooled, [0, 2, 1]),
        g.lstmParameters(graph, "recurrent", { inputs: 4, units: 3 }),
        { gateActivation: "hard-sigmoid" },
      );
      const hidden = g.relu(denseLayer(g.flatten(states), "hidden", 5));
      const features = g.repeatForStrands(graph.input("features", [graph.batch, 2]));
      const logits = denseLayer(g.concatenate([hidden, features], 1), "output", 2);
      return { outputs: { y: g.meanOverStrands(logits) } };
    };

  it.each([
    ["each turned round", false],
    ["by kernels turned round", true],
  ] as const)("are followed, %s", async (_, isAligned) => {
    const build = strands(53, 5, isAligned);
    expect(compareMutants(build, { positions: all(53) })).toEqual([]);
    expect(compareMutants(build, { positions: [0, 26, 52], alternatives: 1 })).toEqual([]);
    expect(await compareMutantsOnRuntime(build, { positions: all(53) }, 1e-4)).toEqual([]);
  });

  it("are followed in graphs for other devices", () => {
    expect(compareMutants(strands(53, 5, true), { positions: [3, 30] }, 1, g.webGpuTraits)).not.toBeNull();
  });
});

describe("what cannot be followed", () => {
  it("is said: nothing is saved where positions are mixed at once", () => {
    const build = network(20, (windows) => g.softmax(windows, 2));
    expect(g.followMutations(build, { positions: [3], alternatives: 3, mutatedChannels: 4 })).toBeNull();
  });

  it("is refused: positions outside of windows, none, or in another order", () => {
    const follow = (positions: number[]) =>
      g.followMutations(deepSea(70, 0, false), { positions, alternatives: 3, mutatedChannels: 4 });
    expect(() => follow([70])).toThrow("positions up to 70");
    expect(() => follow([])).toThrow("0 positions");
    expect(() => follow([4, 3])).toThrow("ascending");
  });
});
