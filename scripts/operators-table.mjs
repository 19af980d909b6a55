// `node scripts/operators-table.mjs [TEST FILES]`: renews packages/gradient/OPERATORS.md. Runs the cases of all operators
// on every device (or in the test files that are named), stores their errors under
// packages/gradient/test/operator-results, then writes the table from them. A device that this machine lacks keeps the
// results that were stored last.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, install, root, run } from "./run.mjs";

const folder = "packages/gradient/test";
// Each device has a file of its own: operators.test.ts, operators-webgpu.test.ts, ...
const all = readdirSync(join(root, folder))
  .filter((name) => /^operators.*\.test\.ts$/.test(name) && name !== "operators-table.test.ts")
  .map((name) => `${folder}/${name}`);
const files = process.argv.length > 2 ? process.argv.slice(2) : all;
const env = { ...process.env, BINDSCAPE_OPERATORS_TABLE: "renew" };
install();
build();
for (const file of [...files, `${folder}/operators-table.test.ts`]) {
  run("npx", ["--no-install", "vitest", "run", file], { env });
}
