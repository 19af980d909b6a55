// What Node is given: everything browsers are given, and what needs files, threads and processes.
export * from "./annotations.node.js";
export * from "./batch-pipeline.node.js";
export type { CellFiles, TrackFile } from "./cell-files.node.js";
export type { CellReader } from "./cell-reader.node.js";
export * from "./compendium/track-list.node.js";
export * from "./demo-data.node.js";
export * from "./download.node.js";
export * from "./factornet/find-resources.node.js";
export * from "./factornet/read-directory.node.js";
export * from "./factornet/write-study.node.js";
export { type GenomeFile, openGenomeFile, readGenome } from "./genome-file.node.js";
export * from "./index.js";
export * from "./interval-files.node.js";
export { TRACK_MODES, type TrackMode } from "./load-cell.node.js";
export * from "./load-study.node.js";
export * from "./read-sequence-set.node.js";
export * from "./readable-genome.node.js";
export * from "./sequence-set-folder.node.js";
export * from "./simulate.node.js";
export * from "./study-of-files.node.js";

export * from "./tracks.node.js";
