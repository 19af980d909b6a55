import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, type Build, nodeRuntime, TrainingStep } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { designSizes, factorNet } from "./factornet-network.js";
import type { Figure } from "./figure.js";
import { danQ, deepSea, RECURRENT_STEPS, recurrent } from "./large-networks.js";

const STEPS = 8;
const WARM_UPS = 3;

interface ProfiledWork {
  readonly build: Build;
  readonly batchSize: number;
  readonly values: number;
  readonly labels?: number;
}

const WORKS: Readonly<Record<string, ProfiledWork>> = {
  FactorNet: { build: factorNet(designSizes), batchSize: 100, values: 100 * 6 * 1000, labels: 100 },
  DanQ: { build: danQ, batchSize: 50, values: 50 * 4 * 1000, labels: 50 * 919 },
  DeepSEA: { build: deepSea, batchSize: 100, values: 100 * 4 * 1000, labels: 100 * 919 },
  "LSTM 32": { build: recurrent(32), batchSize: 200, values: 200 * RECURRENT_STEPS * 32 },
};

/**
 * Where a training step goes, by ONNX Runtime's profile of one thread: milliseconds a step of each kind of node in each layer,
 * the ten most costly. Prints tables for `bench/PROFILE.md`; there is no figure to compare.
 */
export async function run(): Promise<Figure[]> {
  for (const [name, work] of Object.entries(WORKS)) {
    const { rows, total } = await profileStep(work);
    console.log(
      `\n### ${name}: ${total.toFixed(1)} ms in nodes a step\n\n| layer and node | ms a step | share |\n|---|---|---|`,
    );
    for (const [node, milliseconds] of rows.slice(0, 10)) {
      console.log(
        `| ${node} | ${milliseconds.toFixed(2)} | ${((100 * milliseconds) / total).toFixed(0)} % |`,
      );
    }
  }
  return [];
}

async function profileStep(work: ProfiledWork): Promise<{ rows: [string, number][]; total: number }> {
  const folder = mkdtempSync(join(tmpdir(), "bindscape-profile-"));
  try {
    const { build, batchSize, values, labels } = work;
    const random = new Random("profile");
    const batch: Record<string, Float32Array> = {
      windows: Float32Array.from({ length: values }, () => random.uniform()),
    };
    if (labels) batch["labels"] = Float32Array.from({ length: labels }, () => random.integer(2));
    const options = { build, batchSize, optimizer: adam(), seed: 1, threads: 1 };
    const step = await TrainingStep.create(nodeRuntime(), { ...options, profile: join(folder, "profile") });
    for (let i = 0; i < WARM_UPS + STEPS; i++) await step.run(batch, 1e-3);
    await step.release();
    return readProfile(join(folder, readdirSync(folder)[0]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sums the kernel times of the steps behind the warm-ups, by layer and operator. */
function readProfile(path: string): { rows: [string, number][]; total: number } {
  const events = JSON.parse(readFileSync(path, "utf8")) as {
    cat: string;
    name: string;
    dur: number;
    args?: { op_name?: string };
  }[];
  const sums = new Map<string, number>();
  const seen = new Map<string, number>();
  let total = 0;
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    const run = seen.get(name) ?? 0;
    seen.set(name, run + 1);
    if (run < WARM_UPS) continue;
    const layer = name.replace(/_kernel_time$/, "").replace(/\/[^/]*\/\d+.*$/, "");
    const key = layer.includes("/") || layer === "" ? (args?.op_name ?? name) : `${layer}: ${args?.op_name}`;
    const milliseconds = dur / 1000 / STEPS;
    sums.set(key, (sums.get(key) ?? 0) + milliseconds);
    total += milliseconds;
  }
  return { rows: [...sums].sort((a, b) => b[1] - a[1]), total };
}
