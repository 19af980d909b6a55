export * from "./attribution-file.node.js";
export * from "./benchmark/run-benchmark.node.js";
export * from "./index.js";
export * from "./outputs/modisco.node.js";
export * from "./regions/region-saliency.node.js";
export * from "./regions/write-saliency.node.js";
export * from "./seqlets/write-seqlets.node.js";
export * from "./windows/region-windows.node.js";
