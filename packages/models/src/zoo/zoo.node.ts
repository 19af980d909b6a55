import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";

const metric = z.strictObject({ auroc: z.number(), auprc: z.number() });

const cardSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  model: z.string(),
  factors: z.array(z.string()).min(1),
  cell: z.string(),
  /** What it was trained on and with. */
  study: z.string(),
  assembly: z.string(),
  holdOut: z.strictObject({ validation: z.string(), test: z.string() }),
  tracks: z.array(z.string()),
  seed: z.number(),
  /** Commit of Bindscape it was trained with. */
  commit: z.string(),
  trained: z.string(),
  /** On the test hold-out: the network beside logistic regression on PWM and signal. */
  metrics: z.record(z.string(), z.strictObject({ model: metric, regression: metric })),
  /** Licence and source of the data it was trained on. */
  data: z.array(z.strictObject({ what: z.string(), source: z.string(), licence: z.string() })),
  weights: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().positive() }),
});

/** What the zoo says of one of its models. */
export type ZooCard = z.infer<typeof cardSchema>;

const zooSchema = z.strictObject({
  format: z.literal("bindscape-zoo"),
  version: z.literal(1),
  models: z.array(cardSchema),
});

/** The folder of the zoo that comes with Bindscape: `zoo.json` and one bundle a model. */
const ZOO_FOLDER = fileURLToPath(new URL("../../zoo", import.meta.url));

/**
 * The cards of all models of the zoo.
 * @throws BindscapeError where the zoo is missing or damaged
 */
export async function readZoo(folder: string = ZOO_FOLDER): Promise<ZooCard[]> {
  const path = join(folder, "zoo.json");
  if (!existsSync(path)) {
    throw new BindscapeError({ source: path, found: "no such file", expected: "the list of the model zoo" });
  }
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new BindscapeError({
      source: path,
      found: "not valid JSON",
      expected: "the list of the model zoo",
      cause,
    });
  }
  const result = zooSchema.safeParse(value);
  if (result.success) return result.data.models;
  const issue = result.error.issues[0];
  throw new BindscapeError({
    source: path,
    found: `${issue.path.join(".")}: ${issue.message}`,
    expected: "the list of the model zoo, version 1",
  });
}

/**
 * The folder of a bundle by what the user called it: `zoo:NAME` for a model of the zoo, whose weights are checked
 * against their hash, or a path as it is.
 * @throws BindscapeError for an unknown model, or one whose weights are not those of its card
 */
export async function locateBundle(nameOrPath: string, folder: string = ZOO_FOLDER): Promise<string> {
  if (!nameOrPath.startsWith("zoo:")) return nameOrPath;
  const name = nameOrPath.slice("zoo:".length);
  const cards = await readZoo(folder);
  const card = cards.find((candidate) => candidate.name === name);
  if (!card) {
    throw new BindscapeError({
      found: `no model "${name}" in the zoo`,
      expected: `one of ${cards.map((candidate) => `zoo:${candidate.name}`).join(", ")}`,
    });
  }
  const weights = join(folder, name, "weights.safetensors");
  const found = existsSync(weights)
    ? createHash("sha256")
        .update(await readFile(weights))
        .digest("hex")
    : "no file";
  if (found !== card.weights.sha256) {
    throw new BindscapeError({
      source: weights,
      found: `the SHA-256 ${found}`,
      expected: card.weights.sha256,
      next: "Install Bindscape again",
    });
  }
  return join(folder, name);
}
