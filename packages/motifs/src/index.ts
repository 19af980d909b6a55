export * from "./find.js";
export * from "./logo.js";
export * from "./logo-letters.js";
export * from "./motif.js";
export * from "./read.js";
export * from "./scan.js";
export * from "./write-meme.js";
