import * as g from "../../src/index.js";
import { free } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

/** Of `channels` channels, with constants for the running statistics. */
function parameters(scale: g.Tensor, offset: g.Tensor): g.BatchNormalisationParameters {
  const { graph } = scale;
  const channels = scale.shape[0] as number;
  const made = g.batchNormalisationParameters(graph, "unused", channels);
  return { ...made, scale, offset };
}

const running = (scale: g.Tensor, offset: g.Tensor): g.BatchNormalisationParameters => ({
  scale,
  offset,
  runningMean: scale.graph.constant([0.5, -1, 2], [3]),
  runningVariance: scale.graph.constant([0.5, 1, 4], [3]),
});

const options = { momentum: 0.9, epsilon: 1e-3 };

export const normalisationCases: readonly OperatorCase[] = [
  {
    operator: "batchNormalisation",
    variant: "batch statistics, positions",
    shapes: [[3, 2, 4], [2], [2]],
    build: (x, scale, offset) => g.batchNormalisation(x, parameters(scale, offset), options),
  },
  {
    operator: "batchNormalisation",
    variant: "batch statistics, no positions",
    shapes: [[4, 3], [3], [3]],
    build: (x, scale, offset) => g.batchNormalisation(x, parameters(scale, offset), options),
  },
  {
    operator: "batchNormalisation",
    variant: "weighted samples",
    shapes: [[4, 2, 3], [2], [2], [4]],
    build: (x, scale, offset, weight) =>
      g.batchNormalisation(x, parameters(scale, offset), { ...options, weight }),
    draw: (random, input, _drawn, index) => (input === 3 ? (index === 1 ? 0 : 1) : random.normal()),
    differentiable: [true, true, true, false],
  },
  {
    operator: "batchNormalisation",
    variant: "running statistics",
    batch: "free",
    samples: 2,
    shapes: [[free(), 3, 4], [3], [3]],
    build: (x, scale, offset) =>
      g.batchNormalisation(x, running(scale, offset), { ...options, statistics: "running" }),
  },
  {
    operator: "batchNormalisation",
    variant: "running statistics, no positions",
    shapes: [[4, 3], [3], [3]],
    build: (x, scale, offset) =>
      g.batchNormalisation(x, running(scale, offset), { ...options, statistics: "running" }),
  },
  {
    operator: "layerNormalisation",
    variant: "each position by itself, free batch",
    batch: "free",
    samples: 2,
    shapes: [[free(), 3, 5], [5], [5]],
    build: (x, scale, offset) => g.layerNormalisation(x, { scale, offset }, { epsilon: 1e-3 }),
  },
  {
    operator: "layerNormalisation",
    variant: "two axes",
    shapes: [
      [2, 3, 4],
      [3, 4],
      [3, 4],
    ],
    build: (x, scale, offset) => g.layerNormalisation(x, { scale, offset }, { epsilon: 1e-3 }),
  },
];
