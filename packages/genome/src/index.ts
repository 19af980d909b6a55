export * from "./atomic-file.node.js";
export * from "./byte-sink.js";
export * from "./byte-source.js";
export * from "./byte-source.node.js";
export * from "./file-error.node.js";
