import { z } from "zod";
import { optimisationShape } from "../train/settings.js";

/** How a network is trained on sequences; an architecture's presets bring their own. */
export const sequenceTrainingSettings = z.strictObject({
  ...optimisationShape,
  batchSize: optimisationShape.batchSize
    .default(64)
    .describe("Sequences a step; twice as many samples where both strands are shown"),
  validationShare: z
    .number()
    .gt(0)
    .max(0.9)
    .default(0.1)
    .describe("Share of the sequences that choose the epoch, where the data say of none"),
});

export type SequenceTrainingSettings = z.output<typeof sequenceTrainingSettings>;
