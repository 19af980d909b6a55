import type { Attributions } from "./attributions.js";
import { classActivation, findLayer } from "./class-activation.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import type { GradCamOptions } from "./grad-cam.js";
import { forEachGradient } from "./input-gradients.js";
import { observedBase } from "./substitutions.js";

export interface GradCamSaliencyOptions extends GradCamOptions {
  /** Divide a window's values by the sum of their sizes, as AgentBind's code does. Default true. */
  readonly normalise?: boolean;
}

/**
 * Grad-CAM x saliency, AgentBind's annotation scores (Zheng et al. 2021, Methods, "Grad-CAM"): each base's Grad-CAM value
 * times the gradient at the base that is there.
 * @throws BindscapeError for a model without convolutions or bases, or a layer or a task it does not have
 */
export async function mergeGradCamWithSaliency(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: GradCamSaliencyOptions,
): Promise<Attributions> {
  const { task = 0, of = "logit", normalise = true } = options;
  const { count } = windows;
  const { length, tasks, channels } = model;
  const layer = findLayer(model, options.layer);
  const values = new Float32Array(count * 4 * length);
  const map = new Float64Array(length);
  const wanted = { windows: true, layer: layer.output };
  const predictions = await forEachGradient(model, windows, options, wanted, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      classActivation(batch, row, layer, length, map);
      const window = batch.first + row;
      const bases = Array.from({ length }, (_, position) => observedBase(model, windows, window, position));
      let total = 0;
      bases.forEach((base, position) => {
        if (base < 0) map[position] = 0;
        else map[position] *= batch.windows[(row * channels + base) * length + position];
        total += Math.abs(map[position]);
      });
      const factor = normalise && total > 0 ? 1 / total : 1;
      bases.forEach((base, position) => {
        if (base >= 0) values[(window * 4 + base) * length + position] = map[position] * factor;
      });
    }
  });
  return { method: "grad-cam-saliency", count, length, tasks, task, of, values, predictions };
}
