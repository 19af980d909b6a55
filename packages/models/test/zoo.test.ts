import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BindscapeError } from "@bindscape/numerics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../src/bundle/bundle.node.js";
import { locateBundle, readZoo } from "../src/zoo/zoo.node.js";

const zoo = fileURLToPath(new URL("../zoo", import.meta.url));

describe("the zoo", async () => {
  const cards = await readZoo();

  it("has models, each below 2 MB and under a name of its own", async () => {
    expect(cards.length).toBeGreaterThanOrEqual(5);
    expect(new Set(cards.map(({ name }) => name)).size).toBe(cards.length);
    for (const { weights } of cards) expect(weights.bytes).toBeLessThan(2e6);
  });

  it.each(cards.map(({ name }) => name))("%s is what its card says", async (name) => {
    const card = cards.find((candidate) => candidate.name === name)!;
    const bytes = await readFile(join(zoo, name, "weights.safetensors"));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(card.weights.sha256);
    expect(bytes.length).toBe(card.weights.bytes);
    const { network } = await readBundle(`zoo:${name}`);
    expect(network.file.tasks.map(({ factor }) => factor)).toEqual(card.factors);
    expect(network.file.plan.tracks).toEqual(card.tracks);
    expect(network.file.training.seed).toBe(card.seed);
    expect(Object.keys(card.metrics)).toEqual(card.factors);
    for (const { model } of Object.values(card.metrics)) expect(model.auroc).toBeGreaterThan(0.85);
    // Nothing in a bundle says where it was made.
    const record = await readFile(join(zoo, name, "run.json"), "utf8");
    expect(record).not.toMatch(/"file": "[^"]*[/\\]/);
  });
});

describe("bundles by name", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bindscape-zoo-"));
    await cp(zoo, folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("takes paths as they are", async () => {
    expect(await locateBundle("models/reb1", folder)).toBe("models/reb1");
  });

  it("names the models there are when one is not", async () => {
    const error = await locateBundle("zoo:nothing", folder).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BindscapeError);
    expect((error as Error).message).toMatch(/no model "nothing" in the zoo; expected one of zoo:yeast-/);
  });

  it("refuses weights that are not those of the card", async () => {
    const [{ name }] = await readZoo(folder);
    const weights = join(folder, name, "weights.safetensors");
    const bytes = await readFile(weights);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(weights, bytes);
    await expect(locateBundle(`zoo:${name}`, folder)).rejects.toThrow(/the SHA-256 [0-9a-f]{64}; expected/);
    await rm(weights);
    await expect(locateBundle(`zoo:${name}`, folder)).rejects.toThrow(/no file/);
  });

  it("refuses a damaged list", async () => {
    await writeFile(join(folder, "zoo.json"), "{");
    await expect(readZoo(folder)).rejects.toThrow(/not valid JSON/);
    await writeFile(join(folder, "zoo.json"), '{"format":"bindscape-zoo","version":2,"models":[]}');
    await expect(readZoo(folder)).rejects.toThrow(/version/);
    await rm(join(folder, "zoo.json"));
    await expect(readZoo(folder)).rejects.toThrow(/no such file/);
  });
});
