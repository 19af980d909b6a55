/** A tensor in the machine's memory, as a runtime takes and gives it: float32 values in row-major order. */
export interface TensorValue {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A tensor that stays where a device computed it. Made by the runtime; runs read it or write it anew. */
export interface DeviceTensor {
  readonly shape: readonly number[];
  /** A copy of the values. */
  read(): Promise<Float32Array>;
  /** Replaces the values; they are copied. */
  write(values: Float32Array): void;
  /** Frees the memory on the device; the tensor is of no use afterwards. */
  release(): void;
}

export interface SessionOptions {
  /** Threads for one run; results are the same bit for bit only for the same number. */
  readonly threads?: number;
  /** Path prefix of a profile to write, where the runtime can (measurements only). */
  readonly profile?: string;
  /** Outputs that runs are given {@link DeviceTensor}s for. */
  readonly keepOnDevice?: readonly string[];
}

/** One ONNX model ready to run. */
export interface Session {
  /**
   * Runs the model. Feeds are read in place, not copied. Where `into` has a tensor for an output, the result is
   * written there and nothing is allocated; it must not be among the feeds.
   * @returns the values of all outputs but those that stay on the device
   */
  run(
    feeds: Readonly<Record<string, TensorValue | DeviceTensor>>,
    outputs: readonly string[],
    into?: Readonly<Record<string, TensorValue | DeviceTensor>>,
  ): Promise<Record<string, TensorValue>>;
  release(): Promise<void>;
}

/** What graphs for a device are written by: the same numbers, other nodes. */
export interface DeviceTraits {
  /** Whether ONNX's recurrent operators are computed on the device; else recurrences are written step by step. */
  readonly fusedRecurrence: boolean;
  /** Most parts that one node may join or cut; more become a tree of nodes. */
  readonly largestJoin: number;
  /** Whether a transposed convolution may have groups; else there is one for each group. */
  readonly groupedTranspose: boolean;
}

/** A processor with its own memory at hand; also what exported models are written for. */
export const cpuTraits: DeviceTraits = {
  fusedRecurrence: true,
  largestJoin: Number.POSITIVE_INFINITY,
  groupedTranspose: true,
};

/**
 * WebGPU. There is no kernel for recurrent operators: they would be computed on the CPU and copied there and back.
 * A kernel may use eight storage buffers on every device (WebGPU, section 3.6.2, "Limits"); six leave room for others.
 * Transposed convolutions with groups are wrong in ONNX Runtime 1.30 where a group has a single filter.
 */
export const webGpuTraits: DeviceTraits = {
  fusedRecurrence: false,
  largestJoin: 6,
  groupedTranspose: false,
};

/** What executes ONNX models: onnxruntime-node, onnxruntime-web, or a stand-in for tests. */
export interface Runtime {
  readonly name: string;
  readonly traits: DeviceTraits;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** A vector that stays on the device, zero at first; absent where nothing is won by that. */
  readonly createDeviceVector?: (length: number) => DeviceTensor;
}
