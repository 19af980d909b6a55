import { parentPort, workerData } from "node:worker_threads";
import type { Motif } from "../motif.js";
import { type ComparerOptions, MotifComparer } from "./motif-comparer.js";

/** What a thread is started with. */
export interface AlignStart {
  readonly queries: readonly Motif[];
  readonly targets: readonly Motif[];
  readonly options: ComparerOptions;
}

const { queries, targets, options } = workerData as AlignStart;
const comparer = new MotifComparer(targets, options);
// A message is the index of a query.
parentPort!.on("message", (query: number) => {
  parentPort!.postMessage({ query, alignments: comparer.align(queries[query]) });
});
