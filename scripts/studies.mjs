// `npm run studies`: the full examples, which take minutes to hours; CI runs their small forms.
import { run } from "./run.mjs";

run(process.execPath, ["scripts/examples.mjs", ...process.argv.slice(2)]);
