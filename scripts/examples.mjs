// Runs the examples of examples/, or those named first; the rest of the command line goes to their run.mjs. `--small`
// asks for the form of at most a minute.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, install, root, run } from "./run.mjs";

const folder = join(root, "examples");
const all = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, "run.mjs")))
  .sort();
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith("--"));
const named = firstOption < 0 ? words : words.slice(0, firstOption);
const options = words.slice(named.length);
const unknown = named.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`no example named ${JSON.stringify(unknown)}; there are ${all.join(", ")}`);
  process.exit(2);
}
install();
build();
for (const name of named.length > 0 ? named : all) {
  console.log(`-- examples/${name}`);
  run(process.execPath, [join(folder, name, "run.mjs"), ...options]);
}
