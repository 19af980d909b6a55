import type { z } from "zod";
import type { Preset } from "../../model-definition.js";
import type { factorNetOptions } from "./options.js";

export const factorNetPresets = {
  paper: {
    about: "Table S3 of the paper: 1,000 bp, 32 kernels of 26 bp, LSTM 32, dense 128.",
    options: {},
    training: {},
  },
  compact: {
    about:
      "For genomes of some megabases and a few hundred peaks: short windows, kernels and bin-level features from the motifs, no LSTM, many negatives.",
    options: {
      windowLength: 370,
      kernels: 32,
      kernelWidth: 20,
      poolWidth: 13,
      recurrent: 0,
      dense: 64,
      dropout: 0.3,
      convolutionDropout: 0,
      recurrentDropout: 0,
      featureDropout: 0,
      seedKernels: true,
      seedScale: 0.25,
      seedThreshold: 0.3,
      binFeatures: "motif-and-signal",
      linearFeatures: true,
    },
    training: {
      epochs: 8,
      patience: 5,
      batchSize: 128,
      learningRate: 0.001,
      finalLearningRate: 0.00002,
      positives: "bins",
      jitter: 0,
      negativesPerPositive: 6,
      negativeMargin: 0,
      negatives: "hard",
      negativeWeight: "prior",
      validationNegativesPerPositive: 0,
    },
  },
} as const satisfies Record<string, Preset<z.input<typeof factorNetOptions>>>;
