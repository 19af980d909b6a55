import { BindscapeError } from "@bindscape/numerics";
import type * as Ort from "onnxruntime-node";
import { Graph } from "./graph.js";
import { emitModel } from "./onnx/emit-model.js";
import { type Download, OrtDeviceTensor, OrtSession } from "./ort-session.js";
import { cpuTraits, type Runtime, type SessionOptions, webGpuTraits } from "./runtime.js";

/** What ONNX Runtime for Node computes on. CUDA's files are no part of its package: they are fetched on wish. */
export const nodeDevices = ["cpu", "webgpu", "cuda"] as const;
export type NodeDevice = (typeof nodeDevices)[number];

/**
 * ONNX Runtime for Node. The library is loaded at the first session. A run blocks the thread it is called from.
 * Where a node has no kernel on the device, the CPU computes it.
 */
export function nodeRuntime(device: NodeDevice = "cpu"): Runtime {
  const name = `onnxruntime-node (${device})`;
  const createSession = async (model: Uint8Array, options: SessionOptions = {}) => {
    const ort = await loadOrt();
    const session = await createOrtSession(ort, device, model, options);
    // With outputs on a device ONNX Runtime leaves arrays that it is given for others as they are.
    return new OrtSession(ort, session, {
      profiled: options.profile !== undefined,
      copiesResults: device === "webgpu",
    });
  };
  if (device !== "webgpu") return { name, traits: cpuTraits, createSession };
  const downloader = new Downloader(device);
  return {
    name,
    traits: webGpuTraits,
    createSession,
    createDeviceVector: (length) => new OrtDeviceTensor([length], downloader.download),
  };
}

async function loadOrt(): Promise<typeof Ort> {
  // Since 1.30 ONNX Runtime reports its use to its makers and leaves an identifier in the cache folder, unless
  // told not to before it starts. A value that is set already stays.
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new BindscapeError({
      source: "onnxruntime-node",
      found: "ONNX Runtime could not be loaded",
      next: "Run `npm install` again; `bindscape doctor` says which processors it supports",
      cause,
    });
  }
}

async function createOrtSession(
  ort: typeof Ort,
  device: NodeDevice,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Ort.InferenceSession> {
  const { threads, profile, keepOnDevice = [] } = options;
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      interOpNumThreads: 1,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
      ...(keepOnDevice.length === 0
        ? {}
        : {
            preferredOutputLocation: Object.fromEntries(
              keepOnDevice.map((output) => [output, "gpu-buffer" as const]),
            ),
          }),
      logSeverityLevel: 3,
      // Adam's second moments of rarely used weights decay into denormal numbers, which are slow on most processors.
      extra: { session: { set_denormal_as_zero: "1" } },
    });
  } catch (cause) {
    if (device === "cpu") throw cause;
    const [reason] = cause instanceof Error ? cause.message.split("\n", 1) : [String(cause)];
    throw new BindscapeError({
      source: `device ${device}`,
      // ONNX Runtime puts the place in its own source before the reason.
      found: reason.replace(/^.* was false\. /, "").slice(0, 300),
      expected: "a device that ONNX Runtime can compute on",
      next: "`bindscape doctor` says which devices work here; --device cpu always does",
      cause,
    });
  }
}

/**
 * Copies tensors from the device by a model that does nothing, since ONNX Runtime 1.30 for Node ends the process
 * where a tensor is asked for its values itself.
 */
class Downloader {
  #session: Promise<Ort.InferenceSession> | undefined;

  constructor(readonly device: NodeDevice) {}

  readonly download: Download = async (tensor) => {
    this.#session ??= this.#create();
    const session = await this.#session;
    const results = await session.run({ x: tensor as Ort.Tensor });
    return (results["y"].data as Float32Array).slice();
  };

  async #create(): Promise<Ort.InferenceSession> {
    const graph = new Graph({ batch: "free", phase: "inference" });
    const x = graph.input("x", [graph.batch]);
    const model = emitModel({
      graphName: "download",
      inputs: graph.inputs,
      stored: new Map(),
      outputs: new Map([["y", x]]),
    });
    return createOrtSession(await loadOrt(), this.device, model, {});
  }
}
