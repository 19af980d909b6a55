import type { z } from "zod";
import type { Preset } from "../../model-definition.js";
import type { deepSeaOptions } from "./options.js";

export const deepSeaPresets = {
  agentbind: {
    about:
      "AgentBind's variant: padded convolutions with batch normalisation, Adam from 0.01, averaged weights.",
    options: {},
    training: {
      epochs: 200,
      patience: 200,
      batchSize: 64,
      learningRate: 0.01,
      plateau: 10,
      lowestLearningRate: 0.0001,
      weightDecay: 5e-7,
      weightAverage: 0.999,
    },
  },
  original: {
    about:
      "The published DeepSEA: convolutions without padding, bases in the order A, G, C, T, max-norm 0.9, L1 and L2 penalties, momentum.",
    options: {
      padding: "valid",
      batchNormalisation: false,
      initialisation: "fan-in",
      baseOrder: "AGCT",
      unknownBases: "zero",
      hiddenPenalty: 1e-8,
    },
    training: {
      epochs: 200,
      patience: 20,
      batchSize: 64,
      optimizer: "sgd",
      learningRate: 0.05,
      weightDecay: 1e-6,
      maxNorm: 0.9,
    },
  },
  short: {
    about: "For sequences of about 100 bp: padded, few kernels, trained on one core in two minutes.",
    options: {
      windowLength: 101,
      kernels: 64,
      secondKernels: 64,
      thirdKernels: 64,
      kernelWidth: 15,
      deepKernelWidth: 5,
      poolWidth: 4,
      dense: 64,
      normalisationMomentum: 0.9,
      initialisation: "glorot",
    },
    // As measured in examples/human-sequences.
    training: {
      epochs: 12,
      patience: 8,
      batchSize: 64,
      learningRate: 0.004,
      finalLearningRate: 0.00002,
      weightDecay: 1e-5,
    },
  },
  compact: {
    about: "For windows of about 1,000 bp on a laptop: a tenth of the kernels, the same layers.",
    options: {
      kernels: 48,
      secondKernels: 64,
      thirdKernels: 96,
      kernelWidth: 15,
      poolWidth: 5,
      dense: 128,
      initialisation: "glorot",
    },
    training: {
      epochs: 40,
      patience: 8,
      batchSize: 64,
      learningRate: 0.002,
      plateau: 4,
      lowestLearningRate: 0.00001,
      weightDecay: 5e-7,
    },
  },
} as const satisfies Record<string, Preset<z.input<typeof deepSeaOptions>>>;
