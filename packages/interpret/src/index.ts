export * from "./agentbind/factor-page.js";
export * from "./agentbind/overview-page.js";
export * from "./agentbind/report-data.js";
export * from "./attribution-file.js";
export * from "./attributions.js";
export * from "./base-scores.js";
export * from "./benchmark/benchmark-page.js";
export * from "./benchmark/explain-sequences.js";
export * from "./benchmark/methods.js";
export * from "./benchmark/published-ordering.js";
export * from "./benchmark/results.js";
export * from "./class-activation.js";
export {
  type DeepLiftAttributionOptions,
  type DifferenceAttributions,
  explainByDeepLift,
} from "./deeplift.js";
export * from "./explained-model.js";
export * from "./grad-cam.js";
export * from "./grad-cam-saliency.js";
export * from "./gradient-input.js";
export * from "./in-silico-mutagenesis.js";
export * from "./input-gradients.js";
export * from "./integrated-gradients.js";
export * from "./interpreter-metrics.js";
export * from "./methods.js";
export * from "./outputs/attribution-track.js";
export * from "./outputs/core-profile.js";
export * from "./outputs/dendrogram.js";
export * from "./outputs/describe-attributions.js";
export * from "./outputs/factor-profiles.js";
export * from "./outputs/logo-chart.js";
export * from "./outputs/logo-page.js";
export * from "./outputs/profile-page.js";
export * from "./outputs/profiles-page.js";
export * from "./position-scores.js";
export * from "./reference-file.js";
export { DEFAULT_REFERENCES, type References } from "./references.js";
export * from "./saliency.js";
export * from "./select-sequences.js";
export * from "./seqlets/find-motifs.js";
export * from "./seqlets/find-seqlets.js";
export * from "./seqlets/seqlet-hits.js";
export * from "./seqlets/seqlet-pattern.js";
export * from "./seqlets/seqlet-tables.js";
export * from "./seqlets/seqlets-page.js";
export * from "./seqlets/window-null.js";
export { listSubstitutions, observedBase, type Substitution } from "./substitutions.js";
export * from "./windows/sequence-windows.js";
