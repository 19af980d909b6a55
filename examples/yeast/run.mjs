// Trains on all eight factors and evaluates them; `--small` trains one factor for a few steps. Output goes to
// `out` beside this file, or to the folder that --out names.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(here, "../../packages/cli/bin/bindscape.js");
const options = process.argv.slice(2);
const size = options.includes("--small") ? "--small" : "--all";
const at = options.indexOf("--out");
const out = at >= 0 ? options[at + 1] : join(here, "out");
const { status } = spawnSync(process.execPath, [cli, "demo", size, "--out", out], { stdio: "inherit" });
process.exit(status ?? 1);
