import * as g from "../../src/index.js";
import { away } from "../draws.js";
import type { Draw, OperatorCase } from "../operator-case.js";

/** Logits or predictions first, then targets and weights from 0 to 1. */
const logitsFirst: Draw = (random, input) => (input === 0 ? 3 * random.normal() : random.uniform());
const table = [3, 4];

export const moreLossCases: readonly OperatorCase[] = [
  {
    operator: "binaryCrossEntropyFromLogits",
    variant: "with class and task weights",
    shapes: [table, table, table],
    build: (logits, target, weight) =>
      g.binaryCrossEntropyFromLogits(logits, target, weight, {
        positive: [1, 2, 3, 0.5],
        tasks: [1, 0, 2, 1],
      }),
    draw: logitsFirst,
  },
  {
    operator: "binaryCrossEntropyFromLogits",
    variant: "with one weight of positives and one weight a sample",
    shapes: [table, table, [3, 1]],
    build: (logits, target, weight) =>
      g.binaryCrossEntropyFromLogits(logits, target, weight, { positive: 4 }),
    draw: logitsFirst,
  },
  {
    operator: "categoricalCrossEntropyFromLogits",
    shapes: [table, table, [3]],
    build: (logits, target, weight) => g.categoricalCrossEntropyFromLogits(logits, target, weight),
    draw: logitsFirst,
  },
  {
    operator: "multinomialNegativeLogLikelihood",
    shapes: [table, table, [3]],
    build: (logits, counts, weight) =>
      g.multinomialNegativeLogLikelihood(g.logSoftmax(logits), counts, weight),
    draw: logitsFirst,
  },
  {
    operator: "multinomialNegativeLogLikelihood",
    variant: "of sparse counts",
    shapes: [
      [3, 4],
      [3, 2],
      [3, 2],
    ],
    build: (logits, indices, counts) =>
      g.multinomialNegativeLogLikelihood(g.log(g.takeAlong(g.softmax(logits), indices, { axis: 1 })), counts),
    draw: (random, input) => (input === 1 ? random.integer(4) : random.uniform()),
    differentiable: [true, false, true],
  },
  {
    operator: "takeAlong",
    variant: "a middle axis, some twice",
    shapes: [
      [2, 3, 2],
      [2, 5, 2],
    ],
    build: (x, indices) => g.takeAlong(x, indices, { axis: 1 }),
    draw: (random, input) => (input === 1 ? random.integer(3) : random.normal()),
    differentiable: [true, false],
  },
  {
    operator: "sparseBag",
    shapes: [
      [3, 4],
      [3, 4],
      [6, 5],
    ],
    build: (indices, counts, weights) => g.sparseBag(indices, counts, weights),
    draw: (random, input) => (input === 0 ? random.integer(6) : random.normal()),
    differentiable: [false, true, true],
  },
  {
    operator: "meanSquaredError",
    shapes: [table, table, table],
    build: (prediction, target, weight) => g.meanSquaredError(prediction, target, weight),
    draw: logitsFirst,
  },
  { operator: "l1Penalty", shapes: [table], build: g.l1Penalty, draw: away(0.01) },
  { operator: "l2Penalty", shapes: [table], build: g.l2Penalty },
];
