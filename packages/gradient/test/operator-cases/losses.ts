import * as g from "../../src/index.js";
import type { OperatorCase } from "../operator-case.js";

export const lossCases: readonly OperatorCase[] = [
  {
    operator: "weightedMean",
    shapes: [
      [3, 2],
      [3, 2],
    ],
    build: (losses, weight) => g.weightedMean(losses, weight),
    draw: (random) => 0.1 + random.uniform(),
  },
  {
    operator: "binaryCrossEntropyFromLogits",
    variant: "weighted",
    shapes: [
      [3, 2],
      [3, 2],
      [3, 2],
    ],
    build: (logits, target, weight) => g.binaryCrossEntropyFromLogits(logits, target, weight),
    draw: (random, input) => (input === 0 ? 3 * random.normal() : random.uniform()),
  },
  {
    operator: "binaryCrossEntropyFromStrandLogits",
    variant: "weighted",
    shapes: [
      [6, 2],
      [3, 2],
      [3, 2],
    ],
    build: (logits, target, weight) => g.binaryCrossEntropyFromStrandLogits(logits, target, weight),
    draw: (random, input) => (input === 0 ? 3 * random.normal() : random.uniform()),
  },
  {
    operator: "binaryCrossEntropy",
    variant: "no weights",
    shapes: [
      [3, 2],
      [3, 2],
    ],
    build: (probability, target) => g.binaryCrossEntropy(probability, target),
    draw: (random) => 0.1 + 0.8 * random.uniform(),
    differentiable: [true, false],
  },
];
