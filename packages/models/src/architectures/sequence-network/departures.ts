import type { z } from "zod";

/**
 * In one sentence, which options differ from those of the published presets ("agentbind", "original" and others that
 * are named); none where a preset has them all. The length of windows is no departure.
 */
export function describeChanges<Schema extends z.ZodType>(
  schema: Schema,
  presets: Readonly<Record<string, { readonly options: z.input<Schema> }>>,
  options: Readonly<Record<string, unknown>>,
  published: readonly string[] = ["agentbind", "original"],
): string[] {
  const differences = published.map((name) => {
    const theirs = schema.parse(presets[name].options) as Record<string, unknown>;
    const changed = Object.keys(options).filter(
      (key) => key !== "windowLength" && options[key] !== theirs[key],
    );
    return { name, changed: changed.map((key) => `${key} ${options[key]} (there ${theirs[key]})`) };
  });
  const nearest = differences.reduce((a, b) => (b.changed.length < a.changed.length ? b : a));
  if (nearest.changed.length === 0) return [];
  return [`Options other than those of the preset ${nearest.name}: ${nearest.changed.join(", ")}.`];
}
