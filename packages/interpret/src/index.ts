export * from "./explained-model.js";
