import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bundleProgram } from "./bundle-program.js";
import { expectClose } from "./check.js";
import { findSwiftShader, skipLoudly } from "./swift-shader.js";

const environment = findSwiftShader();
if (environment === null)
  skipLoudly("updates on WebGPU", "no Vulkan driver (apt install chromium brings one)");

describe.skipIf(environment === null)("updates on Node's WebGPU (SwiftShader)", () => {
  it("with clipping, groups, max-norm, an average and accumulation are those of the CPU", {
    timeout: 300_000,
  }, async () => {
    const program = await bundleProgram(
      fileURLToPath(new URL("./updates-process.ts", import.meta.url)),
      "node",
    );
    const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
      encoding: "utf8",
      env: environment!,
      timeout: 280_000,
      maxBuffer: 1 << 26,
    });
    expect(status, stderr.slice(-500)).toBe(0);
    const { cpu, webgpu } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    expect(cpu.losses.length).toBe(4);
    expectClose(webgpu.losses, cpu.losses, 1e-5, "losses");
    expectClose(webgpu.parameters, cpu.parameters, 1e-5, "parameters");
    expectClose(webgpu.averages, cpu.averages, 1e-5, "averages");
  });
});
