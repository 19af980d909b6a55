import { BindscapeError } from "@bindscape/numerics";
import { convolutionDense } from "./architectures/convolution-dense/convolution-dense.js";
import { danQ } from "./architectures/danq/danq.js";
import { deepSea } from "./architectures/deepsea/deepsea.js";
import { factorNet } from "./architectures/factornet/factornet.js";
import type { ModelDefinition } from "./model-definition.js";

/** Every architecture by name: the only place they are listed, and the only names a bundle may give. */
const definitions = {
  factornet: factorNet,
  deepsea: deepSea,
  danq: danQ,
  "convolution-dense": convolutionDense,
} as const;

export type ModelName = keyof typeof definitions;

export const modelNames = Object.keys(definitions) as ModelName[];

/**
 * The definition of an architecture.
 * @throws BindscapeError for an unknown name
 */
export function findModel(name: string, source?: string): ModelDefinition {
  if (Object.hasOwn(definitions, name)) return definitions[name as ModelName] as unknown as ModelDefinition;
  throw new BindscapeError({
    source,
    found: `the model "${name}"`,
    expected: `one of ${modelNames.join(", ")}`,
  });
}
