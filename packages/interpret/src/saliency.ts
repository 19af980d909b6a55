import type { AttributionOptions, Attributions } from "./attributions.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { forEachGradient } from "./input-gradients.js";

/**
 * Saliency (Simonyan et al. 2013): the gradient of the score with respect to every base's channel, whichever base is
 * there; through both strands where the network sees both.
 * @throws BindscapeError for a model that sees no bases, or a task it does not have
 */
export async function findSaliencyOfWindows(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: AttributionOptions,
): Promise<Attributions> {
  const { task = 0, of = "logit" } = options;
  const { count } = windows;
  const { length, tasks, channels } = model;
  const values = new Float32Array(count * 4 * length);
  const predictions = await forEachGradient(model, windows, options, { windows: true }, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      const from = row * channels * length;
      values.set(batch.windows.subarray(from, from + 4 * length), (batch.first + row) * 4 * length);
    }
  });
  return { method: "saliency", count, length, tasks, task, of, values, predictions };
}
