export * from "./attribution-file.js";
export * from "./attributions.js";
export * from "./explained-model.js";
export * from "./interpreter-metrics.js";
