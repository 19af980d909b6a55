import { BindscapeError } from "@bindscape/numerics";
import type * as Ort from "onnxruntime-node";
import type { Runtime, Session, SessionOptions, TensorValue } from "./runtime.js";

/**
 * ONNX Runtime for Node on the CPU. The library is loaded at the first session, so that importing this package
 * costs nothing and works in a browser. A run blocks the thread it is called from.
 */
export function nodeRuntime(): Runtime {
  return {
    name: "onnxruntime-node (cpu)",
    async createSession(model, options = {}) {
      // Since 1.30 ONNX Runtime reports its use to its makers and leaves an identifier in the cache folder, unless
      // told not to before it starts. A value that is set already stays.
      process.env.ORT_DISABLE_TELEMETRY ??= "1";
      let ort: typeof Ort;
      try {
        ort = await import("onnxruntime-node");
      } catch (cause) {
        throw new BindscapeError({
          source: "onnxruntime-node",
          found: "ONNX Runtime could not be loaded",
          next: "Run `npm install` again; `bindscape doctor` says which processors it supports",
          cause,
        });
      }
      const session = await ort.InferenceSession.create(model, sessionOptions(options));
      return new NodeSession(ort, session, options.profile !== undefined);
    },
  };
}

function sessionOptions(options: SessionOptions): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    interOpNumThreads: 1,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    logSeverityLevel: 3,
    // Adam's second moments of rarely used weights decay into denormal numbers, which are slow on most processors.
    extra: { session: { set_denormal_as_zero: "1" } },
  };
}

class NodeSession implements Session {
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  /** Wrapping an array as a tensor costs more than looking it up: parameters and buffers come back every step. */
  readonly #wrapped = new WeakMap<TensorValue, Ort.Tensor>();

  readonly #profiled: boolean;

  constructor(ort: typeof Ort, session: Ort.InferenceSession, profiled: boolean) {
    this.#ort = ort;
    this.#profiled = profiled;
    this.#session = session;
  }

  async run(
    feeds: Readonly<Record<string, TensorValue>>,
    outputs: readonly string[],
    into: Readonly<Record<string, TensorValue>> = {},
  ): Promise<Record<string, TensorValue>> {
    const inputTensors: Record<string, Ort.Tensor> = {};
    for (const name of this.#session.inputNames) inputTensors[name] = this.#wrap(feeds[name]);
    const fetches: Record<string, Ort.Tensor | null> = {};
    for (const name of outputs) fetches[name] = name in into ? this.#wrap(into[name]) : null;
    const results = await this.#session.run(inputTensors, fetches);
    const values: Record<string, TensorValue> = {};
    for (const name of outputs) {
      values[name] = into[name] ?? { data: results[name].data as Float32Array, shape: results[name].dims };
    }
    return values;
  }

  async release(): Promise<void> {
    if (this.#profiled) this.#session.endProfiling();
    await this.#session.release();
  }

  #wrap(value: TensorValue): Ort.Tensor {
    let tensor = this.#wrapped.get(value);
    if (tensor === undefined) {
      tensor = new this.#ort.Tensor("float32", value.data, value.shape as number[]);
      this.#wrapped.set(value, tensor);
    }
    return tensor;
  }
}
