// `npm run bench -- NAME [--json]`: builds, then runs one benchmark of bench/src (or all of them).
import { spawnSync } from "node:child_process";

const options = { stdio: "inherit", shell: process.platform === "win32" };
const build = spawnSync("npx", ["tsc", "-b", ".", "bench"], { ...options, stdio: ["inherit", 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);
const run = spawnSync(process.execPath, ["bench/dist/main.js", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
