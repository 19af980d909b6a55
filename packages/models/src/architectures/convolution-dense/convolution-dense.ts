import { defineModel } from "../../model-definition.js";
import { buildConvolutionDense, convolutionLayers } from "./build.js";
import { convolutionDenseOptions } from "./options.js";

/** A network given layer by layer: what other programs' convolutional models are imported into. */
export const convolutionDense = defineModel({
  name: "convolution-dense",
  title: "Convolution-dense network",
  citation:
    "A network of convolutions, pools and dense layers given layer by layer; its default is that of Shrikumar A, Greenside P, Kundaje A. Learning important features through propagating activation differences. ICML, PMLR 70:3145-3153 (2017), section 4.2.",
  options: convolutionDenseOptions,
  presets: {
    default: {
      about:
        "Two convolutions of 50 kernels of 11 bp, their mean over the window, a dense layer of 50 units.",
      options: {},
      training: {},
    },
  },
  windowLength: ({ windowLength }) => windowLength,
  seesTracks: () => false,
  unknownBase: ({ unknownBase }) => unknownBase,
  binFeatures: () => ({ motif: false, signal: false, covariates: false, annotations: false }),
  hasLinearFeatures: () => false,
  build: buildConvolutionDense,
  layers: convolutionLayers,
  firstLayer: (options) => {
    const [{ width, kernels }] = convolutionLayers(options);
    return { output: "convolution", width, kernels, seeded: [] };
  },
  body: ["convolution*", "normalisation*"],
  departures: () => [],
});
