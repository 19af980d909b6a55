import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, type OpenPage, openPage } from "./browser.js";
import { bundleProgram } from "./bundle-program.js";
import { operatorCases } from "./operator-cases.js";
import { keepResults } from "./operator-results.js";
import { type CaseResult, oneCaseEach } from "./run-operators.js";
import { skipLoudly } from "./swift-shader.js";

const isThere = findChromium() !== null;
if (!isThere)
  skipLoudly("operators in a browser", "no Chromium (apt install chromium, or set BINDSCAPE_CHROMIUM)");
const results = keepResults("browser");

describe.skipIf(!isThere)("operators in Chromium", () => {
  let opened: OpenPage;

  beforeAll(async () => {
    const program = fileURLToPath(new URL("./operators-page.ts", import.meta.url));
    opened = await openPage(await bundleProgram(program, "browser"));
  });

  afterAll(() => opened?.close());

  const run = (device: string, all: boolean) =>
    opened.page.evaluate(`runDevice("${device}", ${all})`) as Promise<CaseResult[]>;

  it("the page has threads and WebGPU", async () => {
    expect(await opened.page.evaluate("crossOriginIsolated")).toBe(true);
    expect(
      await opened.page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter !== null)"),
    ).toBe(true);
  });

  it("all cases agree with float64 on WebAssembly", { timeout: 900_000 }, async () => {
    for (const [name, result] of await run("wasm", true)) results.set(name, result);
    expect(results.size).toBe(operatorCases.length);
    expect([...results].filter(([, result]) => typeof result === "string")).toEqual([]);
  });

  // All cases go through the same kernels in operators-webgpu.test.ts; compiling them for SwiftShader takes its time.
  it("a case of each operator agrees with float64 on WebGPU", { timeout: 900_000 }, async () => {
    const found = await run("webgpu", false);
    expect(found.length).toBe(oneCaseEach.length);
    expect(found.filter(([, result]) => typeof result === "string")).toEqual([]);
  });
});
