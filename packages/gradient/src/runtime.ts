/** A tensor as a runtime takes and gives it: float32 values in row-major order. */
export interface TensorValue {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export interface SessionOptions {
  /** Threads for one run; results are the same bit for bit only for the same number. */
  readonly threads?: number;
  /** Path prefix of a profile to write, where the runtime can (measurements only). */
  readonly profile?: string;
}

/** One ONNX model ready to run. */
export interface Session {
  /**
   * Runs the model. Feeds are read in place, not copied. Where `into` has a tensor for an output, the result is
   * written there and nothing is allocated.
   */
  run(
    feeds: Readonly<Record<string, TensorValue>>,
    outputs: readonly string[],
    into?: Readonly<Record<string, TensorValue>>,
  ): Promise<Record<string, TensorValue>>;
  release(): Promise<void>;
}

/** What executes ONNX models: onnxruntime-node, onnxruntime-web, or a stand-in for tests. */
export interface Runtime {
  readonly name: string;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}
