import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";

const layerSchema = z.object({
  class_name: z.string(),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** One list of inputs for each use of the layer: [layer, which use of it, which of its outputs]. */
  inbound_nodes: z.array(z.array(z.tuple([z.string(), z.int().min(0), z.int().min(0)]))),
});

const modelSchema = z.object({
  class_name: z.literal("Model"),
  keras_version: z.string().optional(),
  config: z.object({
    layers: z.array(layerSchema).min(1).max(10_000),
    output_layers: z.array(z.tuple([z.string(), z.int().min(0), z.int().min(0)])),
  }),
});

export type KerasLayer = z.infer<typeof layerSchema>;

/** A network as Keras 1 writes it down: `model.json`. */
export interface KerasModel {
  readonly version: string | null;
  readonly layers: ReadonlyMap<string, KerasLayer>;
  /** Name and use of the layer whose output is the model's. */
  readonly output: KerasNode;
}

/** One use of a layer: shared layers have several, numbered from 0. */
export interface KerasNode {
  readonly layer: KerasLayer;
  readonly use: number;
}

/** @throws BindscapeError where the text is not the model.json of a functional Keras 1 model with one output */
export function parseKerasModel(text: string, source: string): KerasModel {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BindscapeError({ source, found: "not valid JSON", expected: "a model.json of Keras 1", cause });
  }
  const result = modelSchema.safeParse(value);
  const fail = (found: string): never => {
    throw new BindscapeError({
      source,
      found,
      expected: "a model.json of Keras 1: a functional Model with one output",
    });
  };
  if (!result.success) {
    const issue = result.error.issues[0];
    return fail(`${issue.path.join(".") || "the file"}: ${issue.message}`);
  }
  const { config, keras_version: version = null } = result.data;
  if (version !== null && !version.startsWith("1.")) return fail(`Keras ${version.slice(0, 20)}`);
  const layers = new Map(config.layers.map((layer) => [layer.name, layer]));
  if (layers.size !== config.layers.length) return fail("two layers of one name");
  if (config.output_layers.length !== 1) return fail(`${config.output_layers.length} outputs`);
  const [name, use] = config.output_layers[0];
  const layer = layers.get(name);
  if (!layer) return fail(`the output "${name}", which is no layer`);
  return { version, layers, output: { layer, use } };
}

/**
 * The inputs of one use of a layer.
 * @throws BindscapeError where the description points at nothing
 */
export function inputsOf(model: KerasModel, { layer, use }: KerasNode, source: string): KerasNode[] {
  const node = layer.inbound_nodes[use];
  if (!node) {
    throw new BindscapeError({
      source,
      found: `a use ${use} of the layer "${layer.name}", which has ${layer.inbound_nodes.length}`,
    });
  }
  return node.map(([name, inputUse]) => {
    const input = model.layers.get(name);
    if (input) return { layer: input, use: inputUse };
    throw new BindscapeError({
      source,
      found: `the layer "${layer.name}" reads "${name}", which is no layer`,
    });
  });
}
