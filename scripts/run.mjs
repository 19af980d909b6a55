// Steps the other scripts share: install if needed, build, run a program and stop where it fails.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a program in the repository's root; ends this process with its exit code where it fails. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32" && program !== process.execPath,
    ...options,
  });
  if (result.error) {
    console.error(`${program}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.signal) process.exit(130);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** `npm ci` where node_modules is missing or older than the lock file. */
export function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Bindscape needs Node 20.19 or newer; this is ${process.version}.`);
    process.exit(2);
  }
  const marker = join(root, "node_modules/.package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  if (existsSync(marker) && sameLock(marker, lock)) return;
  // Standard output is left to the program that runs next, which may print JSON there.
  run("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["inherit", 2, 2] });
}

/** A checkout may make the lock file look newer than the packages installed from it. */
function sameLock(marker, lock) {
  const installed = JSON.parse(readFileSync(marker, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(lock, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version,
  );
}

/** Compiles the packages, and the benchmarks with them where asked. */
export function build(...projects) {
  run("npx", ["--no-install", "tsc", "-b", ".", ...projects], { stdio: ["inherit", 2, 2] });
}
