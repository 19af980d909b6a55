import { Worker } from "node:worker_threads";
import type { ProgressListener } from "@bindscape/numerics";
import { addSimilarities } from "../cluster/cluster-motifs.js";
import type { Motif } from "../motif.js";
import type { AlignStart } from "./align-worker.node.js";
import { type CompareOptions, checkCompareOptions, type MotifMatch, matchesWithin } from "./compare.js";
import { type Alignments, type ComparerOptions, MotifComparer } from "./motif-comparer.js";

/** How work is shared out. */
export interface AlignAllOptions {
  /** Threads; 1 works in this one. */
  readonly threads: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Queries a thread must have for its start to pay. */
const LEAST_PER_THREAD = 40;
/** Queries a thread has in hand or waiting. */
const QUERIES_PER_THREAD = 4;
/** Queries between looks at the signal, where one thread does all. */
const QUERIES_PER_TURN = 8;

/** As {@link compare}, in worker threads where there are many queries. */
export async function compareInThreads(
  queries: readonly Motif[],
  targets: readonly Motif[],
  options: CompareOptions & AlignAllOptions,
): Promise<MotifMatch[]> {
  const { threshold, thresholdOn } = checkCompareOptions(queries, options);
  const byQuery: MotifMatch[][] = [];
  await alignAll(queries, targets, options, (query, alignments) => {
    byQuery[query] = matchesWithin(query, alignments, targets, threshold, thresholdOn);
  });
  return byQuery.flat();
}

/** As {@link pairSimilarities}, in worker threads where there are many motifs. */
export async function pairSimilaritiesInThreads(
  motifs: readonly Motif[],
  options: ComparerOptions & AlignAllOptions,
): Promise<Float64Array> {
  const similarities = new Float64Array((motifs.length * (motifs.length - 1)) / 2);
  await alignAll(motifs, motifs, options, (query, { pValues }) => {
    addSimilarities(query, pValues, similarities);
  });
  return similarities;
}

/** Aligns every query with all targets; `take` gets them in any order. */
async function alignAll(
  queries: readonly Motif[],
  targets: readonly Motif[],
  options: ComparerOptions & AlignAllOptions,
  take: (query: number, alignments: Alignments) => void,
): Promise<void> {
  const { onProgress, signal } = options;
  let done = 0;
  const report = () => {
    done++;
    onProgress?.({ task: "comparing motifs", done, total: queries.length, unit: "motifs" });
  };
  const threads = Math.min(options.threads, Math.floor(queries.length / LEAST_PER_THREAD));
  if (threads < 2) {
    const comparer = new MotifComparer(targets, options);
    for (const [query, motif] of queries.entries()) {
      if (query % QUERIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      take(query, comparer.align(motif));
      report();
    }
    return;
  }
  signal?.throwIfAborted();
  // Options are looked at here too, so that what is wrong with them is said by an error of our own.
  new MotifComparer(targets.slice(0, 1), options);
  const { distance, bothStrands, minimumOverlap, completeScores, pseudocount, background, simd } = options;
  const start: AlignStart = {
    queries,
    targets,
    options: {
      distance,
      bothStrands,
      minimumOverlap,
      completeScores,
      pseudocount,
      simd,
      background: background && Array.from(background),
    },
  };
  const workers = Array.from({ length: threads }, () => startWorker(start));
  try {
    let next = 0;
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      for (const worker of workers) {
        const hand = () => {
          if (next < queries.length) worker.postMessage(next++);
        };
        worker.on("error", reject);
        worker.on("exit", (code) => reject(new Error(`a comparing thread ended with code ${code}`)));
        worker.on("message", ({ query, alignments }: { query: number; alignments: Alignments }) => {
          hand();
          take(query, alignments);
          report();
          if (done === queries.length) resolve();
        });
        for (let i = 0; i < QUERIES_PER_THREAD; i++) hand();
      }
    });
  } finally {
    for (const worker of workers) worker.removeAllListeners();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Threads run the built file, also where this one is run from its source. */
function startWorker(start: AlignStart): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const file = isSource ? "../../dist/compare/align-worker.node.js" : "./align-worker.node.js";
  return new Worker(new URL(file, import.meta.url), { workerData: start, execArgv: [] });
}
