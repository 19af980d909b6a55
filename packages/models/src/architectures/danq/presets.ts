import type { z } from "zod";
import type { Preset } from "../../model-definition.js";
import type { danQOptions } from "./options.js";

export const danQPresets = {
  agentbind: {
    about: "AgentBind's variant: Adam from 0.001, averaged weights, both strands as samples.",
    options: {},
    training: {
      epochs: 200,
      patience: 200,
      batchSize: 64,
      learningRate: 0.001,
      plateau: 10,
      lowestLearningRate: 0.00001,
      weightDecay: 5e-7,
      weightAverage: 0.999,
    },
  },
  original: {
    about: "The published DanQ: RMSprop, batches of 100, 60 epochs, bases in the order A, G, C, T.",
    options: { initialisation: "glorot", baseOrder: "AGCT", unknownBases: "zero" },
    training: { epochs: 60, patience: 5, batchSize: 50, optimizer: "rmsprop", learningRate: 0.001 },
  },
  jaspar: {
    about:
      "The published DanQ-JASPAR: 1,024 kernels of 30 bp, up to half of them started from motifs, LSTM 512.",
    options: {
      kernels: 1024,
      kernelWidth: 30,
      poolWidth: 15,
      recurrent: 512,
      initialisation: "glorot",
      baseOrder: "AGCT",
      unknownBases: "zero",
      seedKernels: true,
    },
    training: { epochs: 60, patience: 5, batchSize: 50, optimizer: "rmsprop", learningRate: 0.001 },
  },
  short: {
    about: "For sequences of about 100 bp: padded, few kernels, trained on one core in two minutes.",
    options: {
      windowLength: 101,
      padding: "same",
      kernels: 64,
      kernelWidth: 15,
      poolWidth: 6,
      recurrent: 32,
      dense: 64,
      dropout: 0.4,
      initialisation: "fan-in",
    },
    training: {
      epochs: 40,
      patience: 8,
      batchSize: 64,
      learningRate: 0.002,
      plateau: 4,
      lowestLearningRate: 0.00002,
      weightDecay: 1e-5,
      weightAverage: 0.998,
    },
  },
  compact: {
    about: "For windows of about 1,000 bp on a laptop: a sixth of the kernels and of the LSTM.",
    options: { kernels: 48, recurrent: 48, dense: 128, initialisation: "fan-in" },
    training: {
      epochs: 40,
      patience: 8,
      batchSize: 64,
      learningRate: 0.002,
      plateau: 4,
      lowestLearningRate: 0.00001,
      weightDecay: 5e-7,
      weightAverage: 0.999,
    },
  },
} as const satisfies Record<string, Preset<z.input<typeof danQOptions>>>;
