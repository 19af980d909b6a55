import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openFile, readNpz } from "@bindscape/genome";
import type { BinFeature } from "@bindscape/study";
import * as onnx from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { RunRecord } from "../src/bundle/run-record.node.js";
import { exportKipoi } from "../src/kipoi/export-kipoi.node.js";
import { expectClose, expectError, makeNetwork, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
const run: RunRecord = {
  command: "test",
  seed: null,
  versions: { bindscape: "0", node: "20" },
  inputs: [],
  finished: "2020-01-01T00:00:00.000Z",
  seconds: 1,
};
const features: BinFeature[] = [
  { kind: "covariate", name: "PC1" },
  { kind: "overlap", name: "cds", annotation: "cds" },
  { kind: "signal", name: "log plain", track: "plain", width: 200, log: true },
];
const networks = {
  "sequence-alone": makeNetwork(tinyOptions()),
  "tracks-alone": makeNetwork(tinyOptions({ sequence: false }), { tracks: ["plain"], sequence: false }),
  "tracks-and-features": makeNetwork(
    tinyOptions({ recurrent: 2 }),
    { tracks: ["plain", "other: \"quoted\" \\ 'name'"], features },
    {
      tasks: ["F", "G"].map((factor) => ({ factor, cell: "C" })),
      featureScaling: { mean: [1, 2, 3], scale: [1, 2, 0.5] },
    },
  ),
};
const details = { authors: ["A. Author", 'O\'Neil: "B"'], license: "MIT", url: null };

// Needs numpy and onnxruntime; BINDSCAPE_PYTHON names a Python that has them.
const python = process.env.BINDSCAPE_PYTHON ?? "python3";
const hasPython = spawnSync(python, ["-c", "import numpy, onnxruntime"]).status === 0;
if (!hasPython) {
  console.warn(
    `SKIPPED: the Kipoi example in Python, since ${python} lacks numpy or onnxruntime; BINDSCAPE_PYTHON names another`,
  );
}

describe.each(Object.keys(networks) as (keyof typeof networks)[])("a Kipoi folder, %s", (name) => {
  const network = networks[name];
  const out = join(folder, name);
  beforeAll(() => exportKipoi(network, out, details, run));
  const read = (file: string) => readFile(join(out, file), "utf8");

  it("has every file with its MD5", async () => {
    const sums = (await read("md5sums.txt")).trimEnd().split("\n");
    const listed = sums.map((line) => line.split("  ")[1]);
    expect([...listed, "md5sums.txt"].sort()).toEqual((await readdir(out)).sort());
    for (const line of sums) {
      const [sum, file] = line.split("  ");
      expect(
        createHash("md5")
          .update(await readFile(join(out, file)))
          .digest("hex"),
        file,
      ).toBe(sum);
    }
    const model = sums.find((line) => line.endsWith("model.onnx"))!.split("  ")[0];
    expect(await read("model.yaml")).toContain(`md5: ${model}`);
  });

  it("has a model.yaml of the arrays that the ONNX model takes and gives", async () => {
    const yaml = parse(await read("model.yaml"));
    expect(yaml.defined_as).toBe("model.OnnxModel");
    expect(yaml.args).toEqual({ model: "model.onnx" });
    expect(yaml.info.authors.map((author: { name: string }) => author.name)).toEqual(details.authors);
    const session = await onnx.InferenceSession.create(join(out, "model.onnx"));
    expect(Object.keys(yaml.schema.inputs).sort()).toEqual([...session.inputNames].sort());
    const example = await openFile(join(out, "example.npz"));
    const arrays = await readNpz(example).finally(() => example.close());
    const shapeOf = (array: string) => `(${arrays.get(array)!.shape.slice(1).join(", ")}`;
    for (const [input, { shape, doc }] of Object.entries<{ shape: string; doc: string }>(
      yaml.schema.inputs,
    )) {
      expect(shape.replace(/,? ?\)$/, ""), input).toBe(shapeOf(input));
      expect(doc.length).toBeGreaterThan(20);
    }
    const { targets } = yaml.schema;
    expect(targets.name).toBe(session.outputNames[0]);
    expect(targets.column_labels).toEqual(network.file.tasks.map(({ factor }) => `${factor} in C`));
    expect(targets.shape).toBe(`(${network.file.tasks.length}, )`);

    const feeds = Object.fromEntries(
      session.inputNames.map((input) => {
        const { data, shape } = arrays.get(input)!;
        return [input, new onnx.Tensor("float32", data as Float32Array, [...shape])];
      }),
    );
    const { probability } = await session.run(feeds);
    expectClose(probability.data as Float32Array, arrays.get("probability")!.data as Float32Array, 1e-6);
    expect(new Set(probability.data as Float32Array).size).toBe(probability.data.length);
  });

  it("shows its example in the README", async () => {
    expect(await read("README.md")).toContain(await read("example.py"));
  });

  it.skipIf(!hasPython)("has an example that runs in Python with onnxruntime alone", () => {
    const { status, stdout, stderr } = spawnSync(python, [join(out, "example.py")], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toMatch(/example\.npz: \[\[0\.\d+.*\nyour window: \[\[0\.\d+/);
  });
});

it("a Kipoi folder names an address where it is given one, and never takes a name that is taken", async () => {
  const out = join(folder, "address");
  const given = { ...details, url: "https://example.org/reb1" };
  await exportKipoi(networks["sequence-alone"], out, given, run);
  const yaml = parse(await readFile(join(out, "model.yaml"), "utf8"));
  expect(yaml.args.model.url).toBe("https://example.org/reb1/model.onnx");
  expect(yaml.args.model.md5).toMatch(/^[0-9a-f]{32}$/);
  await expectError(() => exportKipoi(networks["sequence-alone"], out, given, run), "--overwrite");
});
