import { z } from "zod";
import { dropoutShare, sequenceNetworkShape } from "../sequence-network/options.js";
import type { SlidingLayer } from "../sequence-network/receptive-field.js";

/** Hyperparameters of DanQ; defaults are AgentBind's variant. */
export const danQOptions = z.strictObject({
  ...sequenceNetworkShape,
  initialisation: sequenceNetworkShape.initialisation.default("truncated-normal"),
  kernels: z.int().min(1).max(4096).default(320).describe("Convolution kernels"),
  kernelWidth: z.int().min(1).max(200).default(26).describe("Kernel width in bp"),
  poolWidth: z.int().min(1).max(1000).default(13).describe("Max-pooling width and stride in bp"),
  recurrent: z.int().min(0).max(2048).default(320).describe("LSTM units in each direction; 0 for none"),
  convolutionDropout: dropoutShare.default(0.2).describe("Dropout after the pooled convolution"),
  dropout: dropoutShare.default(0.5).describe("Dropout after the LSTM"),
  denseDropout: dropoutShare.default(0).describe("Dropout after the dense layer"),
  seedKernels: z
    .boolean()
    .default(false)
    .describe(
      "Start up to half of the kernels from motifs: probability - 0.25 at a random place (DanQ-JASPAR)",
    ),
});

export type DanQOptions = z.output<typeof danQOptions>;

/** The layers that slide over positions, first to last. */
export function danQLayers({ kernels, kernelWidth, poolWidth, padding }: DanQOptions): SlidingLayer[] {
  return [
    { kind: "convolution", output: "convolution1", kernels, width: kernelWidth, padding },
    { kind: "pool", width: poolWidth },
  ];
}
