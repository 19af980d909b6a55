// Has Python read the model.onnx files that Bindscape writes: ONNX's own checker with shape inference, and, where its
// onnxruntime is installed, the numbers. `npm run build` first. BINDSCAPE_ONNX_PYTHON names a Python with onnx
// (Debian: python3-onnx 1.12, which checks operator sets up to 17: the one that Bindscape writes).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportOnnx, nodeRuntime, Predictor } from "@bindscape/gradient";
import { describeNetwork, readBundle, readZoo } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { untrainedNetwork } from "../bench/dist/untrained-network.js";

const candidates = [process.env.BINDSCAPE_ONNX_PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);
const python = candidates.find((name) => spawnSync(name, ["-c", "import onnx, numpy"]).status === 0);
if (python === undefined) {
  console.error(
    `NOT CHECKED: model.onnx files, since none of ${candidates.join(", ")} has the package onnx.`,
  );
  if (process.env.CI === "true") {
    console.error("CI must have it: apt-get install python3-onnx");
    process.exit(1);
  }
  process.exit(0);
}

const windows = 3;
const networks = new Map();
for (const { name } of await readZoo())
  networks.set(`zoo ${name}`, (await readBundle(`zoo:${name}`)).network);
for (const [name, options, tracks] of [
  ["paper preset", {}, ["DNase", "mappability"]],
  ["sigmoid gates", { gates: "sigmoid" }, ["DNase"]],
  ["without recurrent layer", { recurrent: 0 }, []],
  [
    "short windows",
    { windowLength: 101, kernels: 8, kernelWidth: 11, poolWidth: 7, recurrent: 5 },
    ["a", "b", "c"],
  ],
])
  networks.set(name, untrainedNetwork(options, tracks));

const folder = mkdtempSync(join(tmpdir(), "bindscape-check-onnx-"));
let status = 1;
try {
  const models = [];
  for (const [name, network] of networks) {
    const { definition, options, context } = describeNetwork(network);
    const build = definition.build(options, context);
    const parameters = new Map(network.parameters);
    const path = join(folder, `${models.length}.onnx`);
    writeFileSync(path, exportOnnx({ build, parameters, outputs: ["probability"] }));
    const random = new Random(name);
    const fill = (length) => Float32Array.from({ length }, () => random.uniform());
    const { windowLength, tracks, features } = context.plan;
    const feeds = { windows: fill(windows * (4 + tracks.length) * windowLength) };
    const shapes = { windows: [windows, 4 + tracks.length, windowLength] };
    if (features.length > 0) {
      feeds.features = fill(windows * features.length);
      shapes.features = [windows, features.length];
    }
    const predictor = await Predictor.create(nodeRuntime(), { build, parameters, outputs: ["probability"] });
    const probability = (await predictor.run(feeds, windows)).get("probability");
    await predictor.release();
    models.push({
      name,
      path,
      inputs: Object.entries(feeds).map(([input, values]) => ({
        name: input,
        shape: shapes[input],
        values: Array.from(values),
      })),
      probability: Array.from(probability),
    });
  }
  const list = join(folder, "expected.json");
  writeFileSync(list, JSON.stringify(models));
  const script = fileURLToPath(new URL("check-onnx.py", import.meta.url));
  status = spawnSync(python, [script, list], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
