// What Node is given: everything browsers are given, and what needs files, threads and processes.
export * from "./atomic-file.node.js";
export * from "./bigwig/open.node.js";
export * from "./bigwig/write.node.js";
export * from "./byte-source.node.js";
export * from "./convert/convert-track.node.js";
export * from "./file-error.node.js";
export * from "./folder.node.js";
export * from "./index.js";
export * from "./mappability/mappability.node.js";
export * from "./open-source.node.js";
