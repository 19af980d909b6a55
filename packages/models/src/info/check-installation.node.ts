import { access, constants, stat } from "node:fs/promises";
import { availableParallelism, cpus, homedir, totalmem } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Graph, nodeRuntime, Predictor, sigmoid } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { DEMO_FILES, locateDemoData } from "@bindscape/study";
import { adviseOnDevice } from "../devices/choose-device.node.js";
import { probeDevice } from "../devices/probe-device.node.js";

/** One thing that was checked. */
export interface InstallationCheck {
  readonly name: string;
  /** Fine, in need of attention though work goes on without, or an obstacle. */
  readonly status: "ok" | "missing" | "broken";
  /** What was found, one line. */
  readonly found: string;
  /** What to do about it, where something is to be done. */
  readonly next?: string;
}

export interface InstallationReport {
  /** Everything that training and prediction on the CPU need is there. */
  readonly works: boolean;
  readonly checks: readonly InstallationCheck[];
}

const leastNode = [20, 19] as const;

/** Checks what Bindscape needs of a machine. Nothing is downloaded. */
export async function checkInstallation(): Promise<InstallationReport> {
  const checks = [
    checkNode(process.versions.node),
    checkMachine(),
    await checkCpuEngine(),
    ...(await Promise.all((["webgpu", "cuda"] as const).map(checkDevice))),
    await checkCacheFolder(),
    await checkDemoData(),
  ];
  return { works: checks.every(({ status }) => status !== "broken"), checks };
}

/** @param version such as "20.19.0" */
export function checkNode(version: string): InstallationCheck {
  const [major, minor] = version.split(".").map(Number);
  const isRecent = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return {
    name: "Node",
    status: isRecent ? "ok" : "broken",
    found: version,
    next: isRecent ? undefined : `Install Node ${leastNode.join(".")} or later: https://nodejs.org`,
  };
}

function checkMachine(): InstallationCheck {
  const gibibytes = totalmem() / 2 ** 30;
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const isSmall = gibibytes < 2;
  return {
    name: "machine",
    status: isSmall ? "missing" : "ok",
    found: `${process.platform} ${process.arch}, ${availableParallelism()} cores (${model}), ${gibibytes.toFixed(1)} GiB of memory`,
    next: isSmall ? "Training needs about 1.5 GB even for small genomes: use a machine with more" : undefined,
  };
}

/** Runs a graph whose values are known: the logistic function of three numbers. */
async function checkCpuEngine(): Promise<InstallationCheck> {
  const name = "ONNX Runtime, cpu";
  try {
    const predictor = await Predictor.create(nodeRuntime(), {
      build: buildSigmoid,
      parameters: new Map(),
      threads: 1,
    });
    const outputs = await predictor.run({ x: Float32Array.of(0, 1, -2) }, 3);
    await predictor.release();
    const values = outputs.get("y") ?? new Float32Array(0);
    const expected = [0.5, 1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(2))];
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - (values[i] ?? Number.NaN))));
    if (worst < 1e-6) return { name, status: "ok", found: "computes what it should" };
    return {
      name,
      status: "broken",
      found: `computes ${[...values].join(", ")} in place of ${expected.join(", ")}`,
      next: "Run `npm install` again; if it stays, please report it with your processor's name",
    };
  } catch (error) {
    return {
      name,
      status: "broken",
      found: oneLine(error),
      next: "Run `npm install` again, on a platform ONNX Runtime has: Linux, macOS or Windows on x64 or arm64",
    };
  }
}

/** Whether a graphics card can be used, and which. */
async function checkDevice(device: "webgpu" | "cuda"): Promise<InstallationCheck> {
  const name = `ONNX Runtime, ${device}`;
  const { offered, problem, adapter, isSoftware } = await probeDevice(device);
  if (problem !== null) {
    return {
      name,
      status: "missing",
      found: offered ? `offered, but not usable: ${problem}` : `not offered on this platform: ${problem}`,
      next: `Only needed for speed: ${adviseOnDevice(device)}`,
    };
  }
  const found = `computes what it should on ${adapter ?? "a card without a name"}`;
  if (!isSoftware) return { name, status: "ok", found };
  return { name, status: "ok", found: `${found}, which is software: for tests, slower than the CPU` };
}

function buildSigmoid(graph: Graph) {
  return { outputs: { y: sigmoid(graph.input("x", [{ symbol: "N", multiple: 1 }, 1])) } };
}

/** The folder that downloads go to, as the study package has it. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: cache, HOME } = process.env;
  return join(cache && isAbsolute(cache) ? cache : join(HOME || homedir(), ".cache"), "bindscape");
}

async function checkCacheFolder(): Promise<InstallationCheck> {
  const name = "cache folder";
  const folder = cacheFolder();
  // The nearest folder that exists decides whether the missing ones can be made.
  let existing = folder;
  while (!(await isFolder(existing)) && resolve(existing, "..") !== existing)
    existing = resolve(existing, "..");
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return { name, status: "ok", found: `${folder} can be written` };
  } catch (error) {
    return {
      name,
      status: "missing",
      found: `${folder} cannot be written: ${oneLine(error)}`,
      next: "Set XDG_CACHE_HOME to a folder you may write to",
    };
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

const places = { environment: "BINDSCAPE_DATA", shared: "../shared/data", cache: "the cache" } as const;

/** Where the demo would find its data. The search is stopped before it would download anything. */
async function checkDemoData(): Promise<InstallationCheck> {
  const name = "demo data";
  const downloads = AbortSignal.abort(new Error("no download"));
  try {
    const { folder, ...found } = await locateDemoData({ signal: downloads });
    if (folder !== null && "origin" in found && found.origin !== "download") {
      return { name, status: "ok", found: `in ${places[found.origin]}: ${folder}` };
    }
  } catch (error) {
    if (error instanceof BindscapeError) {
      return { name, status: "missing", found: `${error.source}: ${error.found}`, next: error.next };
    }
    if (error !== downloads.reason) throw error;
  }
  const bytes = DEMO_FILES.reduce((sum, file) => sum + file.bytes, 0);
  return {
    name,
    status: "missing",
    found: "not on this machine",
    next: `\`bindscape demo\` downloads it (${(bytes / 1e6).toFixed(1)} MB), or simulates a study without a network`,
  };
}

export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0].trim();
}
