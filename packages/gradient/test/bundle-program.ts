import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Bundles a TypeScript program from the packages' sources, for a process of its own or for a page.
 * @param source path of the program
 * @returns path of the bundle, an ECMAScript module, gone after the test file
 */
export async function bundleProgram(source: string, platform: "node" | "browser"): Promise<string> {
  // Below node_modules, so that what stays outside of the bundle is found from there.
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "bindscape-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "program.mjs");
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: "esm",
    platform,
    target: "es2022",
    conditions: ["bindscape-source"],
    external: ["onnxruntime-node", "onnxruntime-web", "onnxruntime-web/*"],
    logLevel: "silent",
  });
  return outfile;
}
