import {
  type AttributionMethod,
  type AttributionOptions,
  type Attributions,
  attributionMethods,
} from "./attributions.js";
import { type DeepLiftAttributionOptions, explainByDeepLift } from "./deeplift.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { mapClassActivation } from "./grad-cam.js";
import { mergeGradCamWithSaliency } from "./grad-cam-saliency.js";
import { multiplyGradientByInput } from "./gradient-input.js";
import { mutateInSilico } from "./in-silico-mutagenesis.js";
import { explainByIntegratedGradients, type IntegratedGradientsOptions } from "./integrated-gradients.js";
import { findSaliencyOfWindows } from "./saliency.js";

/** What any of the methods may be told; each reads what concerns it. */
export interface MethodOptions
  extends AttributionOptions,
    Pick<DeepLiftAttributionOptions, "rule" | "references" | "tolerance">,
    Pick<IntegratedGradientsOptions, "steps" | "path"> {
  /** Layer of Grad-CAM. */
  readonly layer?: string;
  /** Of Grad-CAM x saliency: divide a window's values by the sum of their sizes. */
  readonly normalise?: boolean;
}

/** A way to explain a score. */
export interface Method {
  readonly title: string;
  /** What it says of a base, one sentence. */
  readonly about: string;
  readonly attribute: (
    model: ExplainedModel,
    windows: ExplainedWindows,
    options: MethodOptions,
  ) => Promise<Attributions>;
}

/** Every method by name: the only place they are listed. */
export const methods: Readonly<Partial<Record<AttributionMethod, Method>>> = {
  ism: {
    title: "In-silico mutagenesis",
    about: "How the score changes by each substitution of the base",
    attribute: mutateInSilico,
  },
  saliency: {
    title: "Saliency",
    about: "Gradient of the score with respect to each base's channel",
    attribute: findSaliencyOfWindows,
  },
  "gradient-input": {
    title: "Gradient x input",
    about: "Gradient of the score at the base that is there",
    attribute: multiplyGradientByInput,
  },
  "grad-cam": {
    title: "Grad-CAM",
    about: "Weighted activation of a convolution, spread over the bases it sees",
    attribute: mapClassActivation,
  },
  "grad-cam-saliency": {
    title: "Grad-CAM x saliency",
    about: "Grad-CAM times the gradient at the base that is there: AgentBind's annotation score",
    attribute: mergeGradCamWithSaliency,
  },
  deeplift: {
    title: "DeepLIFT",
    about: "What the base adds to the score's difference from that of a reference",
    attribute: explainByDeepLift,
  },
  "integrated-gradients": {
    title: "Integrated gradients",
    about: "Gradients averaged over the way from a reference to the window, times their difference",
    attribute: explainByIntegratedGradients,
  },
};

/** Names of the methods, in the order of the command line. */
export const methodNames = attributionMethods.filter((name) => methods[name] !== undefined);
