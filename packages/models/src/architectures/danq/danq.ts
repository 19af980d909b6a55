import { defineModel } from "../../model-definition.js";
import { describeChanges } from "../sequence-network/departures.js";
import { convolutionLayers } from "../sequence-network/receptive-field.js";
import { buildDanQ } from "./build.js";
import { type DanQOptions, danQLayers, danQOptions } from "./options.js";
import { danQPresets } from "./presets.js";
import { danQSeeds } from "./seeding.js";

/** DanQ: binding from sequence alone, by a convolution and a bidirectional LSTM. */
export const danQ = defineModel({
  name: "danq",
  title: "DanQ",
  citation:
    "Quang D, Xie X. DanQ: a hybrid convolutional and recurrent deep neural network for quantifying the function of DNA sequences. Nucleic Acids Research 44:e107 (2016); AgentBind's variant: Zheng A et al. Deep neural networks identify sequence context features predictive of transcription factor binding. Nature Machine Intelligence 3:172-180 (2021).",
  options: danQOptions,
  presets: danQPresets,
  windowLength: ({ windowLength }) => windowLength,
  seesTracks: ({ signal }) => signal,
  unknownBase: ({ unknownBases }) => (unknownBases === "quarter" ? 0.25 : 0),
  binFeatures: () => ({ motif: false, signal: false, covariates: false, annotations: false }),
  hasLinearFeatures: () => false,
  build: buildDanQ,
  firstLayer: (options, { motifs }) => ({
    output: "kernels",
    width: options.kernelWidth,
    kernels: options.kernels,
    seeded: danQSeeds(options, motifs),
  }),
  layers: (options) => convolutionLayers(danQLayers(options), options.strands === "mean" ? 2 : 1),
  body: ["convolution.*", "recurrent.*"],
  departures: describeDepartures,
});

function describeDepartures(options: DanQOptions): string[] {
  return [
    "The output bias starts at the log-odds of the training share of bound windows.",
    "The two strands of a window are trained on in the same step.",
    ...describeChanges(danQOptions, danQPresets, options, ["agentbind", "original", "jaspar"]),
  ];
}
