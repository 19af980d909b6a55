import { parentPort, workerData } from "node:worker_threads";
import { BindscapeError, type ErrorParts } from "@bindscape/numerics";
import type { WorkerReply, WorkerStart, WorkerTask } from "./batch-pipeline.node.js";
import "./open-cell.node.js";
import { SourceReader } from "./source-reader.js";
import { WindowMaker } from "./window-maker.js";

// The other end of BatchPipeline: fills the arrays it is sent and sends them back. What stays in files it reads itself.
const { source, plan } = workerData as WorkerStart;
const maker = new WindowMaker(source, plan);
const opening = SourceReader.open(source);
// The first task hears of a failure.
opening.catch(() => {});

/** Readers of files take one call at a time. */
let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (task: WorkerTask) => {
  last = last.then(() => make(task));
});

async function make({ id, request, windows, features }: WorkerTask): Promise<void> {
  try {
    const reader = await opening;
    const part = await reader.readWindows(plan, request);
    maker.moveTo(part.sources);
    maker.fill(part.request, {
      count: request.binStarts.length,
      windows: new Float32Array(windows),
      features: new Float32Array(features),
    });
    const reply: WorkerReply = { id, windows, features };
    parentPort!.postMessage(reply, [windows, features]);
  } catch (error) {
    parentPort!.postMessage({ id, ...describeFailure(error) } satisfies WorkerReply);
  }
}

/** What is wrong with a file stays the error it is; anything else comes with its stack. */
function describeFailure(error: unknown): { error: string; input?: ErrorParts } {
  if (error instanceof BindscapeError) {
    const { source: place, line, offset, found, expected, next } = error;
    return { error: error.message, input: { source: place, line, offset, found, expected, next } };
  }
  return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
