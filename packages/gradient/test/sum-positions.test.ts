import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { orderNodes } from "../src/graph.js";
import * as g from "../src/index.node.js";
import { passWithin } from "../src/operators/pointwise.js";
import { product } from "../src/shape.js";

const length = 46;
const channels = 3;

type Layers = (graph: g.Graph, x: g.Tensor) => g.Tensor;

const convolve =
  (width: number, options: g.Convolution1dOptions = {}): Layers =>
  (graph, x) => {
    const inner = (x.shape[1] as number) / (options.groups ?? 1);
    const name = `kernel${graph.parameters.size}`;
    const kernel = graph.parameter(name, [6, inner, width], g.glorotUniform());
    return g.convolution1d(x, kernel, null, options);
  };
const pool =
  (options: g.PoolOptions): Layers =>
  (_, x) =>
    g.maxPool1d(x, options);
const rectify: Layers = (_, x) => g.relu(x);
const inTurn =
  (...layers: readonly Layers[]): Layers =>
  (graph, x) =>
    layers.reduce((y, layer) => layer(graph, y), x);

/** Behind a layer: whether its mean gradient comes without the gradient itself, and what is spared with it. */
const cases: readonly (readonly [string, Layers, readonly string[]])[] = [
  ["a pool that divides", pool({ size: 2 }), ["shareExtremes"]],
  ["a pool with a remainder", pool({ size: 4 }), ["shareExtremes", "padZeros"]],
  ["a pool with gaps", pool({ size: 3, stride: 5 }), ["shareExtremes"]],
  ["a pool of overlapping windows", pool({ size: 5, stride: 2 }), []],
  ["a padded pool", pool({ size: 4, padding: 2 }), []],
  ["a rectifier and a pool", inTurn(rectify, pool({ size: 4 })), ["shareExtremes"]],
  ["a rectifier and a padded pool", inTurn(rectify, pool({ size: 4, padding: 1 })), []],
  ["a convolution", convolve(5), ["convolution1d"]],
  ["a convolution that keeps the length", convolve(8, { padding: "same" }), ["convolution1d"]],
  ["a convolution padded wider than it reaches", convolve(3, { padding: [4, 1] }), ["convolution1d"]],
  ["a dilated convolution", convolve(4, { dilation: 3, padding: [2, 5] }), ["convolution1d"]],
  ["a convolution with steps", convolve(5, { stride: 2 }), []],
  ["a convolution in groups", convolve(5, { groups: 3 }), []],
  [
    "DeepSEA's layers",
    inTurn(pool({ size: 4 }), convolve(3), rectify, pool({ size: 2 }), convolve(2), rectify),
    [],
  ],
  [
    "DeepSEA's layers, padded",
    inTurn(pool({ size: 4 }), convolve(3, { padding: "same" }), rectify, pool({ size: 2 }), rectify),
    [],
  ],
  [
    "two ways that meet",
    (graph, x) => g.add(convolve(5)(graph, x), g.slice(x, { axis: 2, start: 2, end: 44 })),
    [],
  ],
];

describe("the sum of a gradient over positions", () => {
  it.each(cases)("behind %s: that of the plain gradient, in float64", (name, layers, spared) => {
    const graph = new g.Graph({ batch: "free", phase: "inference", keepsOrder: true });
    const seen = name === "two ways that meet" ? 6 : channels;
    const x = graph.input("x", [graph.batch, seen, length]);
    const flat = g.flatten(layers(graph, x));
    // A product of two: the gradient is not the same at every sample.
    const columns = [flat.shape[1] as number, 1];
    const score = g.multiply(
      g.dense(flat, graph.parameter("a", columns, g.zeros())),
      g.dense(flat, graph.parameter("b", columns, g.zeros())),
    );
    const [gradient] = g.gradients(score, [x]) as [g.Tensor];
    const quick = g.sumPositions(gradient);
    const plain = g.reduceSum(gradient, [2]);
    expect(quick.shape).toEqual(plain.shape);

    const random = new Random(`sum over positions of ${name}`);
    const values = new Map<g.Tensor, ArrayLike<number>>();
    for (const tensor of graph.parameters.values())
      values.set(
        tensor,
        Float64Array.from({ length: product(tensor.shape as readonly number[]) }, () => random.normal()),
      );
    // Whole numbers around 0: windows of a pool with several equal maxima, at 0 too.
    values.set(
      x,
      Float64Array.from({ length: 3 * seen * length }, () => random.integer(5) - 2),
    );
    const [found, expected] = g.evaluateReference([quick, plain], values, 3);
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    for (const [i, value] of expected.entries())
      expect(Math.abs(found[i] - value)).toBeLessThan(1e-12 * largest);

    const count = (of: g.Tensor, operator: string) =>
      orderNodes([of]).filter((node) => node.operator.name === operator).length;
    for (const operator of spared) expect(count(quick, operator)).toBeLessThan(count(plain, operator));
  });

  it("behind DeepSEA's layers takes neither the first pool, the second convolution nor the second pool backwards", () => {
    const graph = new g.Graph({ batch: "free", phase: "inference", keepsOrder: true });
    const x = graph.input("x", [graph.batch, channels, length]);
    const [, layers] = cases.find(([name]) => name === "DeepSEA's layers")!;
    const [gradient] = g.gradients(layers(graph, x), [x]) as [g.Tensor];
    const names = (of: g.Tensor) => orderNodes([of]).map((node) => node.operator.name);
    const count = (of: readonly string[], name: string) => of.filter((other) => other === name).length;
    const [quick, plain] = [names(g.sumPositions(gradient)), names(gradient)];
    expect(["shareExtremes", "convolution1d"].map((name) => count(plain, name))).toEqual([2, 4]);
    expect(["shareExtremes", "convolution1d"].map((name) => count(quick, name))).toEqual([0, 3]);
  });

  it("leaves alone a pool of something else than what lets its gradient through", () => {
    const graph = new g.Graph({ batch: "free", phase: "inference", keepsOrder: true });
    const x = graph.input("x", [graph.batch, channels, length]);
    const other = graph.input("other", [graph.batch, channels, length]);
    const [spread] = g.gradients(g.maxPool1d(x, { size: 2 }), [x]) as [g.Tensor];
    const gated = passWithin(spread, other, 0, Number.POSITIVE_INFINITY);
    const random = new Random("other gate");
    const draw = () => Float64Array.from({ length: 2 * channels * length }, () => random.normal());
    const values = new Map([x, other].map((tensor) => [tensor, draw()] as const));
    const [found, expected] = g.evaluateReference(
      [g.sumPositions(gated), g.reduceSum(gated, [2])],
      values,
      2,
    );
    for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-12);
  });
});
