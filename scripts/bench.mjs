// `npm run bench -- NAME [--json]`: builds, then runs one benchmark of bench/src (or all of them).
import { build, install, run } from "./run.mjs";

install();
build("bench");
run(process.execPath, ["bench/dist/main.js", ...process.argv.slice(2)]);
