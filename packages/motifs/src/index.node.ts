// What Node is given: everything browsers are given, and what needs files, threads and processes.
export * from "./compare/align-all.node.js";
export * from "./compare/query-background.node.js";
export * from "./index.js";
export * from "./motif-file.node.js";
export { keepDiscovery } from "./pipeline/discovery-file.node.js";
export { readScanBackground } from "./scan/scan-background.node.js";
export * from "./scan/scan-files.node.js";
export type { ScanPartNumber, StreamScanOptions } from "./scan/scan-stream.node.js";
