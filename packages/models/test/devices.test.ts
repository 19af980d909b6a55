import { describe, expect, it } from "vitest";
import { chooseDevice } from "../src/devices/choose-device.node.js";
import { readAdapter } from "../src/devices/probe-device.node.js";

describe("the name of a graphics card", () => {
  it("is the one that Vulkan's loader opens", () => {
    const log = `[Vulkan Loader] INFO | DRIVER:             [0] NVIDIA H200
[Vulkan Loader] DRIVER:                Using "NVIDIA H200" with driver: "libGLX_nvidia.so.0"
Discovered OrtHardwareDevice {vendor_id:0x10DE, device_id:0x2335, vendor:NVIDIA, type:1, metadata: []}`;
    expect(readAdapter(log)).toBe("NVIDIA H200");
  });

  it("is else what ONNX Runtime says of it, its maker where it says no more", () => {
    const cpu =
      "Discovered OrtHardwareDevice {vendor_id:0x1022, device_id:0x0, vendor:AMD, type:0, metadata: []}";
    expect(readAdapter(cpu)).toBeNull();
    expect(
      readAdapter(
        `${cpu}\nDiscovered OrtHardwareDevice {vendor_id:0x106B, device_id:0x0, vendor:Apple, type:1, metadata: []}`,
      ),
    ).toBe("Apple");
    expect(
      readAdapter(
        "Discovered OrtHardwareDevice {vendor_id:0x8086, device_id:0x1, vendor:Intel, type:1, metadata: [Discrete=1, Description=Intel Arc A770, LUID=7]}",
      ),
    ).toBe("Intel Arc A770");
    expect(readAdapter("")).toBeNull();
  });
});

describe("--device auto", () => {
  it("is the CPU where CUDA was not installed", async () => {
    expect(await chooseDevice("cpu")).toEqual({ device: "cpu", adapter: null });
    expect(await chooseDevice()).toEqual({ device: "cpu", adapter: null });
  });
});
