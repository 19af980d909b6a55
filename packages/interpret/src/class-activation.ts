import type { ConvolutionLayer } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { ExplainedModel } from "./explained-model.js";
import type { GradientBatch } from "./input-gradients.js";

/**
 * The layer of a name; the first convolution where none is named, as AgentBind has it.
 * @throws BindscapeError that lists the layers
 */
export function findLayer({ layers }: ExplainedModel, name: string | undefined): ConvolutionLayer {
  const layer = name === undefined ? layers[0] : layers.find(({ output }) => output === name);
  if (layer) return layer;
  throw new BindscapeError({
    source: "Grad-CAM",
    found: name === undefined ? "a model without convolutions" : `no layer "${name}"`,
    expected:
      layers.length > 0 ? `one of ${layers.map(({ output }) => output).join(", ")}` : "a convolutional model",
  });
}

/**
 * The class-activation map of a window by base. Every strand has weights and a map of its own.
 * Spread to bases, each base has the mean over the positions that see it (fewer at the ends of the window), and strands
 * are added up: the score is the mean of theirs, so that this is the mean of what each says of its own score.
 * @param row of the batch
 * @param into [length], overwritten
 */
export function classActivation(
  batch: Pick<GradientBatch, "count" | "map">,
  row: number,
  layer: Pick<ConvolutionLayer, "strands" | "start" | "step" | "width">,
  length: number,
  into: Float64Array,
): void {
  const { strands } = layer;
  const positions = batch.map.length / (batch.count * strands);
  const mapOf = (strand: number) => {
    const from = (row * strands + strand) * positions;
    return batch.map.subarray(from, from + positions);
  };
  spreadToBases(mapOf(0), layer, into);
  if (strands === 1) return;
  const spread = new Float64Array(length);
  spreadToBases(mapOf(1), layer, spread);
  for (let at = 0; at < length; at++) into[at] += spread[length - 1 - at];
}

/**
 * Values of positions as values of bases: the mean over the positions that see a base; 0 where none does.
 * @param into [length], overwritten
 */
export function spreadToBases(
  values: ArrayLike<number>,
  { start, step, width }: Pick<ConvolutionLayer, "start" | "step" | "width">,
  into: Float64Array,
): void {
  const { length } = into;
  const sums = new Float64Array(values.length + 1);
  for (let p = 0; p < values.length; p++) sums[p + 1] = sums[p] + values[p];
  const clamp = (p: number) => Math.min(values.length, Math.max(0, p));
  for (let at = 0; at < length; at++) {
    // Position p sees the bases from start + p step, `width` of them.
    const from = clamp(Math.floor((at - start - width) / step) + 1);
    const to = clamp(Math.floor((at - start) / step) + 1);
    into[at] = to > from ? (sums[to] - sums[from]) / (to - from) : 0;
  }
}
