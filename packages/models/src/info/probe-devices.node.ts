import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { InstallationCheck } from "./check-installation.node.js";

/** What one attempt of a device process says. */
export interface DeviceAnswer {
  readonly offered: boolean;
  /** Null where the device computed what it should. */
  readonly problem: string | null;
}

/** Milliseconds a device may take: a driver that hangs must not hang the check. */
const patience = 30_000;

const nextSteps: Readonly<Record<string, string>> = {
  webgpu: "Only needed for speed: install the graphics card's driver (on Linux with Vulkan)",
  cuda: "Only needed for speed: CUDA 12 and cuDNN 9, then `npm install --onnxruntime-node-install=cuda12`",
};

/** Whether graphics cards can be used. Each is tried in a process of its own: drivers print, and may crash. */
export async function probeDevices(): Promise<InstallationCheck[]> {
  return Promise.all(["webgpu", "cuda"].map(probeDevice));
}

async function probeDevice(device: string): Promise<InstallationCheck> {
  const name = `ONNX Runtime, ${device}`;
  const { offered, problem } = await askProcess(device);
  if (problem === null) return { name, status: "ok", found: "computes what it should" };
  return {
    name,
    status: "missing",
    found: offered ? `offered, but not usable: ${problem}` : `not offered on this platform: ${problem}`,
    next: nextSteps[device],
  };
}

function askProcess(device: string): Promise<DeviceAnswer> {
  // Run the built file, also where this one is run from its source (tests).
  const isSource = import.meta.url.endsWith(".ts");
  const built = isSource ? "../../dist/info/device-process.node.js" : "./device-process.node.js";
  const program = fileURLToPath(new URL(built, import.meta.url));
  return new Promise((resolve) => {
    const args = [program, device, findOnnxRuntime()];
    execFile(process.execPath, args, { timeout: patience }, (error, output) => {
      // The answer is the last line: libraries may print before it.
      const line = output.trim().split("\n").at(-1) ?? "";
      try {
        resolve(JSON.parse(line) as DeviceAnswer);
      } catch {
        const how = error?.killed
          ? `no answer after ${patience / 1000} s`
          : `the process ended (${error?.code ?? error?.signal ?? 0})`;
        resolve({ offered: true, problem: how });
      }
    });
  });
}

/** ONNX Runtime as the gradient package sees it, since it is that package's dependency. */
function findOnnxRuntime(): string {
  const here = createRequire(import.meta.url);
  try {
    return pathToFileURL(createRequire(here.resolve("@bindscape/gradient")).resolve("onnxruntime-node")).href;
  } catch {
    return "onnxruntime-node";
  }
}
