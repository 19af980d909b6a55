import { BindscapeError } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { convergence, type Drawn, explainExactly, explainOnRuntime } from "./deeplift-networks.js";

const free = g.zeros();

function convolve(
  x: g.Tensor,
  name: string,
  filters: number,
  width: number,
  options: g.Convolution1dOptions = {},
) {
  const kernel = x.graph.parameter(`${name}.kernel`, [filters, x.shape[1] as number, width], free);
  return g.convolution1d(x, kernel, x.graph.parameter(`${name}.bias`, [filters], free), { ...options, name });
}

function denseLayer(x: g.Tensor, name: string, outputs: number) {
  const kernel = x.graph.parameter(`${name}.kernel`, [x.shape.at(-1) as number, outputs], free);
  return g.dense(x, kernel, x.graph.parameter(`${name}.bias`, [outputs], free), { name });
}

const LENGTH = 24;

/** A network of a body on windows, with two dense layers behind it. */
const network =
  (body: (windows: g.Tensor) => g.Tensor, channels = 4): g.Build =>
  (graph) => {
    const hidden = g.flatten(body(graph.input("windows", [graph.batch, channels, LENGTH])));
    const logits = denseLayer(g.relu(denseLayer(hidden, "dense", 12)), "output", 2);
    return {
      outputs: { logit: g.slice(logits, { axis: 1, start: 1, end: 2 }), probability: g.sigmoid(logits) },
    };
  };

const first = (x: g.Tensor) => convolve(x, "first", 6, 5);
const steps = (x: g.Tensor) => g.transpose(g.maxPool1d(g.relu(first(x)), { size: 4 }), [0, 2, 1]);

const networks: Record<string, g.Build> = {
  "nested pools": network((x) =>
    g.relu(convolve(g.maxPool1d(g.relu(first(x)), { size: 4 }), "second", 7, 2)),
  ),
  "overlapping pools": network((x) => g.maxPool1d(g.relu(first(x)), { size: 5, stride: 2, padding: 2 })),
  "average pools": network((x) => g.averagePool1d(g.relu(first(x)), { size: 4, stride: 2, padding: [1, 2] })),
  "global pools": network((x) => {
    const y = g.elu(first(x));
    return g.concatenate([g.globalMaxPool1d(y), g.globalAveragePool1d(y)], 1);
  }),
  "batch normalisation": network((x) =>
    g.relu(
      g.batchNormalisation(first(x), g.batchNormalisationParameters(x.graph, "normal", 6), {
        momentum: 0.9,
        epsilon: 1e-3,
      }),
    ),
  ),
  "layer normalisation": network((x) =>
    g.layerNormalisation(
      g.transpose(first(x), [0, 2, 1]),
      g.layerNormalisationParameters(x.graph, "normal", [6]),
      {
        epsilon: 1e-3,
      },
    ),
  ),
  shortcuts: network((x) => {
    const y = g.relu(convolve(x, "first", 6, 5, { padding: "same" }));
    return g.add(y, g.relu(convolve(y, "second", 6, 3, { padding: "same", dilation: 2 })));
  }),
  gates: network((x) => g.gatedLinearUnit(first(x))),
  activations: network((x) => {
    const y = first(x);
    const functions = [g.tanh, g.sigmoid, g.softplus, g.hardSigmoid, g.leakyRelu, g.absolute, g.erf, g.gelu];
    return g.concatenate([...functions.map((of) => of(y)), g.exp(g.multiply(y, 0.3)), g.negate(g.elu(y))], 1);
  }),
  products: network((x) => {
    const [a, b] = [first(x), convolve(x, "other", 6, 5)];
    const above = g.add(g.multiply(b, b), 1);
    return g.concatenate(
      [g.multiply(a, b), g.divide(a, above), g.maximum(a, b), g.minimum(a, 0.1), g.sqrt(above)],
      1,
    );
  }),
  attention: network((x) => {
    const y = g.transpose(first(x), [0, 2, 1]);
    const parameter = (name: string, shape: number[]) => x.graph.parameter(name, shape, free);
    const scores = g.attentionScores(y, parameter("a", [6, 4]), parameter("b", [4]), parameter("c", [4, 2]));
    return g.attentionPool1d(y, scores);
  }),
  "log-softmax": network((x) => g.concatenate([g.logSoftmax(first(x), 1), g.softmax(first(x), 1)], 1)),
  "smallest values": network((x) => g.reduceMin(first(x), [2])),
  "bidirectional LSTM": network((x) =>
    g.bidirectionalLstm(steps(x), g.lstmParameters(x.graph, "recurrent", { inputs: 6, units: 3 })),
  ),
  "hard-sigmoid LSTM": network((x) =>
    g.bidirectionalLstm(steps(x), g.lstmParameters(x.graph, "recurrent", { inputs: 6, units: 3 }), {
      gateActivation: "hard-sigmoid",
    }),
  ),
  "LSTM forward": network((x) =>
    g.lstm(steps(x), g.lstmParameters(x.graph, "recurrent", { inputs: 6, units: 3, directions: 1 }), {
      returns: "last",
    }),
  ),
  "LSTM step by step": network((x) =>
    g.bidirectionalLstm(steps(x), g.lstmParameters(x.graph, "recurrent", { inputs: 6, units: 3 }), {
      unrolled: true,
    }),
  ),
  "both strands": (graph) => {
    const windows = graph.input("windows", [graph.batch, 4, LENGTH]);
    const kernel = graph.parameter("kernel", [6, 4, 5], free);
    const convolved = g.strandConvolution1d(
      windows,
      kernel,
      graph.parameter("bias", [6], free),
      [3, 2, 1, 0],
    );
    const pooled = g.alignStrands(g.maxPool1d(g.relu(convolved), { size: 4 }));
    const states = g.bidirectionalLstm(
      g.transpose(pooled, [0, 2, 1]),
      g.lstmParameters(graph, "recurrent", { inputs: 6, units: 3 }),
    );
    const logits = denseLayer(g.relu(denseLayer(g.flatten(states), "dense", 12)), "output", 2);
    return { outputs: { logit: g.slice(g.meanOverStrands(logits), { axis: 1, start: 0, end: 1 }) } };
  },
  "strands turned round": (graph) => {
    const windows = graph.input("windows", [graph.batch, 4, LENGTH]);
    const y = g.relu(convolve(g.bothStrands(windows, [3, 2, 1, 0]), "first", 6, 5));
    const logits = denseLayer(g.relu(denseLayer(g.flatten(y), "dense", 12)), "output", 2);
    return { outputs: { logit: g.slice(g.maxOverStrands(logits), { axis: 1, start: 0, end: 1 }) } };
  },
};

const rows = [
  { references: 1, shared: false },
  { references: 1, shared: true },
  { references: 3, shared: false },
  { references: 2, shared: true },
];

describe.each(Object.entries(networks))("%s", (name, build) => {
  const draws: Drawn = { count: 3, seed: 5 };

  it.each(g.deepLiftRules.flatMap((rule) => rows.map((of) => ({ rule, ...of }))))(
    "contributions add up to the difference: $rule, $references references, shared $shared",
    (of) => {
      const form = { ...of, of: "logit", inputs: ["windows"] };
      const { worst, largest } = convergence(form, draws, explainExactly(build, form, draws));
      expect(largest).toBeGreaterThan(1e-3);
      // Functions without a formula take a derivative where differences are below 1e-3.
      expect(worst).toBeLessThan(name === "activations" ? 1e-8 : 1e-10 * Math.max(1, largest));
    },
  );

  it("gives the same in float32, whatever the batch", async () => {
    for (const rule of g.deepLiftRules) {
      for (const of of [rows[1], rows[2]]) {
        const form = { ...of, rule, of: "logit", inputs: ["windows"] };
        const exact = explainExactly(build, form, draws);
        const found = await explainOnRuntime(build, form, draws, 3);
        const [expected, got] = [exact, found].map((one) => one.multipliers.get("windows")!);
        const largest = Math.max(...Array.from(expected, Math.abs));
        for (let i = 0; i < expected.length; i++)
          expect(Math.abs(got[i] - expected[i]) / largest, `${rule}, multiplier ${i}`).toBeLessThan(2e-5);
        const { worst } = convergence(form, draws, found);
        expect(worst).toBeLessThan(2e-5 * Math.max(1, convergence(form, draws, exact).largest));
      }
    }
  });
});

describe("what has no rule", () => {
  it("is named", () => {
    const build = network((x) => {
      const parameters = g.gruParameters(x.graph, "recurrent", { inputs: 6, units: 3 });
      return g.bidirectionalGru(steps(x), parameters, { name: "reading" });
    });
    const form = { ...rows[0], rule: "rescale", of: "logit", inputs: ["windows"] } as const;
    expect(() => g.deepLiftGraph(build, form)).toThrow(BindscapeError);
    expect(() => g.deepLiftGraph(build, form)).toThrow(/layer "reading" \(gru\).*no rule/);
  });

  it("is an output that does not depend on the input", () => {
    const build: g.Build = (graph) => {
      graph.input("others", [graph.batch, 2]);
      return networks["gates"](graph);
    };
    const form = { ...rows[0], rule: "rescale", of: "logit", inputs: ["others"] } as const;
    expect(() => g.deepLiftGraph(build, form)).toThrow(/does not depend on an input "others".*windows/);
  });
});
