import { parseArgs } from "node:util";
import { type FuzzCounts, FuzzFailure } from "./fuzz-reader.js";

/** Every fuzzed reader by name; adding one is a file with an exported `run` and a line here. */
const targets: Record<string, () => Promise<{ run(iterations: number, seed: number): Promise<FuzzCounts> }>> =
  {
    bigwig: () => import("./fuzz-bigwig.js"),
    motifs: () => import("./fuzz-motifs.js"),
    "motif-inputs": () => import("./fuzz-motif-inputs.js"),
    npz: () => import("./fuzz-npz.js"),
    safetensors: () => import("./fuzz-safetensors.js"),
    text: () => import("./fuzz-text.js"),
    "two-bit": () => import("./fuzz-two-bit.js"),
  };

const names = Object.keys(targets);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { inputs: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0 || !(Number.isSafeInteger(inputs) && inputs > 0 && Number.isSafeInteger(seed))) {
  console.error(
    `usage: npm run fuzz -- [NAME ...] [--inputs N] [--seed N]\nNAME is one of: ${names.join(", ")}`,
  );
  process.exit(2);
}
let failed = false;
for (const name of positionals.length > 0 ? positionals : names) {
  try {
    const { run } = await targets[name]();
    const { rejected, accepted } = await run(inputs, seed);
    console.log(`${name}: ${inputs} damaged files, ${rejected} rejected, ${accepted} read; no other outcome`);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    failed = true;
    console.error(`${name}: ${error.message}`);
    if (error.cause instanceof Error) console.error(error.cause.stack);
    console.error(`  again: npm run fuzz -- ${name} --inputs 1 --seed ${error.seed}`);
  }
}
process.exit(failed ? 1 : 0);
