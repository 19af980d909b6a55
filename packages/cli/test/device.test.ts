import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { findSwiftShader, skipLoudly } from "../../gradient/test/swift-shader.js";
import { lastJson, run, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;
const regions = 150;

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  const lines = Array.from({ length: regions }, (_, i) => `chrB\t${1000 + 300 * i}\t${1200 + 300 * i}\n`);
  await writeFile(at("regions.bed"), lines.join(""));
});

const train = (out: string, ...more: string[]) => [
  ...["train", study, "--factor", "F", "--out", at(out), "--seed", "7", "--epochs", "1"],
  ...tinyNetwork,
  ...more,
];

/** Scores of the regions by a bundle. */
async function predict(bundle: string, device: string, env?: NodeJS.ProcessEnv): Promise<number[]> {
  const out = at(`${bundle}-${device}.tsv`);
  const { code, stderr } = await run(
    [
      "predict",
      at(bundle),
      "--study",
      study,
      "--regions",
      at("regions.bed"),
      "--device",
      device,
      "--out",
      out,
    ],
    undefined,
    env,
  );
  expect(code, stderr).toBe(0);
  return (await readFile(out, "utf8")).trimEnd().split("\n").map(Number);
}

describe("--device", () => {
  it("refuses a device that does not work, says why, and writes nothing", async () => {
    // No driver can be found where the file that names them is none.
    const env = { ...process.env, VK_ICD_FILENAMES: at("none.json"), VK_DRIVER_FILES: at("none.json") };
    const { code, stderr } = await run(train("refused", "--device", "webgpu"), undefined, env);
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(/--device webgpu: .*adapter/i);
    expect(stderr).toContain("--device cpu");
    const unknown = await run(train("refused", "--device", "tpu"));
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("auto, cpu, webgpu, cuda");
  });
});

const environment = findSwiftShader();
if (environment === null)
  skipLoudly("training on WebGPU", "no Vulkan driver (apt install chromium brings one)");

describe.skipIf(environment === null)("a model trained on WebGPU (SwiftShader)", () => {
  it("is the one that the CPU trains, within 1e-3 of each probability", { timeout: 900_000 }, async () => {
    const onWebGpu = await run(train("webgpu", "--device", "webgpu", "--json"), undefined, environment!);
    expect(onWebGpu.code, onWebGpu.stderr).toBe(0);
    expect(onWebGpu.stderr).toMatch(/warning: SwiftShader .* is no graphics card but software/);
    const onCpu = await run(train("cpu", "--device", "cpu", "--json"));
    expect(onCpu.code, onCpu.stderr).toBe(0);
    const [loss, expected] = [onWebGpu, onCpu].map(({ stdout }) =>
      Number(lastJson(stdout)["validationLoss"]),
    );
    expect(Math.abs(loss - expected)).toBeLessThan(1e-4);
    const records = await Promise.all(
      ["webgpu", "cpu"].map(
        async (name) => JSON.parse(await readFile(at(`${name}/run.json`), "utf8")).device,
      ),
    );
    expect(records).toEqual([expect.stringMatching(/^webgpu: SwiftShader/), "cpu"]);

    const reference = await predict("cpu", "cpu");
    expect(reference.length).toBe(regions);
    const largest = (scores: number[]) =>
      Math.max(...scores.map((score, i) => Math.abs(score - reference[i])));
    // The weights that the CPU found, computed on WebGPU; and the weights that WebGPU found.
    expect(largest(await predict("cpu", "webgpu", environment!))).toBeLessThan(1e-5);
    expect(largest(await predict("webgpu", "cpu"))).toBeLessThan(1e-3);
  });
});
