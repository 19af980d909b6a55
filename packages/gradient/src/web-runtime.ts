import { BindscapeError } from "@bindscape/numerics";
import type * as Ort from "onnxruntime-common";
import { OrtDeviceTensor, type OrtModule, OrtSession } from "./ort-session.js";
import { cpuTraits, type Runtime, type SessionOptions, webGpuTraits } from "./runtime.js";

/** What a page computes on: WebAssembly, on as many threads as the page may have, or the graphics card. */
export const webDevices = ["wasm", "webgpu"] as const;
export type WebDevice = (typeof webDevices)[number];

/** The parts of onnxruntime-web that are used here. */
export type WebOrtModule = OrtModule & {
  readonly env: { readonly wasm: { numThreads?: number } };
};

export interface WebRuntimeOptions {
  /** Default "wasm". */
  readonly device?: WebDevice;
  /**
   * Threads of WebAssembly, for all sessions of the page and fixed when the first one is made. More than one need a
   * page that is isolated from other origins (`crossOriginIsolated`). Default: half the processor's cores, at most 4.
   */
  readonly threads?: number;
}

/**
 * ONNX Runtime in a page or a web worker. The library is handed in, so that a page decides where it comes from:
 *
 *     import * as ort from "onnxruntime-web/wasm"; // or "onnxruntime-web/webgpu", which has both devices
 *     const runtime = webRuntime(ort);
 *
 * A run on "wasm" blocks its thread: train in a web worker, or let the page draw between steps.
 */
export function webRuntime(ort: WebOrtModule, options: WebRuntimeOptions = {}): Runtime {
  const { device = "wasm", threads } = options;
  if (threads !== undefined) ort.env.wasm.numThreads = threads;
  const createSession = async (model: Uint8Array, sessionOptions: SessionOptions = {}) => {
    const session = await createOrtSession(ort, device, model, sessionOptions);
    // WebAssembly has a memory of its own: results are copied out of it, whatever arrays are wanted.
    return new OrtSession(ort, session, { copiesResults: true });
  };
  const name = `onnxruntime-web (${device})`;
  if (device === "wasm") return { name, traits: cpuTraits, createSession };
  const download = async (tensor: Ort.Tensor) => ((await tensor.getData()) as Float32Array).slice();
  return {
    name,
    traits: webGpuTraits,
    createSession,
    createDeviceVector: (length) => new OrtDeviceTensor([length], download),
  };
}

async function createOrtSession(
  ort: WebOrtModule,
  device: WebDevice,
  model: Uint8Array,
  { keepOnDevice = [] }: SessionOptions,
): Promise<Ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      ...(keepOnDevice.length > 0 && {
        preferredOutputLocation: Object.fromEntries(
          keepOnDevice.map((output) => [output, "gpu-buffer" as const]),
        ),
      }),
      logSeverityLevel: 3,
      extra: { session: { set_denormal_as_zero: "1" } },
    });
  } catch (cause) {
    throw new BindscapeError({
      source: `device ${device}`,
      found: (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0].slice(0, 300),
      expected: "a device that ONNX Runtime can compute on in this browser",
      next: device === "webgpu" ? "Use WebAssembly" : "Use a browser of the last three years",
      cause,
    });
  }
}

/** A graphics card that a page can compute on, as the browser describes it. */
export interface WebAdapter {
  /** Maker and family, as far as the browser says. */
  readonly name: string;
  /** Whether the processor pretends to be one: right, but slow. */
  readonly isSoftware: boolean;
}

/** Finds the graphics card of the page; null where the browser has no WebGPU, or no card for it. */
export async function findWebAdapter(): Promise<WebAdapter | null> {
  const adapter = await (globalThis as WithGpu).navigator?.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  const { vendor = "", architecture = "", description = "", isFallbackAdapter = false } = adapter.info ?? {};
  const name = [vendor, architecture, description].filter((part) => part !== "").join(" ") || "unknown";
  return { name, isSoftware: isFallbackAdapter || isSoftwareAdapter(name) };
}

/** Whether a name is that of a driver that computes on the processor. */
export function isSoftwareAdapter(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i.test(name);
}

/** The little of WebGPU's interface that is used here; TypeScript's own declarations do not have it yet. */
interface WithGpu {
  readonly navigator?: {
    readonly gpu?: {
      requestAdapter(): Promise<{
        readonly info?: {
          readonly vendor?: string;
          readonly architecture?: string;
          readonly description?: string;
          readonly isFallbackAdapter?: boolean;
        };
      } | null>;
    };
  };
}
