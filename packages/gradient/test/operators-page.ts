// The page of operators-browser.test.ts.
import { type WebDevice, type WebOrtModule, webRuntime } from "../src/web-runtime.js";
import { operatorCases } from "./operator-cases.js";
import { type CaseResult, oneCaseEach, runOperators } from "./run-operators.js";

async function runDevice(device: WebDevice, all: boolean): Promise<CaseResult[]> {
  const ort: WebOrtModule =
    device === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  const results: CaseResult[] = [];
  await runOperators(webRuntime(ort, { device }), all ? operatorCases : oneCaseEach, (result) =>
    results.push(result),
  );
  return results;
}

Object.assign(globalThis, { runDevice, ready: true });
