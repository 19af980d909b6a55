import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { compareExactly, compareOnRuntime } from "./shared-networks.js";

const free = g.zeros();
const PERMUTATION = [3, 2, 1, 0];

interface ConvolutionOptions extends g.Convolution1dOptions {
  readonly filters: number;
  readonly width: number;
}

/** A convolution with parameters of its own. */
function convolve(
  x: g.Tensor,
  name: string,
  { filters, width, groups = 1, ...rest }: ConvolutionOptions,
): g.Tensor {
  const inputs = (x.shape[1] as number) / groups;
  const kernel = x.graph.parameter(`${name}.kernel`, [filters, inputs, width], free);
  const bias = x.graph.parameter(`${name}.bias`, [filters], free);
  return g.convolution1d(x, kernel, bias, { ...rest, groups, name });
}

function denseLayer(x: g.Tensor, name: string, outputs: number): g.Tensor {
  const kernel = x.graph.parameter(`${name}.kernel`, [x.shape[1] as number, outputs], free);
  return g.dense(x, kernel, x.graph.parameter(`${name}.bias`, [outputs], free));
}

/** A network of a body on windows and a dense layer behind it. */
const network =
  (length: number, body: (windows: g.Tensor) => g.Tensor): g.Build =>
  (graph) => ({
    outputs: {
      y: denseLayer(g.flatten(body(graph.input("windows", [graph.batch, 4, length]))), "output", 3),
    },
  });

const deepSea = (length: number, pool = 4) =>
  network(length, (windows) => {
    let x = g.relu(convolve(windows, "first", { filters: 5, width: 5 }));
    x = g.maxPool1d(x, { size: pool });
    x = g.relu(convolve(x, "second", { filters: 6, width: 3 }));
    x = g.maxPool1d(x, { size: pool });
    return g.relu(convolve(x, "third", { filters: 7, width: 2 }));
  });

const starts = (count: number, step: number) => Array.from({ length: count }, (_, i) => i * step);

describe("nested pools behind valid convolutions", () => {
  it.each([1, 2, 3, 4, 6, 8, 50, 53])("share at every phase, windows every %i bp", (step) => {
    const run = { length: 73 + 9 * step, starts: starts(10, step), phase: step };
    expect(compareExactly(deepSea(73), run)).toBe(3);
    expect(compareExactly(deepSea(73), { ...run, phase: 1 })).toBe(3);
  });

  it.each([1, 2])("share %i convolutions if told so", (depth) => {
    expect(compareExactly(deepSea(73), { length: 90, starts: [0, 5, 17, 17], depth })).toBe(depth);
  });

  it("share in ONNX Runtime", async () => {
    expect(await compareOnRuntime(deepSea(120), { length: 300, starts: [0, 180, 3, 3, 77] })).toBe(3);
    expect(await compareOnRuntime(deepSea(120), { length: 320, phase: 50, starts: starts(5, 50) })).toBe(3);
  });
});

describe("both strands", () => {
  const strandKernel = (graph: g.Graph, filters: number, width: number) =>
    graph.parameter("strand.kernel", [filters, 4, width], free);
  const strandBias = (graph: g.Graph, filters: number) => graph.parameter("strand.bias", [filters], free);

  /** As FactorNet and DanQ begin. */
  const aligned =
    (length: number, size: number): g.Build =>
    (graph) => {
      const windows = graph.input("windows", [graph.batch, 4, length]);
      const convolved = g.strandConvolution1d(
        windows,
        strandKernel(graph, 5, 6),
        strandBias(graph, 5),
        PERMUTATION,
      );
      const pooled = g.alignStrands(g.maxPool1d(g.relu(convolved), { size }));
      const states = g.bidirectionalLstm(
        g.transpose(pooled, [0, 2, 1]),
        g.lstmParameters(graph, "recurrent", { inputs: 5, units: 3 }),
      );
      const logits = denseLayer(g.flatten(states), "output", 2);
      return { outputs: { y: g.meanOverStrands(g.sigmoid(logits)) } };
    };

  /** Windows turned round first; the pool may leave a remainder, which each strand drops at its own end. */
  const turned =
    (length: number, size: number, stride = size): g.Build =>
    (graph) => {
      const windows = graph.input("windows", [graph.batch, 4, length]);
      const both = g.bothStrands(windows, PERMUTATION);
      const convolved = g.convolution1d(both, strandKernel(graph, 5, 6), strandBias(graph, 5));
      const pooled = g.maxPool1d(g.elu(convolved), { size, stride });
      const again = g.maxPool1d(convolve(pooled, "second", { filters: 4, width: 2 }), { size: 2 });
      return { outputs: { y: g.maxOverStrands(denseLayer(g.flatten(again), "output", 2)) } };
    };

  it.each([1, 5, 7, 35])("are shared in one orientation, with a pool of %i", (size) => {
    for (const phase of [1, 3, 7])
      expect(
        compareExactly(aligned(40, size), {
          length: 40 + 6 * phase,
          starts: [0, 2, 6].map((i) => i * phase),
          phase,
        }),
      ).toBe(1);
  });

  it.each([3, 4, 6, 7])("are shared each in its own, with a pool of %i", (size) => {
    for (const phase of [1, 2, 6, 7, 12])
      expect(
        compareExactly(turned(60, size), {
          length: 60 + 4 * phase,
          starts: [0, 1, 4].map((i) => i * phase),
          phase,
        }),
      ).toBe(2);
  });

  it("are shared with overlapping pools, and maxima over strands at each position", () => {
    expect(compareExactly(turned(60, 7, 3), { length: 84, starts: [0, 12, 24, 24], phase: 12 })).toBe(2);
    const overStrands = network(40, (windows) => {
      const { graph } = windows;
      const both = g.strandConvolution1d(windows, strandKernel(graph, 4, 5), null, PERMUTATION);
      return g.maxPool1d(g.maxOverStrands(g.relu(both)), { size: 9 });
    });
    expect(compareExactly(overStrands, { length: 60, starts: [0, 7, 20] })).toBe(1);
  });

  it("are shared in graphs for other devices", () => {
    const run = { length: 70, starts: [0, 6, 30], phase: 6 };
    expect(compareExactly(aligned(40, 7), run, 1, g.webGpuTraits)).toBe(1);
  });

  it("are shared in ONNX Runtime", async () => {
    expect(await compareOnRuntime(aligned(85, 8), { length: 150, starts: [0, 13, 65] })).toBe(1);
    expect(await compareOnRuntime(turned(85, 9), { length: 165, starts: [0, 50, 80], phase: 10 })).toBe(2);
  });
});

describe("padding", () => {
  const same = { padding: "same" as const };

  it("is computed from the windows' ends, through several layers", () => {
    const build = network(50, (windows) => {
      let x = g.relu(convolve(windows, "first", { filters: 4, width: 6, ...same }));
      x = g.maxPool1d(x, { size: 3 });
      x = g.relu(convolve(x, "second", { filters: 5, width: 3, ...same }));
      return g.averagePool1d(x, { size: 3, stride: 2, padding: 1 });
    });
    for (const phase of [1, 2, 5, 6])
      expect(
        compareExactly(build, { length: 50 + 8 * phase, starts: [0, 3, 8].map((i) => i * phase), phase }),
      ).toBe(2);
  });

  it("is computed for residual blocks with growing dilations", async () => {
    const build = network(80, (windows) => {
      let x = g.relu(convolve(windows, "first", { filters: 4, width: 5, ...same }));
      for (const dilation of [1, 2, 4])
        x = g.add(x, g.relu(convolve(x, `dilated${dilation}`, { filters: 4, width: 3, dilation, ...same })));
      return g.globalAveragePool1d(x);
    });
    expect(compareExactly(build, { length: 100, starts: [0, 1, 13, 20] })).toBe(4);
    expect(compareExactly(build, { length: 110, starts: [0, 10, 30], phase: 10 })).toBe(4);
    expect(await compareOnRuntime(build, { length: 100, starts: [0, 1, 13, 20] })).toBe(4);
  });

  it("is computed for strides, both strands, and pools that ignore it", () => {
    const build = network(64, (windows) => {
      const both = g.bothStrands(windows, PERMUTATION);
      let x = convolve(both, "first", { filters: 4, width: 7, stride: 2, padding: [3, 2] });
      x = g.maxPool1d(x, { size: 3, stride: 2, padding: "same" });
      const pairs = g.pairStrands(g.gelu(convolve(x, "second", { filters: 2, width: 3, ...same })));
      return g.reshape(pairs, [windows.shape[0], 4, pairs.shape[3]]);
    });
    for (const phase of [1, 2, 4, 6])
      expect(
        compareExactly(build, { length: 64 + 10 * phase, starts: [0, 3, 10].map((i) => i * phase), phase }),
      ).toBe(2);
  });

  it("makes windows that are all ends share fewer layers, or none", () => {
    const wide = network(20, (windows) =>
      g.globalMaxPool1d(convolve(windows, "first", { filters: 3, width: 21, ...same })),
    );
    expect(compareExactly(wide, { length: 30, starts: [0, 10] })).toBeNull();
    const second = network(20, (windows) => {
      const x = g.relu(convolve(windows, "first", { filters: 3, width: 3, ...same }));
      return g.globalMaxPool1d(convolve(x, "second", { filters: 3, width: 19, ...same }));
    });
    expect(compareExactly(second, { length: 30, starts: [0, 10] })).toBe(1);
  });
});

describe("other layers", () => {
  it("are shared: normalisation, gates, groups, softmax over channels, branches, tracks", () => {
    const build = network(48, (windows) => {
      const { graph } = windows;
      const x = convolve(windows, "first", { filters: 8, width: 4, groups: 2 });
      const normalised = g.batchNormalisation(x, g.batchNormalisationParameters(graph, "norm", 8), {
        momentum: 0.9,
        epsilon: 1e-3,
      });
      const gated = g.gatedLinearUnit(normalised);
      const short = convolve(gated, "short", { filters: 3, width: 2 });
      const long = convolve(gated, "long", { filters: 3, width: 5, dilation: 2 });
      const length = long.shape[2] as number;
      const joined = g.concatenate([g.slice(short, { axis: 2, start: 4, end: 4 + length }), long], 1);
      const scale = graph.parameter("scale", [6, 1], free);
      return g.averagePool1d(g.multiply(g.softmax(joined, 1), scale), { size: 5, stride: 3 });
    });
    expect(compareExactly(build, { length: 70, starts: [0, 1, 22] })).toBe(2);
    expect(compareExactly(build, { length: 72, starts: [0, 12, 24], phase: 6 })).toBe(2);
  });

  it("are shared with branches of different strides", () => {
    const build = network(50, (windows) => {
      const x = convolve(windows, "first", { filters: 3, width: 3 });
      const strided = convolve(x, "strided", { filters: 3, width: 4, stride: 2 });
      const pooled = g.maxPool1d(x, { size: 4, stride: 2 });
      return g.relu(g.add(strided, pooled));
    });
    for (const phase of [1, 2, 4])
      expect(
        compareExactly(build, { length: 50 + 5 * phase, starts: [0, 2, 5].map((i) => i * phase), phase }),
      ).toBe(2);
  });

  it("of other inputs, and what mixes positions, belong to each window", () => {
    const build: g.Build = (graph) => {
      const x = g.relu(
        convolve(graph.input("windows", [graph.batch, 4, 40]), "first", { filters: 3, width: 5 }),
      );
      const attention = g.softmax(x, 2);
      const features = graph.input("features", [graph.batch, 3]);
      const gated = g.multiply(g.multiply(x, attention), g.reshape(features, [graph.batch, 3, 1]));
      return { outputs: { y: g.globalAveragePool1d(gated), first: g.globalMaxPool1d(x) } };
    };
    expect(compareExactly(build, { length: 60, starts: [0, 9, 20] })).toBe(1);
  });

  it("say null where the first layer mixes positions", () => {
    const build = network(20, (windows) => g.softmax(windows, 2));
    expect(compareExactly(build, { length: 30, starts: [0] })).toBeNull();
    const flat = network(20, (windows) => windows);
    expect(compareExactly(flat, { length: 30, starts: [0] })).toBeNull();
  });
});
