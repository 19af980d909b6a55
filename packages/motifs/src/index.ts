export * from "./find.js";
export * from "./motif.js";
export * from "./read.js";
export * from "./scan.js";
export * from "./write-meme.js";
