import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What a page that imports everything from a module would load, with the conditions that bundlers give. */
async function bundleModule(name: string): Promise<{ exports: string[]; inputs: string[] }> {
  const result = await build({
    stdin: { contents: `export * from "${name}";`, resolveDir: `${root}/packages/cli` },
    conditions: ["bindscape-source"],
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
    logLevel: "silent",
    treeShaking: false,
  });
  const [output] = Object.values(result.metafile.outputs);
  return { exports: output.exports, inputs: Object.keys(result.metafile.inputs) };
}

describe("browser entries", () => {
  it.each([
    ["numerics", "Random"],
    ["genome", "encodeSequence"],
    ["motifs", "readMotifs"],
    ["gradient", "TrainingStep"],
    ["study", "WindowMaker"],
    ["models", "factorNet"],
    ["interpret", "explainNetwork"],
  ])("%s loads nothing of Node's, and exports a part of what Node is given", async (name, known) => {
    // Names that nothing provides, and Node's modules, are errors of the bundler.
    const { exports, inputs } = await bundleModule(`@bindscape/${name}`);
    expect(inputs.filter((path) => /\.node\.[jt]s$/.test(path))).toEqual([]);
    const inNode = Object.keys(await import(`@bindscape/${name}`));
    expect(exports.filter((one) => !inNode.includes(one))).toEqual([]);
    expect(exports).toContain(known);
  });

  it("would notice a module of Node's", async () => {
    await expect(bundleModule("node:fs")).rejects.toThrow("node:fs");
    await expect(bundleModule("../models/src/train/train.node.ts")).rejects.toThrow("node:");
  });
});
