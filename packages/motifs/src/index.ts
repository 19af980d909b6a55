export * from "./find.js";
export * from "./formats/meme/write.js";
export * from "./formats/read-motifs.js";
export * from "./logo.js";
export * from "./logo-letters.js";
export * from "./motif.js";
export * from "./scan.js";
