// `npm run fuzz -- [NAME ...] [--inputs N] [--seed N]`: builds, then gives damaged files to the readers.
import { spawnSync } from "node:child_process";

const options = { stdio: "inherit", shell: process.platform === "win32" };
const build = spawnSync("npx", ["tsc", "-b", ".", "bench"], { ...options, stdio: ["inherit", 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);
const run = spawnSync(process.execPath, ["bench/dist/fuzz.js", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
