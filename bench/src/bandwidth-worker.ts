import { parentPort, workerData } from "node:worker_threads";
import { ParameterMemory, sgd } from "@bindscape/gradient";

/** Numbers in each of the two vectors that one thread works on. */
const { length, repeats } = workerData as { length: number; repeats: number };

const memory = new ParameterMemory(sgd(), ["parameters", "gradients"], length);
const [a, b] = [...memory.vectors.values()];
a.fill(1);
b.fill(2);
const range = { start: 0, end: length };
memory.addScaled(range, 0.5, "parameters", "gradients");
parentPort!.on("message", (kind: "copy" | "add") => {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    if (kind === "copy") a.set(b);
    else memory.addScaled(range, 0.5, "parameters", "gradients");
  }
  parentPort!.postMessage(performance.now() - start);
});
parentPort!.postMessage("ready");
