// `npm start`: installs and builds where needed, then runs the demo. Options behind `--` go to the demo.
import { build, install, run } from "./run.mjs";

install();
build();
run(process.execPath, ["packages/cli/bin/bindscape.js", "demo", ...process.argv.slice(2)]);
