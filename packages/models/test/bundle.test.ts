import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuseExisting } from "@bindscape/genome";
import {
  type Build,
  matrixProduct,
  multiply,
  readSafetensors,
  reduceSum,
  reshape,
  writeSafetensors,
} from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { hashFile, WindowMaker } from "@bindscape/study";
import * as onnx from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { readBundle, writeBundle } from "../src/bundle/bundle.node.js";
import type { BundleContents } from "../src/bundle/bundle-files.js";
import type { ModelFile } from "../src/bundle/model-file.js";
import { makeRunRecord } from "../src/bundle/run-record.node.js";
import { batchSizeFor } from "../src/network/batch-size.js";
import { predictWindows } from "../src/network/network.node.js";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  temporaryFolder,
  tinyOptions,
} from "./helpers.js";

const folder = temporaryFolder();
const network = makeNetwork(
  tinyOptions({ recurrent: 2, binFeatures: "signal", linearFeatures: true }),
  {
    tracks: ["cuts"],
    features: [{ kind: "signal", name: "log cuts in 20 bp", track: "cuts", width: 20, log: true }],
  },
  { tasks: ["F", "G"].map((factor) => ({ factor, cell: "C" })) },
);
const contents: BundleContents = {
  network,
  history: [1, 2].map((epoch) => ({
    epoch,
    trainingLoss: 1 / epoch,
    validationLoss: 0.1 + 0.2 / epoch,
    learningRate: 0.001,
    seconds: 1.5,
  })),
  metrics: { validationLoss: 0.2 },
  run: {
    command: "bindscape train",
    seed: 1,
    versions: { bindscape: "0", node: "20" },
    inputs: [],
    finished: "2020-01-01T00:00:00.000Z",
    seconds: 1,
  },
};
const good = join(folder, "good");
beforeAll(() => writeBundle(good, contents));

describe("a bundle", () => {
  it("comes back as it was written", async () => {
    const bundle = await readBundle(good);
    expect(bundle.network.file).toEqual(network.file);
    expect(bundle.history).toEqual(contents.history);
    expect([...bundle.network.parameters.keys()].sort()).toEqual([...network.parameters.keys()].sort());
    for (const [name, values] of network.parameters) {
      expectClose(bundle.network.parameters.get(name)!, values, 0, name);
    }
    expect((await readdir(good)).sort()).toEqual([
      "history.jsonl",
      "metrics.json",
      "model.json",
      "model.onnx",
      "run.json",
      "weights.safetensors",
    ]);
    expect(JSON.parse(await readFile(join(good, "run.json"), "utf8"))).toEqual(contents.run);
    expect(JSON.parse(await readFile(join(good, "metrics.json"), "utf8"))).toEqual(contents.metrics);
  });

  it("has every tensor in its true shape", async () => {
    const { tensors } = readSafetensors(await readFile(join(good, "weights.safetensors")), "weights");
    const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({
      "convolution.kernel": [4, 5, 5],
      "convolution.bias": [4],
      "position.kernel": [4, 4],
      "position.bias": [4],
      "recurrent.inputKernel": [2, 8, 4],
      "recurrent.recurrentKernel": [2, 8, 2],
      "recurrent.bias": [2, 8],
      // 56 positions in pools of 7: 8 steps of 2 x 2 units.
      "dense.kernel": [32, 6],
      "dense.bias": [6],
      "features.mean": [1],
      "features.inverseScale": [1],
      "merge.kernel": [7, 6],
      "merge.bias": [6],
      "output.kernel": [6, 2],
      "output.bias": [2],
      "linear.kernel": [2, 2],
      "linear.bias": [2],
    });
  });

  it("predicts by its model.onnx what it predicts itself", async () => {
    const study = makeStudy({
      chromosomes: { a: randomCodes(400, "a") },
      tracks: [{ name: "cuts", values: Float32Array.from({ length: 400 }, (_, i) => i % 3) }],
      bins: { size: 20, step: 10, boundOverlap: 11 },
    });
    const source = await study.loadCell("C");
    const request = { segmentIndices: new Uint32Array(3), binStarts: Int32Array.of(100, 7, 380) };
    const { network: read } = await readBundle(good);
    const expected = await predictWindows(read, source, request);
    const batch = new WindowMaker(source, read.file.plan).fill(request);
    const session = await onnx.InferenceSession.create(join(good, "model.onnx"));
    const { probability } = await session.run({
      windows: new onnx.Tensor("float32", batch.windows, [3, 5, 60]),
      features: new onnx.Tensor("float32", batch.features, [3, 1]),
    });
    await session.release();
    expect(probability.dims).toEqual([3, 2]);
    expectClose(probability.data as Float32Array, expected, 1e-6);
  });

  it("is not there before it is whole, and leaves nothing when it fails", async () => {
    const path = join(folder, "atomic", "bundle");
    let seen: boolean | undefined;
    const metrics = {
      toJSON() {
        // Weights, ONNX and history are written by now.
        seen = existsSync(path);
        throw new Error("in the middle");
      },
    };
    await expect(writeBundle(path, { ...contents, metrics })).rejects.toThrow("in the middle");
    expect(seen).toBe(false);
    expect(await readdir(join(folder, "atomic"))).toEqual([]);
  });

  it("refuses a taken name, and replaces it whole when told to", async () => {
    const path = join(folder, "taken");
    await writeBundle(path, contents);
    await writeFile(join(path, "stray.txt"), "of the old bundle");
    await expectError(() => writeBundle(path, contents), "taken", "something stands there", "--overwrite");
    expect(() => refuseExisting(path, true)).not.toThrow();
    const failing = {
      toJSON() {
        throw new Error("in the middle");
      },
    };
    await expect(writeBundle(path, { ...contents, metrics: failing }, true)).rejects.toThrow("in the middle");
    expect(existsSync(join(path, "stray.txt"))).toBe(true);
    await writeBundle(path, contents, true);
    expect(existsSync(join(path, "stray.txt"))).toBe(false);
    await readBundle(path);
    expect((await readdir(folder)).filter((name) => /^taken/.test(name))).toEqual(["taken"]);
  });

  it("may be named with a slash at the end", async () => {
    await writeBundle(`${join(folder, "slash")}/`, contents);
    await readBundle(`${join(folder, "slash")}/`);
    expect(await readdir(join(folder, "slash"))).toHaveLength(6);
  });

  it("says so where its folder cannot be made", async () => {
    await writeFile(join(folder, "plain-file"), "");
    const path = join(folder, "plain-file", "bundle");
    const error = await expectError(() => writeBundle(path, contents), "a part of the path is a file");
    expect(error.source).toBe(path);
  });

  it("is not written with weights that are not its network's", async () => {
    const path = join(folder, "unwritten");
    const parameters = new Map(network.parameters);
    parameters.set("dense.bias", Float32Array.of(1, 2, 3, 4, 5, Number.NaN));
    await expectError(
      () => writeBundle(path, { ...contents, network: { ...network, parameters } }),
      "dense.bias",
      "NaN",
    );
    expect(existsSync(path)).toBe(false);
  });
});

/** A copy of the good bundle with something done to it. */
async function damage(name: string, work: (path: string) => Promise<unknown>): Promise<string> {
  const path = join(folder, "damaged", name);
  await cp(good, path, { recursive: true });
  await work(path);
  return path;
}

describe("reading a bundle that is not one", () => {
  it("says so of a folder without model.json and of no folder", async () => {
    await mkdir(join(folder, "empty"), { recursive: true });
    await expectError(
      () => readBundle(join(folder, "empty")),
      "empty",
      "without model.json",
      "bindscape train",
    );
    await expectError(() => readBundle(join(folder, "nowhere")), "nowhere", "no such folder");
  });

  it("names missing weights", async () => {
    const path = await damage("no-weights", (p) => rm(join(p, "weights.safetensors")));
    await expectError(() => readBundle(path), "weights.safetensors", "no such file");
  });

  it("names parts that are folders", async () => {
    for (const part of ["model.json", "weights.safetensors", "history.jsonl"]) {
      const path = await damage(`folder-${part}`, async (p) => {
        await rm(join(p, part));
        await mkdir(join(p, part));
      });
      const error = await expectError(() => readBundle(path));
      expect(error.source).toBe(join(path, part));
    }
  });

  /** Sets a value in model.json by its path; undefined takes the key out. */
  const change = (at: string, value: unknown) => async (path: string) => {
    const file = JSON.parse(await readFile(join(path, "model.json"), "utf8")) as Record<string, unknown>;
    const keys = at.split(".");
    let inner = file;
    for (const key of keys.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
    inner[keys.at(-1)!] = value;
    await writeFile(join(path, "model.json"), JSON.stringify(file));
  };
  const oddMotif = { kind: "motif", name: "m", logOdds: [1, 2], length: 3, sites: "inside" };

  it.each([
    ["unknown model", "model", "alexnet", "alexnet"],
    ["inherited name", "model", "constructor", "constructor"],
    ["unknown key", "script", "rm", "script"],
    ["unknown key inside", "plan.more", 1, "more"],
    ["version", "version", 2, "version"],
    ["unknown option", "options.layers", 3, "layers"],
    ["option out of range", "options.kernels", 1e9, "kernels"],
    ["options gone", "options", undefined, "options"],
    ["no tasks", "tasks", [], "tasks"],
    ["windows of another length", "plan.windowLength", 61, "plan.windowLength 61"],
    ["a track twice", "plan.tracks", ["cuts", "cuts"], "tracks"],
    ["scaling of another width", "featureScaling.mean", [], "featureScaling.mean"],
    ["a scale of 0", "featureScaling.scale", [0], "featureScaling.scale"],
    ["shares of other tasks", "boundShare", [0.5], "boundShare"],
    ["no pooled position", "options.poolWidth", 1000, "pooled position"],
    ["log-odds that are no rows of 4", "plan.features", [oddMotif], "logOdds"],
  ])("names model.json: %s", async (name, at, value, says) => {
    const path = await damage(name, change(at, value));
    const error = await expectError(() => readBundle(path), says);
    expect(error.source).toBe(join(path, "model.json"));
  });

  it.each(["", "{", "null", "[]", '"text"', "\u0000\u0001"])("names model.json: %j", async (text) => {
    const path = await damage(`json ${text.length}${text.charCodeAt(0)}`, (p) =>
      writeFile(join(p, "model.json"), text),
    );
    const error = await expectError(() => readBundle(path));
    expect(error.source).toBe(join(path, "model.json"));
  });

  type Tensors = Map<string, { shape: number[]; data: Float32Array }>;
  const badWeights: [name: string, edit: (tensors: Tensors) => void, ...says: string[]][] = [
    ["a tensor less", (t) => t.delete("dense.bias"), 'no tensor "dense.bias"', "[6]"],
    ["a tensor more", (t) => t.set("extra", { shape: [1], data: Float32Array.of(0) }), '"extra"'],
    [
      "another shape of as many values",
      (t) => t.set("position.kernel", { shape: [2, 8], data: t.get("position.kernel")!.data }),
      "[2, 8]",
      "[4, 4]",
    ],
    ["other lengths", (t) => t.set("output.bias", { shape: [3], data: new Float32Array(3) }), "[3]", "[2]"],
    [
      "a weight that is no number",
      (t) => {
        t.get("merge.kernel")!.data[5] = Number.NaN;
      },
      "merge.kernel",
      "entry 5",
    ],
    [
      "an infinite weight",
      (t) => {
        t.get("linear.kernel")!.data[3] = Number.NEGATIVE_INFINITY;
      },
      "linear.kernel",
      "-Infinity",
    ],
  ];

  it.each(badWeights)("names the weights: %s", async (name, edit, ...says) => {
    const path = await damage(name, async (p) => {
      const file = join(p, "weights.safetensors");
      const { tensors } = readSafetensors(await readFile(file), file);
      edit(tensors);
      await writeFile(file, writeSafetensors(tensors));
    });
    const error = await expectError(() => readBundle(path), ...says);
    expect(error.source).toBe(join(path, "weights.safetensors"));
  });

  it("names weights cut off anywhere", async () => {
    const bytes = await readFile(join(good, "weights.safetensors"));
    for (const length of [0, 4, 8, 100, bytes.length >> 1, bytes.length - 1]) {
      const path = await damage(`cut ${length}`, (p) => truncate(join(p, "weights.safetensors"), length));
      const error = await expectError(() => readBundle(path));
      expect(error.source).toBe(join(path, "weights.safetensors"));
    }
  });

  it.each([
    ['{"epoch":1}', 3],
    ["{", 3],
    ["null", 3],
  ])("names the line of the history: %s", async (text, line) => {
    const path = await damage(`history ${text.length}`, async (p) => {
      const file = join(p, "history.jsonl");
      await writeFile(file, `${await readFile(file, "utf8")}${text}\n`);
    });
    const error = await expectError(() => readBundle(path), "history.jsonl");
    expect(error.line).toBe(line);
  });

  it("reads a model file whatever is inherited from objects", async () => {
    const path = await damage("proto", async (p) => {
      const text = await readFile(join(p, "model.json"), "utf8");
      await writeFile(join(p, "model.json"), text.replace("{", '{"__proto__": {"polluted": true},'));
    });
    const result = await readBundle(path).catch((error: unknown) => error);
    if (!(result instanceof BindscapeError))
      expect((result as { network: { file: ModelFile } }).network.file).toEqual(network.file);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("a hostile bundle", () => {
  it("cannot make Bindscape open its model.onnx: that is for others, and reading never looks at it", async () => {
    const path = await damage("hostile onnx", (p) =>
      writeFile(join(p, "model.onnx"), "external data: /etc/passwd"),
    );
    const { network: read } = await readBundle(path);
    expect([...read.parameters.keys()].sort()).toEqual([...network.parameters.keys()].sort());
    const code = await damage("code", (p) => writeFile(join(p, "model.js"), "process.exit(3)"));
    expect((await readBundle(code)).history).toEqual(contents.history);
  });

  it("is refused before memory is taken where one window would need gigabytes, and gets small batches where it is large", () => {
    // A layer of side x side values a window, made of two narrow constants: nothing of that size exists in the test.
    const layer =
      (side: number): Build =>
      (graph) => {
        const wide = matrixProduct(
          graph.constant(new Float32Array(side), [side, 1]),
          graph.constant(new Float32Array(side), [1, side]),
        );
        const x = graph.input("windows", [graph.batch, 1, 1]);
        return { outputs: { sum: reduceSum(multiply(x, reshape(wide, [1, side, side]))) } };
      };
    expect(batchSizeFor(layer(2 ** 5), 128)).toBe(128);
    expect(batchSizeFor(layer(2 ** 10), 128)).toBe(64);
    expect(batchSizeFor(layer(2 ** 13), 128)).toBe(1);
    expect(() => batchSizeFor(layer(2 ** 15), 128)).toThrow(
      /a layer of 4.29 GB for every window; expected at most 1.07 GB/,
    );
  });
});

describe("run records", () => {
  it("hold command, versions, seed and the hash of every input", async () => {
    const file = join(folder, "input.txt");
    await writeFile(file, "abc");
    const record = await makeRunRecord("bindscape x", 3, [file], 1.26);
    const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(record).toMatchObject({ command: "bindscape x", seed: 3, seconds: 1.3 });
    expect(record.inputs).toEqual([{ file, bytes: 3, sha256: hash }]);
    expect(await hashFile(file)).toBe(hash);
    expect(record.versions.node).toBe(process.versions.node);
    expect(Math.abs(Date.parse(record.finished) - Date.now())).toBeLessThan(60_000);
  });
});

it("run records name addresses without the keys in them", async () => {
  const address = "https://me:secret@example.org/tracks/atac.bw?token=secret#secret";
  const { inputs } = await makeRunRecord("command", 1, [address], 0);
  expect(inputs).toEqual([{ file: "https://example.org/tracks/atac.bw?...", bytes: null, sha256: null }]);
});

describe("a folder that may be replaced", () => {
  it("is an empty one or an earlier output, never one of other files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bindscape-replace-"));
    try {
      expect(() => refuseExisting(folder, true)).not.toThrow();
      expect(() => refuseExisting(folder, false)).toThrow(/something stands there already/);
      await writeFile(join(folder, "thesis.tex"), "\\documentclass{book}");
      expect(() => refuseExisting(folder, true)).toThrow(
        /a folder of other files; expected an earlier output/,
      );
      expect(() => refuseExisting(join(folder, "thesis.tex"), true)).toThrow(/: a file; expected/);
      await writeFile(join(folder, "model.json"), "{}");
      expect(() => refuseExisting(folder, true)).not.toThrow();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
