import { BindscapeError } from "@bindscape/numerics";
import type * as Ort from "onnxruntime-common";
import type { DeviceTensor, Session, TensorValue } from "./runtime.js";
import { product } from "./shape.js";

/** The parts of ONNX Runtime's JavaScript interface, the same for Node and browsers, that are used here. */
export type OrtModule = Pick<typeof Ort, "InferenceSession" | "Tensor">;

export interface OrtSessionOptions {
  readonly profiled?: boolean;
  /** Whether results are copied into the arrays they are wanted in, for builds that write into none. */
  readonly copiesResults?: boolean;
}

/** A session of ONNX Runtime, in Node or in a browser. */
export class OrtSession implements Session {
  readonly #ort: OrtModule;
  readonly #session: Ort.InferenceSession;
  readonly #options: OrtSessionOptions;
  /** Wrapping an array as a tensor costs more than looking it up: parameters and buffers come back every step. */
  readonly #wrapped = new WeakMap<TensorValue, Ort.Tensor>();

  constructor(ort: OrtModule, session: Ort.InferenceSession, options: OrtSessionOptions = {}) {
    this.#ort = ort;
    this.#session = session;
    this.#options = options;
  }

  async run(
    feeds: Readonly<Record<string, TensorValue | DeviceTensor>>,
    outputs: readonly string[],
    into: Readonly<Record<string, TensorValue | DeviceTensor>> = {},
  ): Promise<Record<string, TensorValue>> {
    const inputTensors: Record<string, Ort.Tensor> = {};
    for (const name of this.#session.inputNames) inputTensors[name] = this.#tensorOf(feeds[name]);
    const fetches: Record<string, Ort.Tensor | null> = {};
    for (const name of outputs) {
      const target = into[name];
      const isNew = target === undefined || target instanceof OrtDeviceTensor || this.#options.copiesResults;
      fetches[name] = isNew ? null : this.#tensorOf(target);
    }
    const results = await this.#session.run(inputTensors, fetches).catch((cause: unknown) => {
      throw describeRunError(cause);
    });
    const values: Record<string, TensorValue> = {};
    for (const name of outputs) {
      const target = into[name];
      if (target instanceof OrtDeviceTensor) {
        target.adopt(results[name]);
        continue;
      }
      const { data, dims } = results[name];
      values[name] = (target as TensorValue | undefined) ?? { data: data as Float32Array, shape: dims };
      if (target !== undefined && this.#options.copiesResults) values[name].data.set(data as Float32Array);
    }
    return values;
  }

  async release(): Promise<void> {
    if (this.#options.profiled) this.#session.endProfiling();
    await this.#session.release();
  }

  #tensorOf(value: TensorValue | DeviceTensor): Ort.Tensor {
    if (value instanceof OrtDeviceTensor) return value.tensorFor(this.#ort);
    const host = value as TensorValue;
    let tensor = this.#wrapped.get(host);
    if (tensor === undefined) {
      tensor = wrap(this.#ort, host.data, host.shape);
      this.#wrapped.set(host, tensor);
    }
    return tensor;
  }
}

/** ONNX Runtime's error as one that names the layer, where it says which node ran out of memory; else as it is. */
function describeRunError(cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!/alloc/i.test(message)) return cause;
  const node = /Name:'([^']*)'/.exec(message)?.[1] ?? "";
  const bytes = /size:? ?(\d+)/.exec(message)?.[1];
  return new BindscapeError({
    source: node === "" ? "network" : `layer "${node.replace(/\/[^/]*\/\d+$/, "")}"`,
    found:
      bytes === undefined ? "not enough memory" : `not enough memory for ${formatBytes(Number(bytes))} more`,
    expected: "memory for one batch on the device",
    next: "Take fewer windows a batch, shorter windows or a smaller network",
    cause,
  });
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`;
}

/** How a runtime copies a tensor from its device. */
export type Download = (tensor: Ort.Tensor) => Promise<Float32Array>;

/** A tensor that a run left on the device, or values that the next run takes there. */
export class OrtDeviceTensor implements DeviceTensor {
  readonly shape: readonly number[];
  readonly #download: Download;
  #state: Float32Array | Ort.Tensor;

  constructor(shape: readonly number[], download: Download) {
    this.shape = shape;
    this.#download = download;
    this.#state = new Float32Array(product(shape));
  }

  /** As the library takes it. */
  tensorFor(ort: OrtModule): Ort.Tensor {
    return this.#state instanceof Float32Array ? wrap(ort, this.#state, this.shape) : this.#state;
  }

  /** Takes over what a run left on the device. */
  adopt(tensor: Ort.Tensor): void {
    this.release();
    this.#state = tensor;
  }

  async read(): Promise<Float32Array> {
    return this.#state instanceof Float32Array ? this.#state.slice() : this.#download(this.#state);
  }

  write(values: Float32Array): void {
    this.release();
    this.#state = values.slice();
  }

  release(): void {
    if (!(this.#state instanceof Float32Array)) this.#state.dispose();
  }
}

function wrap(ort: OrtModule, data: Float32Array, shape: readonly number[]): Ort.Tensor {
  return new ort.Tensor("float32", data, shape as number[]);
}
