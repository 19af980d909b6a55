export * from "./attribution-file.node.js";
export * from "./index.js";
export * from "./seqlets/write-seqlets.node.js";
