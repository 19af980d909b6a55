// Runs the operator cases on Node's WebGPU and prints each result as a line of JSON. Started by operators-webgpu.test.ts.
import { nodeRuntime } from "../src/runtime.node.js";
import { operatorCases } from "./operator-cases.js";
import { runOperators } from "./run-operators.js";

const from = Number(process.argv[2]);
await runOperators(nodeRuntime("webgpu"), operatorCases.slice(from), (result) =>
  console.log(JSON.stringify(result)),
);
process.exit(0);
