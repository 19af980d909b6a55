import { parentPort, workerData } from "node:worker_threads";
import type { WorkerReply, WorkerStart, WorkerTask } from "./batch-pipeline.node.js";
import { WindowMaker } from "./window-maker.js";

// The other end of BatchPipeline: fills the arrays it is sent and sends them back.
const { source, plan } = workerData as WorkerStart;
const maker = new WindowMaker(source, plan);

parentPort!.on("message", ({ id, request, windows, features }: WorkerTask) => {
  try {
    maker.fill(request, {
      count: request.binStarts.length,
      windows: new Float32Array(windows),
      features: new Float32Array(features),
    });
    const reply: WorkerReply = { id, windows, features };
    parentPort!.postMessage(reply, [windows, features]);
  } catch (error) {
    const reply: WorkerReply = {
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
    parentPort!.postMessage(reply);
  }
});
