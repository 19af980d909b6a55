import { z } from "zod";
import { dropoutShare, sequenceNetworkShape } from "../sequence-network/options.js";
import type { SlidingLayer } from "../sequence-network/receptive-field.js";

const kernels = z.int().min(1).max(4096);
const width = z.int().min(1).max(200);

/** Hyperparameters of DeepSEA; defaults are AgentBind's variant. */
export const deepSeaOptions = z.strictObject({
  ...sequenceNetworkShape,
  padding: sequenceNetworkShape.padding.default("same"),
  initialisation: sequenceNetworkShape.initialisation.default("truncated-normal"),
  kernels: kernels.default(320).describe("Kernels of the first convolution"),
  secondKernels: kernels.default(480).describe("Kernels of the second convolution"),
  thirdKernels: kernels.default(960).describe("Kernels of the third convolution"),
  kernelWidth: width.default(8).describe("Width of the first convolution's kernels in bp"),
  deepKernelWidth: width
    .default(8)
    .describe("Width of the second and third convolution's kernels in positions"),
  poolWidth: width
    .default(4)
    .describe("Max-pooling width and stride after the first and the second convolution"),
  batchNormalisation: z
    .boolean()
    .default(true)
    .describe("Batch normalisation behind the convolutions and the dense layer"),
  normalisationMomentum: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.99)
    .describe("Share of the old value in the running statistics of batch normalisation after a step"),
  convolutionDropout: dropoutShare
    .default(0.2)
    .describe("Dropout after the first and the second convolution"),
  dropout: dropoutShare.default(0.5).describe("Dropout after the third convolution"),
  hiddenPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe("L1 penalty on the dense layer's activations; 1e-8 in the published DeepSEA"),
});

export type DeepSeaOptions = z.output<typeof deepSeaOptions>;

/** The layers that slide over positions, first to last. */
export function deepSeaLayers(options: DeepSeaOptions): SlidingLayer[] {
  const { padding, poolWidth } = options;
  const convolution = (index: number, kernels: number, width: number): SlidingLayer => ({
    kind: "convolution",
    output: `convolution${index}`,
    kernels,
    width,
    padding,
  });
  return [
    convolution(1, options.kernels, options.kernelWidth),
    { kind: "pool", width: poolWidth },
    convolution(2, options.secondKernels, options.deepKernelWidth),
    { kind: "pool", width: poolWidth },
    convolution(3, options.thirdKernels, options.deepKernelWidth),
  ];
}
