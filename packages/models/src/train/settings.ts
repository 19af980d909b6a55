import { z } from "zod";

/** How a network is trained; defaults are the paper's (Table S3) and its published script's. */
export const trainingSettings = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(100).describe("Largest number of epochs (-e)"),
  patience: z
    .int()
    .min(1)
    .default(20)
    .describe("Epochs without a lower validation loss before training ends (-ep)"),
  learningRate: z.number().positive().default(0.001).describe("Learning rate of Adam (-lr)"),
  finalLearningRate: z
    .number()
    .positive()
    .optional()
    .describe("Learning rate of the last epoch, reached along a half cosine; constant where absent"),
  batchSize: z.int().min(1).max(4096).default(100).describe("Windows a step"),
  positives: z
    .enum(["peaks", "bins"])
    .optional()
    .describe(
      "One shifted bin a peak, or every bound bin; where absent, peaks for one factor, and bins for several or where the study has labels",
    ),
  minimumOverlap: z.int().min(1).default(76).describe("Bp of its peak that a shifted bin still covers"),
  jitter: z.int().min(0).default(20).describe("Largest shift in bp of a bound bin, with positives: bins"),
  negativesPerPositive: z
    .number()
    .min(0)
    .default(1)
    .describe("Unbound bins a bound bin, drawn anew each epoch (-n)"),
  negativeMargin: z.int().min(0).default(200).describe("Negatives keep this many bp away from every peak"),
  negatives: z
    .enum(["uniform", "hard"])
    .default("uniform")
    .describe(
      "Draw negatives all alike, or more of those that logistic regression on the bin-level features takes for bound",
    ),
  negativeWeight: z
    .enum(["equal", "prior"])
    .default("equal")
    .describe("A negative counts as much as a positive, or as much as the unbound bins it stands for"),
  validationNegativesPerPositive: z
    .number()
    .min(0)
    .default(1)
    .describe("Unbound bins a bound bin in the validation loss, drawn once; 0 takes all"),
  shuffleLabels: z
    .boolean()
    .default(false)
    .describe(
      "Permute the labels of the training and validation windows: a control that must fall to chance",
    ),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(420).describe("Seed of everything random (-s)"),
});

export type TrainingSettings = z.output<typeof trainingSettings>;

/** Learning rate of an epoch (1-based). */
export function learningRateOf(settings: TrainingSettings, epoch: number): number {
  const { learningRate, finalLearningRate, epochs } = settings;
  if (finalLearningRate === undefined || epochs === 1) return learningRate;
  const progress = (epoch - 1) / (epochs - 1);
  return finalLearningRate + ((learningRate - finalLearningRate) * (1 + Math.cos(Math.PI * progress))) / 2;
}
