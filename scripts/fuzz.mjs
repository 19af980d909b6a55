// `npm run fuzz -- [NAME ...] [--inputs N] [--seed N]`: builds, then gives damaged files to the readers.
import { build, install, run } from "./run.mjs";

install();
build("bench");
run(process.execPath, ["bench/dist/fuzz.js", ...process.argv.slice(2)]);
