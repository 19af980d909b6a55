// `npm test`: installs and builds where needed, then runs every test. Options behind `--` go to vitest.
// Ends with one plain line, "tests: N passed, N failed, N skipped", which scripts can read.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, install, root } from "./run.mjs";

install();
build("bench");
const cache = join(root, "node_modules/.cache");
mkdirSync(cache, { recursive: true });
const results = join(cache, "test-results.json");
rmSync(results, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", ...reporters, ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit" },
);
try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, "utf8"));
  console.log(`tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  if (numPassedTests === 0 && status === 0) process.exit(1);
} catch {
  console.error("tests: the runner left no results");
  process.exit(status || 1);
}
process.exit(status ?? 1);
