import { explainByDeepLift } from "../deeplift.js";
import { mapClassActivation } from "../grad-cam.js";
import { mergeGradCamWithSaliency } from "../grad-cam-saliency.js";
import { multiplyGradientByInput } from "../gradient-input.js";
import { mutateInSilico } from "../in-silico-mutagenesis.js";
import { explainByIntegratedGradients } from "../integrated-gradients.js";
import type { References } from "../references.js";
import { findSaliencyOfWindows } from "../saliency.js";
import type { BenchmarkVerb } from "./explain-sequences.js";
import type { BenchmarkPlan } from "./results.js";

/** Every method of the benchmark, in the order of tables; keys are those of `interpreterMethods`. */
export function benchmarkVerbs(plan: BenchmarkPlan, seed: number): BenchmarkVerb[] {
  const references = describeReferences(plan.reference, seed);
  return [
    { key: "ism", explain: mutateInSilico },
    ...(plan.naiveSequences > 0
      ? [
          {
            key: "ism-naive",
            explain: ((model, windows, options) =>
              mutateInSilico(model, windows, { ...options, naive: true })) as BenchmarkVerb["explain"],
            timedOnly: plan.naiveSequences,
          },
        ]
      : []),
    { key: "gradient-input", explain: multiplyGradientByInput },
    { key: "saliency", explain: findSaliencyOfWindows },
    { key: "grad-cam-saliency", explain: mergeGradCamWithSaliency },
    { key: "grad-cam", explain: mapClassActivation },
    {
      key: "deeplift",
      explain: (model, windows, options) =>
        explainByDeepLift(model, windows, { ...options, references, rule: "reveal-cancel-dense" }),
    },
    {
      key: "deeplift-rescale",
      explain: (model, windows, options) =>
        explainByDeepLift(model, windows, { ...options, references, rule: "rescale" }),
    },
    {
      key: "integrated-gradients",
      explain: (model, windows, options) =>
        explainByIntegratedGradients(model, windows, { ...options, references }),
    },
  ];
}

function describeReferences(kind: BenchmarkPlan["reference"], seed: number): References {
  if (kind === "background") return { kind: "uniform", frequencies: [0.3, 0.2, 0.2, 0.3] };
  if (kind === "shuffled") return { kind, seed };
  return { kind };
}
