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
 * The class-activation map of a window (Selvaraju et al. 2017, equations 1 and 2): ReLU of the activations summed over
 * kernels, each weighted by the mean of its gradient over positions. Every strand has weights and a map of its own.
 * Spread to bases, each base has the mean over the positions that see it (fewer at the ends of the window), and strands
 * are added up: the score is the mean of theirs, so that this is the mean of what each says of its own score.
 * @param row of the batch
 * @param into [length], overwritten
 */
export function classActivation(
  batch: GradientBatch,
  row: number,
  layer: ConvolutionLayer,
  length: number,
  into: Float64Array,
): void {
  const { kernels, strands } = layer;
  const positions = batch.layer.length / (batch.count * strands * kernels);
  const map = new Float64Array(positions);
  const spread = strands === 1 ? into : new Float64Array(length);
  if (strands === 2) into.fill(0);
  for (let strand = 0; strand < strands; strand++) {
    map.fill(0);
    for (let kernel = 0; kernel < kernels; kernel++) {
      const from = ((row * strands + strand) * kernels + kernel) * positions;
      let sum = 0;
      for (let p = 0; p < positions; p++) sum += batch.layer[from + p];
      if (sum === 0) continue;
      const weight = sum / positions;
      for (let p = 0; p < positions; p++) map[p] += weight * batch.activations[from + p];
    }
    for (let p = 0; p < positions; p++) map[p] = Math.max(0, map[p]);
    spreadToBases(map, layer, spread);
    if (strands === 1) return;
    for (let at = 0; at < length; at++) into[at] += spread[strand === 0 ? at : length - 1 - at];
  }
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
  const counts = new Int32Array(length);
  into.fill(0);
  for (let p = 0; p < values.length; p++) {
    const from = Math.max(0, start + p * step);
    const to = Math.min(length, start + p * step + width);
    for (let at = from; at < to; at++) {
      into[at] += values[p];
      counts[at]++;
    }
  }
  for (let at = 0; at < length; at++) if (counts[at] > 0) into[at] /= counts[at];
}
