import { Graph, orderNodes, type Tensor } from "./graph.js";
import type { Build } from "./model.js";
import { elementCount, isFree } from "./shape.js";

/**
 * The most values that one tensor of a prediction holds for each sample: what bounds how many samples go through a network at a
 * time. Counted from shapes, before any memory is taken.
 * @param outputs names of the outputs that are computed; all where left out
 */
export function largestTensorPerSample(build: Build, outputs?: readonly string[]): number {
  const graph = new Graph({ batch: "free", phase: "inference" });
  const model = build(graph);
  const wanted = Object.entries(model.outputs).flatMap(([name, tensor]) =>
    outputs === undefined || outputs.includes(name) ? [tensor] : [],
  );
  const tensors: Tensor[] = orderNodes(wanted).flatMap((node) => [...node.inputs, ...node.outputs]);
  return tensors.reduce((most, { shape }) => {
    const count = elementCount(shape);
    return isFree(count) ? Math.max(most, count.multiple) : most;
  }, 1);
}
