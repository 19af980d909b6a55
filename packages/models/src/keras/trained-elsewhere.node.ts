import { basename, resolve } from "node:path";
import type { ModelFile } from "../bundle/model-file.js";

/** What a bundle says of a training that another program did: nothing but the folder it was read from. */
export function trainedElsewhere(folder: string): ModelFile["training"] {
  return {
    study: basename(resolve(folder)),
    assembly: "unknown",
    seed: 0,
    settings: {},
    epochs: 0,
    bestEpoch: 0,
    validationLoss: 0,
  };
}
