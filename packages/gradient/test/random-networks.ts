import fc from "fast-check";
import * as g from "../src/index.js";

const layer = fc.oneof(
  fc.record({
    kind: fc.constant("convolution" as const),
    filters: fc.integer({ min: 1, max: 3 }).map((half) => 2 * half),
    width: fc.integer({ min: 1, max: 5 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 2),
    padding: fc.constantFrom<g.Padding1d>(0, "same", 1, [0, 2], [3, 0]),
  }),
  fc.record({
    kind: fc.constantFrom("maximum" as const, "average" as const),
    size: fc.integer({ min: 2, max: 5 }),
    stride: fc.integer({ min: 1, max: 5 }),
    padding: fc.constantFrom<g.Padding1d>(0, "same", 1, [0, 1]),
  }),
  fc.record({
    kind: fc.constant("residual" as const),
    width: fc.integer({ min: 2, max: 4 }),
    dilation: fc.constantFrom(1, 2, 4),
  }),
  fc.record({
    kind: fc.constantFrom("relu" as const, "gelu" as const, "normalised" as const, "flipped" as const),
  }),
);
type Layer = typeof layer extends fc.Arbitrary<infer Value> ? Value : never;

function apply(x: g.Tensor, name: string, one: Layer): g.Tensor {
  const { graph } = x;
  const channels = x.shape[1] as number;
  const kernel = (filters: number, inputs: number, width: number) =>
    graph.parameter(`${name}.kernel`, [filters, inputs, width], g.zeros());
  switch (one.kind) {
    case "convolution": {
      const { filters, width, groups } = one;
      const bias = graph.parameter(`${name}.bias`, [filters], g.zeros());
      return g.convolution1d(x, kernel(filters, channels / groups, width), bias, one);
    }
    case "residual": {
      const options = { dilation: one.dilation, padding: "same" as const };
      return g.add(x, g.elu(g.convolution1d(x, kernel(channels, channels, one.width), null, options)));
    }
    case "maximum":
      return g.maxPool1d(x, one);
    case "average":
      return g.averagePool1d(x, one);
    case "normalised": {
      const options = { momentum: 0.9, epsilon: 1 / 1024 };
      return g.batchNormalisation(x, g.batchNormalisationParameters(graph, name, channels), options);
    }
    case "flipped":
      return g.flip(x, 2);
    default:
      return one.kind === "relu" ? g.relu(x) : g.gelu(x);
  }
}

/** Networks of a few layers of all kinds on windows. */
export const architecture = fc.record({
  windowLength: fc.integer({ min: 50, max: 90 }),
  strands: fc.constantFrom("one", "turned", "aligned"),
  layers: fc.array(layer, { minLength: 1, maxLength: 6 }),
  end: fc.constantFrom("flat", "maximum", "average", "steps"),
});

export function buildOf({
  windowLength,
  strands,
  layers,
  end,
}: typeof architecture extends fc.Arbitrary<infer V> ? V : never) {
  return (graph: g.Graph): g.Model => {
    const windows = graph.input("windows", [graph.batch, 4, windowLength]);
    let x = windows;
    if (strands === "turned") x = g.bothStrands(windows, [3, 2, 1, 0]);
    if (strands === "aligned") {
      const kernel = graph.parameter("strand.kernel", [4, 4, 3], g.zeros());
      x = g.alignStrands(g.relu(g.strandConvolution1d(windows, kernel, null, [3, 2, 1, 0])));
    }
    for (const [i, one] of layers.entries()) x = apply(x, `layer${i}`, one);
    if (end === "maximum") return { outputs: { y: g.globalMaxPool1d(x) } };
    if (end === "average") return { outputs: { y: g.globalAveragePool1d(x) } };
    return { outputs: { y: g.tanh(end === "flat" ? g.flatten(x) : g.transpose(x, [0, 2, 1])) } };
  };
}
