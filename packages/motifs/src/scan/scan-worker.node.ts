import { parentPort, workerData } from "node:worker_threads";
import { PieceWorker, type PieceWorkerStart } from "./piece-worker.js";
import type { ScanPiece } from "./pieces.js";

/** A piece to scan, or null to ask for the counts of all pieces so far. */
export type ScanTask = ScanPiece | null;

const worker = new PieceWorker(workerData as PieceWorkerStart);
parentPort!.on("message", (task: ScanTask) => {
  if (task === null) {
    parentPort!.postMessage({ counts: worker.counts });
    return;
  }
  const records = worker.work(task);
  parentPort!.postMessage({ index: task.index, records }, [records.buffer]);
});
