export * from "./error.js";
export * from "./progress.js";
export * from "./random.js";
