import { exportOnnx, type Graph, sigmoid } from "@bindscape/gradient";
import { hasCudaFiles } from "./cuda-files.node.js";
import type { DeviceAnswer } from "./probe-device.node.js";

/** The little of ONNX Runtime that is used here. */
interface OnnxRuntime {
  readonly env: { logLevel?: string };
  listSupportedBackends(): { readonly name: string }[];
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { executionProviders: string[]; logSeverityLevel: number },
    ): Promise<{
      run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
    }>;
  };
}

/** Tries one device of ONNX Runtime and prints the answer as a line of JSON. Started by
 * `probeDevice`; what ONNX Runtime logs names the graphics cards. */
async function tryDevice(device: string, module: string): Promise<DeviceAnswer> {
  let offered = false;
  try {
    const loaded = (await import(module)) as OnnxRuntime & { readonly default?: OnnxRuntime };
    const runtime = loaded.default ?? loaded;
    runtime.env.logLevel = "verbose";
    offered = runtime.listSupportedBackends().some(({ name }) => name === device);
    if (!offered) return { offered, problem: "ONNX Runtime for Node has no such backend here" };
    if (device === "cuda" && !hasCudaFiles())
      return { offered, problem: "its files are not installed (they are fetched on wish only)" };
    const model = exportOnnx({ build: buildSigmoid, parameters: new Map() });
    const session = await runtime.InferenceSession.create(model, {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    const feeds = { x: new runtime.Tensor("float32", Float32Array.of(0, -2), [2, 1]) };
    const { data } = (await session.run(feeds)).y;
    const isRight = Math.abs(data[0] - 0.5) < 1e-4 && Math.abs(data[1] - 1 / (1 + Math.exp(2))) < 1e-4;
    return { offered, problem: isRight ? null : `computes ${[...data].join(", ")}` };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // ONNX Runtime puts the place in its own source before the reason.
    return {
      offered,
      problem: text
        .split("\n", 1)[0]
        .replace(/^.* was false\. /, "")
        .slice(0, 200),
    };
  }
}

function buildSigmoid(graph: Graph) {
  return { outputs: { y: sigmoid(graph.input("x", [{ symbol: "N", multiple: 1 }, 1])) } };
}

// As in the gradient package's runtime: no reports of its use.
process.env.ORT_DISABLE_TELEMETRY ??= "1";
const [device, module] = process.argv.slice(2);
const answer = await tryDevice(device, module);
console.log(JSON.stringify(answer));
// Devices may leave threads behind.
process.exit(0);
