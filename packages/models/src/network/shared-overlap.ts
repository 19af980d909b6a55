import { add, type Build, gatherRows, reshape, scaleDimension, transpose } from "@bindscape/gradient";
import { countChannels, type WindowPlan } from "@bindscape/study";
import type { SharedOverlap } from "../model-definition.js";

/**
 * The network for many windows in one stretch of a chromosome. Inputs: "stretch" [1, channels, length]; "starts"
 * [N], the windows' first bases counted from the stretch's; "features" as the network has them. Output:
 * "probability" [N, tasks], the same numbers as window by window.
 */
export function buildSharedOverlap(parts: SharedOverlap, plan: WindowPlan, length: number): Build {
  const { reach, stride, steps, values } = parts;
  const rows = length - reach + 1;
  // A strand's step t stands t strides from that strand's own start: on the reverse strand this counts from the
  // window's end, so that a remainder of the pooling is dropped at the window's start there.
  const offsets = new Float32Array(2 * steps);
  for (let t = 0; t < steps; t++) {
    offsets[2 * t] = t * stride;
    offsets[2 * t + 1] = rows + plan.windowLength - reach - t * stride;
  }
  return (graph) => {
    const stretch = graph.input("stretch", [1, countChannels(plan), length]);
    const starts = graph.input("starts", [graph.batch]);
    const maps = parts.stem(graph, stretch);
    const table = reshape(transpose(maps, [0, 2, 1]), [2 * rows, values]);
    // Steps first, as recurrent layers go through them: their own transposition undoes the one below.
    const taken = add(graph.constant(offsets, [steps, 1, 2]), reshape(starts, [1, graph.batch, 1]));
    const gathered = gatherRows(table, reshape(taken, [steps, scaleDimension(graph.batch, 2)]));
    return { outputs: { probability: parts.head(graph, transpose(gathered, [1, 0, 2])) } };
  };
}
