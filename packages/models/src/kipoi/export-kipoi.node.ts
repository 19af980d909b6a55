import { createHash } from "node:crypto";
import { join } from "node:path";
import { encodeNpz, writeFileAtomically, writeFolder } from "@bindscape/genome";
import { type Build, exportOnnx, nodeRuntime, Predictor } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { countBaseChannels, countChannels } from "@bindscape/study";
import type { RunRecord } from "../bundle/run-record.node.js";
import { describeNetwork, type Network } from "../network/describe-network.js";
import {
  type KipoiDetails,
  modelPython,
  writeExamplePython,
  writeModelYaml,
  writeReadme,
} from "./kipoi-texts.js";

/** Windows in example.npz. */
const EXAMPLES = 4;

/**
 * Writes a network as a folder for Kipoi: `model.yaml`, `model.onnx`, the class that runs it, a README, and an
 * example with its probabilities that needs onnxruntime alone.
 * @throws BindscapeError for a taken name
 */
export async function exportKipoi(
  network: Network,
  out: string,
  details: Omit<KipoiDetails, "md5">,
  run: RunRecord,
  overwrite = false,
): Promise<void> {
  const { file } = network;
  const { definition, options, context } = describeNetwork(network);
  const build = definition.build(options, context);
  const model = exportOnnx({ build, parameters: new Map(network.parameters), outputs: ["probability"] });
  const example = await encodeNpz(await makeExample(network, build));
  const python = writeExamplePython(file);
  const files: [string, string | Uint8Array][] = [
    ["model.yaml", writeModelYaml(file, { ...details, md5: md5Of(model) })],
    ["model.py", modelPython],
    ["model.onnx", model],
    ["example.py", python],
    ["example.npz", example],
    ["README.md", writeReadme(file, python)],
    ["run.json", `${JSON.stringify(run, null, 2)}\n`],
  ];
  await writeFolder(out, overwrite, async (partial) => {
    for (const [name, content] of files) await writeFileAtomically(join(partial, name), content);
    const sums = files.map(([name, content]) => `${md5Of(content)}  ${name}\n`);
    await writeFileAtomically(join(partial, "md5sums.txt"), sums.join(""));
  });
}

/** Random windows and features of likely size, with the network's own probabilities. */
async function makeExample({ file, parameters }: Network, build: Build) {
  const { plan, tasks, featureScaling } = file;
  const random = new Random("example");
  const channels = countChannels(plan);
  const bases = countBaseChannels(plan);
  const length = plan.windowLength;
  const windows = new Float32Array(EXAMPLES * channels * length);
  const features = new Float32Array(EXAMPLES * plan.features.length);
  for (let n = 0; n < EXAMPLES; n++) {
    for (let p = 0; bases > 0 && p < length; p++)
      windows[(n * channels + random.integer(4)) * length + p] = 1;
    for (let c = bases; c < channels; c++) {
      for (let p = 0; p < length; p++) windows[(n * channels + c) * length + p] = random.integer(3);
    }
    plan.features.forEach((_, f) => {
      features[n * plan.features.length + f] =
        featureScaling.mean[f] + featureScaling.scale[f] * random.normal();
    });
  }
  const predictor = await Predictor.create(nodeRuntime(), {
    build,
    parameters: new Map(parameters),
    outputs: ["probability"],
    threads: 1,
  });
  try {
    const outputs = await predictor.run({ windows, features }, EXAMPLES);
    return new Map([
      ["windows", { shape: [EXAMPLES, channels, length], data: windows }],
      ...(plan.features.length > 0
        ? [["features", { shape: [EXAMPLES, plan.features.length], data: features }] as const]
        : []),
      ["probability", { shape: [EXAMPLES, tasks.length], data: outputs.get("probability")! }],
    ]);
  } finally {
    await predictor.release();
  }
}

function md5Of(content: string | Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}
