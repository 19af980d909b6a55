import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";

const layerSchema = z.object({ class_name: z.string(), config: z.record(z.string(), z.unknown()) });
const layersSchema = z.array(layerSchema).min(1).max(10_000);

const modelSchema = z.object({
  class_name: z.literal("Sequential"),
  keras_version: z.string().optional(),
  backend: z.string().optional(),
  // Keras from 2.2.3 on gives the layers a name together.
  config: z.union([layersSchema, z.object({ layers: layersSchema })]),
});

/** A layer of a Keras model whose layers stand one behind another. */
export interface SequentialLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A Keras model whose layers stand one behind another. */
export interface SequentialModel {
  /** As the file says; null where it does not. */
  readonly version: string | null;
  /** "theano", "tensorflow"; null where the file does not say. */
  readonly backend: string | null;
  readonly layers: readonly SequentialLayer[];
}

/** The class of a Keras model's description, or null where the text is none. */
export function kerasClassOf(text: string): string | null {
  try {
    const value = JSON.parse(text) as { class_name?: unknown; config?: unknown } | null;
    return typeof value?.class_name === "string" && value.config !== undefined ? value.class_name : null;
  } catch {
    return null;
  }
}

/** @throws BindscapeError where the text is not the description of a sequential model of Keras 1 or 2 */
export function parseSequentialModel(text: string, source: string): SequentialModel {
  const fail = (found: string): never => {
    throw new BindscapeError({
      source,
      found,
      expected: "the description (JSON) of a Sequential model of Keras 1 or 2",
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("not valid JSON");
  }
  const result = modelSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    return fail(`${issue.path.join(".") || "the file"}: ${issue.message}`);
  }
  const { config, keras_version: version = null, backend = null } = result.data;
  if (version !== null && !/^[012]\./.test(version)) return fail(`Keras ${version.slice(0, 20)}`);
  const layers = (Array.isArray(config) ? config : config.layers).map(({ class_name, config: own }) => ({
    className: class_name,
    name: typeof own.name === "string" ? own.name : "",
    config: own,
  }));
  return { version, backend, layers };
}
