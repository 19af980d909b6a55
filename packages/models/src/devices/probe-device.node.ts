import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isSoftwareAdapter, type NodeDevice } from "@bindscape/gradient";

/** What a device process says. */
export interface DeviceAnswer {
  readonly offered: boolean;
  /** Null where the device computed what it should. */
  readonly problem: string | null;
}

/** A device that was tried. */
export interface DeviceProbe extends DeviceAnswer {
  readonly device: NodeDevice;
  /** What the driver calls the card, or who made it; null where neither can be told. */
  readonly adapter: string | null;
  /** Whether the processor pretends to be a graphics card: right, but slow. */
  readonly isSoftware: boolean;
}

/** Milliseconds a device may take: a driver that hangs must not hang the check. */
const patience = 30_000;

/** Tries a device in a process of its own: drivers print, and may crash. */
export async function probeDevice(device: NodeDevice): Promise<DeviceProbe> {
  const { answer, log } = await askProcess(device);
  const adapter = device === "cpu" ? null : readAdapter(log);
  return { device, ...answer, adapter, isSoftware: adapter !== null && isSoftwareAdapter(adapter) };
}

/**
 * The name of the graphics card in what a device process logged: Vulkan's loader names the device that it opened;
 * elsewhere ONNX Runtime lists the cards that it finds (type 1).
 */
export function readAdapter(log: string): string | null {
  const opened = /Using "([^"]+)" with driver/.exec(log);
  if (opened) return opened[1];
  const listed =
    /OrtHardwareDevice \{[^{}]*\bvendor:([^,}]*), type:1, metadata: \[(?:[^\]]*Description=([^,\]]+))?/.exec(
      log,
    );
  return listed ? (listed[2] ?? listed[1]).trim() || null : null;
}

function askProcess(device: NodeDevice): Promise<{ answer: DeviceAnswer; log: string }> {
  // Run the built file, also where this one is run from its source (tests).
  const isSource = import.meta.url.endsWith(".ts");
  const built = isSource ? "../../dist/devices/device-process.node.js" : "./device-process.node.js";
  const program = fileURLToPath(new URL(built, import.meta.url));
  const env = { ...process.env, VK_LOADER_DEBUG: "driver" };
  return new Promise((resolve) => {
    const args = [program, device, findOnnxRuntime()];
    const options = { timeout: patience, env, maxBuffer: 1 << 26 };
    execFile(process.execPath, args, options, (error, output, log) => {
      // The answer is the last line: libraries may print before it.
      const line = output.trim().split("\n").at(-1) ?? "";
      try {
        resolve({ answer: JSON.parse(line) as DeviceAnswer, log });
      } catch {
        const how = error?.killed
          ? `no answer after ${patience / 1000} s`
          : `the process ended (${error?.code ?? error?.signal ?? 0})`;
        resolve({ answer: { offered: true, problem: how }, log });
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
