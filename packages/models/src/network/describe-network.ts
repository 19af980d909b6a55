import { BindscapeError } from "@bindscape/numerics";
import type { ModelFile } from "../bundle/model-file.js";
import type { ModelDefinition, NetworkContext } from "../model-definition.js";
import { findModel } from "../model-table.js";

/** A trained network: its description and its weights. */
export interface Network {
  readonly file: ModelFile;
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/**
 * The definition, checked options and build context of a network.
 * @param source file that errors name
 */
export function describeNetwork(
  network: Network,
  source?: string,
): {
  definition: ModelDefinition;
  options: unknown;
  context: NetworkContext;
} {
  const { file } = network;
  const definition = findModel(file.model, source);
  const options = definition.options.safeParse(file.options);
  if (!options.success) {
    const issue = options.error.issues[0];
    throw new BindscapeError({
      source,
      found: `model options ${issue.path.join(".")}: ${issue.message}`,
      expected: `options of ${definition.title}`,
      next: "The bundle is damaged, or of another version of Bindscape",
    });
  }
  const context: NetworkContext = {
    plan: file.plan,
    tasks: file.tasks.length,
    featureScaling: file.featureScaling,
    boundShare: file.boundShare,
    linearStart: null,
    motifs: [],
  };
  return { definition, options: options.data, context };
}
