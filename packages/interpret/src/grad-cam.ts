import type { AttributionOptions, Attributions } from "./attributions.js";
import { classActivation, findLayer } from "./class-activation.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { forEachGradient } from "./input-gradients.js";
import { observedBase } from "./substitutions.js";

export interface GradCamOptions extends AttributionOptions {
  /** Name of the layer that is looked at; the first convolution where absent. */
  readonly layer?: string;
}

/**
 * Grad-CAM (Selvaraju et al. 2017) as AgentBind takes it (Zheng et al. 2021, Methods): the class-activation map of a
 * convolution, each base having the mean over the positions of the layer that see it. Never below 0.
 * @throws BindscapeError for a model without convolutions or bases, or a layer or a task it does not have
 */
export async function mapClassActivation(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: GradCamOptions,
): Promise<Attributions> {
  const { task = 0, of = "logit" } = options;
  const { count } = windows;
  const { length, tasks } = model;
  const layer = findLayer(model, options.layer);
  const values = new Float32Array(count * 4 * length);
  const map = new Float64Array(length);
  const wanted = { windows: false, layer: layer.output };
  const predictions = await forEachGradient(model, windows, options, wanted, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      classActivation(batch, row, layer, length, map);
      const window = batch.first + row;
      for (let position = 0; position < length; position++) {
        const base = observedBase(model, windows, window, position);
        if (base >= 0) values[(window * 4 + base) * length + position] = map[position];
      }
    }
  });
  return { method: "grad-cam", count, length, tasks, task, of, values, predictions };
}
