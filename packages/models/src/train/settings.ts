import {
  adam,
  exponentialAverage,
  learningRateAt,
  type MaxNorm,
  type Optimizer,
  rmsprop,
  sgd,
} from "@bindscape/gradient";
import { z } from "zod";

/** What holds for every training, on windows of a study and on sequence sets. */
export const optimisationShape = {
  epochs: z.int().min(1).max(100_000).default(100).describe("Largest number of epochs (-e)"),
  patience: z
    .int()
    .min(1)
    .default(20)
    .describe("Epochs without a lower validation loss before training ends (-ep)"),
  optimizer: z
    .enum(["adam", "rmsprop", "sgd"])
    .default("adam")
    .describe("Adam, RMSprop with a decay of 0.9, or gradient descent with a momentum of 0.9"),
  learningRate: z.number().positive().default(0.001).describe("Learning rate (-lr)"),
  finalLearningRate: z
    .number()
    .positive()
    .optional()
    .describe("Learning rate of the last epoch, reached along a half cosine; constant where absent"),
  plateau: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Divide the learning rate by 10 after this many epochs without a lower validation loss, counted in all since the last division; 0 for never",
    ),
  lowestLearningRate: z
    .number()
    .positive()
    .optional()
    .describe("Training ends when a plateau has brought the learning rate down to this"),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe("This times each weight is added to its gradient: an L2 penalty of half of it"),
  maxNorm: z
    .number()
    .positive()
    .optional()
    .describe("Largest length of the weights of one unit of a convolution or dense layer"),
  weightAverage: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0)
    .describe(
      "Decay of an exponential moving average of the weights, with which the network is validated and kept; 0 for none",
    ),
  batchSize: z.int().min(1).max(4096).default(100).describe("Windows a step"),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(420).describe("Seed of everything random (-s)"),
};

const { seed, batchSize, epochs, patience, ...rates } = optimisationShape;

/** How a network is trained; defaults are the paper's (Table S3) and its published script's. */
export const trainingSettings = z.strictObject({
  epochs,
  patience,
  ...rates,
  batchSize,
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
  seed,
});

export type TrainingSettings = z.output<typeof trainingSettings>;

/** What {@link optimisationShape} holds. */
export type OptimisationSettings = z.output<z.ZodObject<typeof optimisationShape>>;

/**
 * Learning rate of an epoch (1-based).
 * @param losses validation losses of the epochs before it, which a plateau is told by
 */
export function learningRateOf(
  settings: OptimisationSettings,
  epoch: number,
  losses: readonly number[],
): number {
  const { learningRate, finalLearningRate, plateau, epochs } = settings;
  const rate =
    finalLearningRate === undefined || epochs === 1
      ? learningRate
      : finalLearningRate +
        ((learningRate - finalLearningRate) * (1 + Math.cos(Math.PI * ((epoch - 1) / (epochs - 1))))) / 2;
  if (plateau === 0) return rate;
  const divisions = learningRateAt(
    {
      kind: "plateau",
      rate: 1,
      factor: 0.1,
      // The schedule's patience is the number that is still borne.
      patience: plateau - 1,
      better: "less",
      threshold: 0,
      cumulative: true,
    },
    epoch - 1,
    losses.slice(0, epoch - 1),
  );
  return rate * divisions;
}

/** Why training ends before an epoch (1-based); null where it goes on. @param losses of the epochs before it */
export function reasonToStop(
  settings: OptimisationSettings,
  epoch: number,
  bestEpoch: number,
  losses: readonly number[],
): "epochs" | "patience" | "learning-rate" | null {
  if (epoch > settings.epochs) return "epochs";
  if (epoch > 1 && epoch - 1 - bestEpoch >= settings.patience) return "patience";
  const { plateau, lowestLearningRate } = settings;
  // A tenth of a tenth is not quite a hundredth.
  const atLowest =
    plateau > 0 &&
    lowestLearningRate !== undefined &&
    learningRateOf(settings, epoch, losses) <= lowestLearningRate * (1 + 1e-9);
  return atLowest && epoch > 1 ? "learning-rate" : null;
}

/** The optimizer of the settings, with the average of the weights where they ask for one. */
export function optimizerOf(settings: OptimisationSettings): Optimizer {
  const { weightDecay, weightAverage } = settings;
  const optimizer =
    settings.optimizer === "adam"
      ? adam({ weightDecay })
      : settings.optimizer === "rmsprop"
        ? rmsprop({ decay: 0.9, weightDecay })
        : sgd({ momentum: 0.9, weightDecay });
  // The average follows the weights quickly at first: it would else hold on to the random ones they began with.
  return weightAverage === 0
    ? optimizer
    : exponentialAverage(optimizer, { decay: weightAverage, warmUp: true });
}

/** The bounds of weights that the settings ask for: of kernels of convolutions and dense layers. */
export function maxNormOf({ maxNorm }: OptimisationSettings): MaxNorm[] {
  return maxNorm === undefined ? [] : [{ parameters: "*.kernel", limit: maxNorm }];
}
