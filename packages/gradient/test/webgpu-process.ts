// Runs the operator cases on Node's WebGPU and prints each result as a line of JSON. Started by operators-webgpu.test.ts.
import { nodeRuntime } from "../src/runtime.node.js";
import { prepareCase } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";
import { runOperators } from "./run-operators.js";

const from = Number(process.argv[2]);
const runtime = nodeRuntime("webgpu");
// While any session is open the device stays, and with it the kernels that were compiled for earlier cases.
await runtime.createSession(prepareCase(operatorCases[0]).model);
await runOperators(runtime, operatorCases.slice(from), (result) => console.log(JSON.stringify(result)));
process.exit(0);
