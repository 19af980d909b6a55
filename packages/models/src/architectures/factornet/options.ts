import { z } from "zod";

const share = z.number().min(0).max(0.95);

const factorNetShape = z.strictObject({
  windowLength: z
    .int()
    .min(50)
    .max(100_000)
    .default(1000)
    .describe("Window length in bp, centred on the bin (-L)"),
  sequence: z
    .boolean()
    .default(true)
    .describe("The four channels of bases; without them the network sees the tracks alone"),
  kernels: z.int().min(2).max(1024).default(32).describe("Convolution kernels (-k)"),
  kernelWidth: z.int().min(3).max(200).default(26).describe("Kernel width in bp (-w)"),
  poolWidth: z
    .int()
    .min(1)
    .optional()
    .describe("Max-pooling width and stride in bp; half the kernel width where absent"),
  globalPool: z
    .boolean()
    .default(false)
    .describe(
      "One maximum a kernel over the whole window, in place of pooling in steps and the LSTM (-r below 0)",
    ),
  recurrent: z.int().min(0).max(1024).default(32).describe("LSTM units in each direction (-r); 0 for none"),
  dense: z.int().min(1).max(4096).default(128).describe("Units of the dense layer (-d)"),
  mergeDense: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe("Units of the dense layer behind the bin-level features; as many as --dense where absent"),
  dropout: share.default(0.5).describe("Dropout after the recurrent and the dense layer (-p)"),
  denseDropout: share
    .optional()
    .describe("Dropout after the last dense layer, where it differs from --dropout"),
  convolutionDropout: share.default(0.1).describe("Dropout after the convolution"),
  recurrentDropout: share.default(0.1).describe("Dropout on the inputs and the recurrent state of the LSTM"),
  featureDropout: share
    .default(0.1)
    .describe("Dropout on the dense layer joined with the bin-level features"),
  gates: z
    .enum(["hard-sigmoid", "sigmoid"])
    .default("hard-sigmoid")
    .describe("LSTM gate activation; Keras 1 used hard-sigmoid"),
  seedKernels: z
    .boolean()
    .default(false)
    .describe("Start two kernels a motif, forward and reverse complement, from its PWM (-mo)"),
  seedScale: z
    .number()
    .positive()
    .max(10)
    .default(1)
    .describe("Factor on the log-odds of seeded kernels; the reference uses 1"),
  seedThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Seeded kernels start active above this share of their best score; the reference uses 0"),
  binFeatures: z
    .enum(["none", "signal", "motif", "motif-and-signal"])
    .default("none")
    .describe("Bin-level features beside the dense layer: motif score, signal around the bin, or both"),
  covariates: z
    .boolean()
    .default(false)
    .describe(
      "Bin-level features of the cell too: the study's covariates, such as expression components (-m)",
    ),
  annotations: z
    .boolean()
    .default(false)
    .describe(
      "Bin-level features of the genome too: whether the bin overlaps each of the study's annotations (-g)",
    ),
  linearFeatures: z
    .boolean()
    .default(false)
    .describe(
      "Also add a linear and quadratic function of the bin-level features to the logit, started as their logistic regression: an extension",
    ),
});

/** Hyperparameters of FactorNet; defaults are those of the paper's Table S3 and the published training script. */
export const factorNetOptions = factorNetShape
  .refine(({ sequence, seedKernels }) => sequence || !seedKernels, {
    path: ["seedKernels"],
    error: "a network without sequence has no bases to put motifs on: give --no-seed-kernels",
  })
  .refine(({ sequence, binFeatures }) => sequence || !binFeatures.startsWith("motif"), {
    path: ["binFeatures"],
    error: "a motif's score is sequence, which the network is to go without: give signal or none",
  });

export type FactorNetOptions = z.output<typeof factorNetOptions>;

/** Pooling width in bp; all positions of the convolution where pooling is global. */
export function poolWidthOf(options: FactorNetOptions): number {
  const { globalPool, windowLength, kernelWidth, poolWidth } = options;
  if (globalPool) return Math.max(1, windowLength - kernelWidth + 1);
  return poolWidth ?? Math.max(1, Math.floor(kernelWidth / 2));
}

/** LSTM units in each direction: none behind global pooling, which leaves no steps to go along. */
export function recurrentUnitsOf({ globalPool, recurrent }: FactorNetOptions): number {
  return globalPool ? 0 : recurrent;
}
