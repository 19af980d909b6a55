export * from "./attribution-file.js";
export * from "./attributions.js";
export * from "./explained-model.js";
export * from "./in-silico-mutagenesis.js";
export * from "./interpreter-metrics.js";
export { listSubstitutions, observedBase, type Substitution } from "./substitutions.js";
