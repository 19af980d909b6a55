import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bundleProgram } from "./bundle-program.js";
import { expectClose } from "./check.js";
import { findSwiftShader, skipLoudly } from "./swift-shader.js";

const environment = findSwiftShader();
if (environment === null)
  skipLoudly("training on WebGPU", "no Vulkan driver (apt install chromium brings one)");

interface Run {
  readonly losses: number[];
  /** Of the second half, resumed from the state at its start. */
  readonly again: number[];
  readonly probability: number[];
  readonly slopes: number[];
}

describe.skipIf(environment === null)(
  "a network with FactorNet's layers on Node's WebGPU (SwiftShader)",
  () => {
    it("trains, resumes, predicts and differentiates as on the CPU", { timeout: 900_000 }, async () => {
      const program = await bundleProgram(
        fileURLToPath(new URL("./training-process.ts", import.meta.url)),
        "node",
      );
      const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
        encoding: "utf8",
        env: environment!,
        timeout: 800_000,
      });
      expect(status, stderr.slice(-500)).toBe(0);
      const results = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as {
        rate: number;
        cpu: Run;
        webgpu: Run;
      }[];
      for (const { rate, cpu, webgpu } of results) {
        expectClose(webgpu.losses, cpu.losses, 1e-4, `losses of 20 steps, dropout ${rate}`);
        expectClose(webgpu.probability, cpu.probability, 1e-4, "probabilities");
        expectClose(webgpu.slopes, cpu.slopes, 1e-4, "input gradients");
        // The same device gives the same weights bit for bit, resumed or not.
        expect(webgpu.again).toEqual(webgpu.losses.slice(10));
        expect(cpu.again).toEqual(cpu.losses.slice(10));
        expect(cpu.losses[19]).toBeLessThan(cpu.losses[0]);
      }
    });
  },
);
