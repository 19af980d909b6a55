import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bundleProgram } from "./bundle-program.js";
import { nameOf } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";
import { keepResults, type OperatorResults } from "./operator-results.js";
import type { CaseResult } from "./run-operators.js";
import { findSwiftShader, skipLoudly } from "./swift-shader.js";

const environment = findSwiftShader();
if (environment === null)
  skipLoudly("operators on WebGPU", "no Vulkan driver (apt install chromium brings one)");
const results = keepResults("webgpu");

/** Runs all cases in processes of their own: a case that ends its process is noted, and the next one begins after it. */
function runAll(program: string, into: OperatorResults): void {
  while (into.size < operatorCases.length) {
    const { stdout, stderr, signal, status } = spawnSync(process.execPath, [program, `${into.size}`], {
      encoding: "utf8",
      env: environment!,
      timeout: 800_000,
    });
    for (const line of stdout.split("\n").filter((text) => text.startsWith("["))) {
      const [name, result] = JSON.parse(line) as CaseResult;
      into.set(name, result);
    }
    if (into.size === operatorCases.length) return;
    into.set(
      nameOf(operatorCases[into.size]),
      `the process ended (${signal ?? status}): ${stderr.slice(-300)}`,
    );
  }
}

describe.skipIf(environment === null)("operators on Node's WebGPU (SwiftShader)", () => {
  it("all cases agree with float64", { timeout: 900_000 }, async () => {
    runAll(
      await bundleProgram(fileURLToPath(new URL("./webgpu-process.ts", import.meta.url)), "node"),
      results,
    );
    expect([...results].filter(([, result]) => typeof result === "string")).toEqual([]);
  });
});
