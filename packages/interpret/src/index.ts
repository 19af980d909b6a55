export * from "./attributions.js";
export * from "./explained-model.js";
