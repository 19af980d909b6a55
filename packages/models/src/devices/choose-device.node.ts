import { type NodeDevice, nodeDevices } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { hasCudaFiles } from "./cuda-files.node.js";
import { type DeviceProbe, probeDevice } from "./probe-device.node.js";

export const deviceChoices = ["auto", ...nodeDevices] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

/** Where networks are to be computed, as run records name it. */
export interface ChosenDevice {
  readonly device: NodeDevice;
  /** Name of the graphics card; null on the CPU. */
  readonly adapter: string | null;
  /** What the user should know, one line. */
  readonly warning?: string;
}

const nextSteps: Readonly<Record<Exclude<NodeDevice, "cpu">, string>> = {
  webgpu: "Install the graphics card's driver (on Linux with Vulkan: libvulkan1 and the maker's driver)",
  cuda: "CUDA 12 and cuDNN 9, then `npm install --onnxruntime-node-install=cuda12`",
};

/** What is taken where nothing is chosen. */
export const cpuDevice: ChosenDevice = { device: "cpu", adapter: null };

/** What to do where a device does not work. */
export function adviseOnDevice(device: Exclude<NodeDevice, "cpu">): string {
  return nextSteps[device];
}

/**
 * Resolves `--device`. A device that is named is tried first and refused where it does not compute what it should.
 * "auto" is CUDA where its files were installed and work, and else the CPU. It never chooses WebGPU: recurrent layers
 * are thousands of small kernels there, and which networks win on which cards has not been measured.
 */
export async function chooseDevice(choice: DeviceChoice = "auto"): Promise<ChosenDevice> {
  if (choice === "cpu") return cpuDevice;
  if (choice === "auto") {
    if (!hasCudaFiles()) return cpuDevice;
    const { problem, adapter } = await probeDevice("cuda");
    return problem === null ? { device: "cuda", adapter } : cpuDevice;
  }
  const probe = await probeDevice(choice);
  if (probe.problem !== null) throw refuseDevice(choice, probe);
  const { adapter, isSoftware } = probe;
  const warning = `${adapter} is no graphics card but software: right, and much slower than --device cpu`;
  return { device: choice, adapter, ...(isSoftware && { warning }) };
}

function refuseDevice(device: Exclude<NodeDevice, "cpu">, { offered, problem }: DeviceProbe): BindscapeError {
  return new BindscapeError({
    source: `--device ${device}`,
    found: offered ? `${problem}` : `not offered on this platform: ${problem}`,
    expected: "a device that computes what it should",
    next: `${adviseOnDevice(device)}, or use --device cpu`,
  });
}
