import { defineModel } from "../../model-definition.js";
import { describeChanges } from "../sequence-network/departures.js";
import { convolutionLayers } from "../sequence-network/receptive-field.js";
import { buildDeepSea } from "./build.js";
import { type DeepSeaOptions, deepSeaLayers, deepSeaOptions } from "./options.js";
import { deepSeaPresets } from "./presets.js";

/** DeepSEA: binding from sequence alone, by three convolutions. */
export const deepSea = defineModel({
  name: "deepsea",
  title: "DeepSEA",
  citation:
    "Zhou J, Troyanskaya OG. Predicting effects of noncoding variants with deep learning-based sequence model. Nature Methods 12:931-934 (2015); AgentBind's variant: Zheng A et al. Deep neural networks identify sequence context features predictive of transcription factor binding. Nature Machine Intelligence 3:172-180 (2021).",
  options: deepSeaOptions,
  presets: deepSeaPresets,
  windowLength: ({ windowLength }) => windowLength,
  seesTracks: ({ signal }) => signal,
  unknownBase: ({ unknownBases }) => (unknownBases === "quarter" ? 0.25 : 0),
  binFeatures: () => ({ motif: false, signal: false, covariates: false, annotations: false }),
  hasLinearFeatures: () => false,
  build: buildDeepSea,
  firstLayer: ({ kernels, kernelWidth }) => ({
    output: "kernels",
    width: kernelWidth,
    kernels,
    seeded: [],
  }),
  layers: (options) => convolutionLayers(deepSeaLayers(options), options.strands === "mean" ? 2 : 1),
  body: ["convolution*", "normalisation*"],
  departures: describeDepartures,
});

function describeDepartures(options: DeepSeaOptions): string[] {
  const departures = [
    "The output bias starts at the log-odds of the training share of bound windows.",
    "The two strands of a window are trained on in the same step.",
  ];
  if (!options.batchNormalisation)
    departures.push("Activations at or below 0 become 0; the published script makes them 1e-6.");
  return [...departures, ...describeChanges(deepSeaOptions, deepSeaPresets, options)];
}
