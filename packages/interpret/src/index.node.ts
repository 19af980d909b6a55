export * from "./attribution-file.node.js";
export * from "./index.js";
