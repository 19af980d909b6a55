import { defineModel } from "../../model-definition.js";
import { buildFactorNet, shareFactorNetOverlap } from "./build.js";
import { type FactorNetOptions, factorNetOptions } from "./options.js";
import { factorNetPresets } from "./presets.js";
import { seededKernels } from "./seeding.js";

/** FactorNet: cell-type-specific binding from sequence and signal tracks. */
export const factorNet = defineModel({
  name: "factornet",
  title: "FactorNet",
  citation:
    "Quang D, Xie X. FactorNet: a deep learning framework for predicting cell type specific transcription factor binding from nucleotide-resolution sequential data. Methods 166:40-47 (2019).",
  options: factorNetOptions,
  presets: factorNetPresets,
  windowLength: (options) => options.windowLength,
  seesSequence: ({ sequence }) => sequence,
  binFeatures: ({ binFeatures, covariates, annotations }) => ({
    motif: binFeatures === "motif" || binFeatures === "motif-and-signal",
    signal: binFeatures === "signal" || binFeatures === "motif-and-signal",
    covariates,
    annotations,
  }),
  hasLinearFeatures: ({ linearFeatures }) => linearFeatures,
  build: buildFactorNet,
  sharedOverlap: shareFactorNetOverlap,
  firstLayer: (options, { motifs }) => ({
    output: "convolution",
    width: options.kernelWidth,
    kernels: options.kernels,
    seeded: seededKernels(options, motifs),
  }),
  secondLayer: (options) => ({ output: "position", width: options.kernelWidth, kernels: options.kernels }),
  body: ["convolution.*", "position.*", "recurrent.*"],
  layers: ({ kernels, kernelWidth: width }) =>
    ["convolution", "position"].map((output) => ({ output, kernels, start: 0, step: 1, width, strands: 2 })),
  departures: describeDepartures,
});

const paper = factorNetOptions.parse({});

function describeDepartures(options: FactorNetOptions): string[] {
  const departures: string[] = [
    "The output bias starts at the log-odds of the training share of bound windows, where Keras starts it at 0.",
    "The recurrent dropout mask is shared by the four gates; Keras 1 draws one for each.",
  ];
  // The paper trains with and without its metadata: they are no departure.
  const changed = (Object.keys(paper) as (keyof FactorNetOptions)[]).filter(
    (key) => options[key] !== paper[key] && key !== "covariates" && key !== "annotations",
  );
  if (changed.length > 0) {
    departures.push(
      `Options other than the paper's: ${changed.map((key) => `${key} ${options[key]} (paper ${paper[key]})`).join(", ")}.`,
    );
  }
  if (options.binFeatures !== "none") {
    departures.push(
      "Bin-level features are the motif score and the signal around the bin; the paper's are gene annotations and CpG islands.",
    );
  }
  if (options.covariates || options.annotations) {
    departures.push(
      "Covariates and annotations are centred and scaled by their spread in training; the reference takes them as they are.",
    );
  }
  if (options.linearFeatures) {
    departures.push(
      "A linear and quadratic function of the bin-level features is added to the logit: an extension.",
    );
  }
  return departures;
}
