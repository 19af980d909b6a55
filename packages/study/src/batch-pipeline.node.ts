import { Worker } from "node:worker_threads";
import { BindscapeError, type ErrorParts } from "@bindscape/numerics";
import { keepPlannedTracks } from "./source-reader.js";
import { WindowMaker } from "./window-maker.js";
import {
  allocateBatch,
  countChannels,
  listSources,
  type WindowBatch,
  type WindowPlan,
  type WindowRequest,
  type WindowSource,
  type WindowSources,
} from "./windows.js";

/** What the pipeline sends a worker thread first, and then for every batch. */
export interface WorkerStart {
  readonly source: WindowSources;
  readonly plan: WindowPlan;
}
export interface WorkerTask {
  readonly id: number;
  readonly request: WindowRequest;
  readonly windows: ArrayBuffer;
  readonly features: ArrayBuffer;
}
export type WorkerReply =
  | { readonly id: number; readonly windows: ArrayBuffer; readonly features: ArrayBuffer }
  | {
      readonly id: number;
      readonly error: string;
      /** Of an error that is the input's. */
      readonly input?: ErrorParts;
    };

export interface PipelineOptions {
  /** Windows in the largest request; sets the size of the arrays that travel. */
  readonly batchSize: number;
  /** Worker threads; where left out one, and more (up to four) where many tracks are read from files. */
  readonly workers?: number;
  /** Batches in the making ahead of the one in use. */
  readonly ahead?: number;
}

/** A batch and its number in the order of the requests; give its arrays back with `release` when done. */
export interface PipelineBatch extends WindowBatch {
  readonly index: number;
  release(): void;
}

/**
 * Makes batches in worker threads, always some ahead of the one in use, because running a network blocks its
 * thread. The genome and the tracks are shared memory, or stay in files that every thread opens for itself; the arrays of
 * a batch are transferred back and forth and used again, never copied.
 */
export class BatchPipeline {
  readonly #workers: Worker[];
  readonly #free: { windows: ArrayBuffer; features: ArrayBuffer }[] = [];
  readonly #waiting = new Map<
    number,
    { resolve: (reply: WorkerReply) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  #closed = false;
  /** Why no batch can be made any more. */
  #failure: Error | null = null;
  /** Milliseconds the consumer has waited for batches since the pipeline started or `resetWait`. */
  waitedMilliseconds = 0;

  constructor(
    source: WindowSources,
    readonly plan: WindowPlan,
    readonly options: PipelineOptions,
  ) {
    // Refuses a plan that does not fit the source here and now, as the error it is: a thread would lose its type.
    new WindowMaker(source, plan);
    const planned = listSources(source).map((one) => keepPlannedTracks(one, plan));
    // Threads run the built file, also where this one is run from its source (tests), and without the options of
    // this process: conditions that resolve packages to their sources, or --input-type, would not fit them.
    const isSource = import.meta.url.endsWith(".ts");
    const file = new URL(
      isSource ? "../dist/batch-worker.node.js" : "./batch-worker.node.js",
      import.meta.url,
    );
    this.#workers = Array.from({ length: options.workers ?? chooseWorkers(planned) }, () => {
      const worker = new Worker(file, {
        workerData: { source: planned, plan } satisfies WorkerStart,
        execArgv: [],
      });
      worker.on("message", (reply: WorkerReply) => {
        this.#waiting.get(reply.id)?.resolve(reply);
        this.#waiting.delete(reply.id);
      });
      worker.on("error", (error) => this.#fail(error as Error));
      worker.on("exit", (code) => {
        if (!this.#closed) this.#fail(new Error(`a batch worker ended with code ${code}`));
      });
      worker.unref();
      return worker;
    });
  }

  /** Makes the batches of a sequence of requests, in order. */
  async *run(requests: Iterable<WindowRequest>): AsyncGenerator<PipelineBatch, void, undefined> {
    const ahead = Math.max(2, this.options.ahead ?? 3);
    const iterator = requests[Symbol.iterator]();
    const queue: Promise<{ reply: WorkerReply; count: number }>[] = [];
    const submit = () => {
      const { value, done } = iterator.next();
      if (done) return;
      const promise = this.#submit(value).then((reply) => ({ reply, count: value.binStarts.length }));
      promise.catch(() => {});
      queue.push(promise);
    };
    for (let i = 0; i < ahead; i++) submit();
    for (let index = 0; queue.length > 0; index++) {
      const start = performance.now();
      const { reply, count } = await queue.shift()!;
      this.waitedMilliseconds += performance.now() - start;
      submit();
      if ("error" in reply) throw reply.input ? new BindscapeError(reply.input) : new Error(reply.error);
      const { windows, features } = reply;
      const { windowLength } = this.plan;
      let released = false;
      yield {
        index,
        count,
        windows: new Float32Array(windows, 0, count * countChannels(this.plan) * windowLength),
        features: new Float32Array(features, 0, count * this.plan.features.length),
        release: () => {
          if (!released) this.#free.push({ windows, features });
          released = true;
        },
      };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fail(new Error("the batch pipeline was closed"));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #submit(request: WindowRequest): Promise<WorkerReply> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (request.binStarts.length > this.options.batchSize) {
      const sizes = `${request.binStarts.length} windows in a pipeline for ${this.options.batchSize}`;
      return Promise.reject(new RangeError(`a request of ${sizes}`));
    }
    const id = this.#nextId++;
    const buffers = this.#free.pop() ?? this.#allocate();
    const task: WorkerTask = { id, request, ...buffers };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const worker = this.#workers[id % this.#workers.length];
      worker.ref();
      worker.postMessage(task, [buffers.windows, buffers.features]);
    }).finally(() => {
      // Not once it is closed: the process must stay for the workers' end that close() waits for.
      if (!this.#closed && this.#waiting.size === 0) for (const worker of this.#workers) worker.unref();
    }) as Promise<WorkerReply>;
  }

  #allocate(): { windows: ArrayBuffer; features: ArrayBuffer } {
    const { windows, features } = allocateBatch(this.plan, this.options.batchSize);
    return { windows: windows.buffer as ArrayBuffer, features: features.buffer as ArrayBuffer };
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * Threads that keep ahead of a network: reading a track's part of a batch takes some 20 ms, a training step of FactorNet
 * some 80.
 */
function chooseWorkers(sources: readonly WindowSource[]): number {
  const tracks = Math.max(...sources.map(({ files }) => files?.tracks.length ?? 0));
  return Math.min(4, Math.max(1, Math.ceil(tracks / 2)));
}
