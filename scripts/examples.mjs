// Runs every example of examples/: each folder has a run.mjs; `--small` asks for the form of at most a minute.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, install, root, run } from "./run.mjs";

install();
build();
const folder = join(root, "examples");
for (const name of readdirSync(folder).sort()) {
  const script = join(folder, name, "run.mjs");
  if (!existsSync(script)) continue;
  console.log(`-- examples/${name}`);
  run(process.execPath, [script, ...process.argv.slice(2)]);
}
