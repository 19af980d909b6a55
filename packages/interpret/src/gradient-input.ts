import type { AttributionOptions, Attributions } from "./attributions.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { findSaliencyOfWindows } from "./saliency.js";
import { observedBase } from "./substitutions.js";

/**
 * Gradient x input (Shrikumar et al. 2017, section 2.3): the gradient at the base that is there. What every base would get
 * in its place is the gradient itself.
 * @throws BindscapeError for a model that sees no bases, or a task it does not have
 */
export async function multiplyGradientByInput(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: AttributionOptions,
): Promise<Attributions> {
  const saliency = await findSaliencyOfWindows(model, windows, options);
  const { count, length, values: gradient } = saliency;
  const values = new Float32Array(gradient.length);
  for (let row = 0; row < count; row++) {
    for (let position = 0; position < length; position++) {
      const base = observedBase(model, windows, row, position);
      if (base < 0) continue;
      const at = (row * 4 + base) * length + position;
      values[at] = gradient[at];
    }
  }
  return { ...saliency, method: "gradient-input", values, hypothetical: gradient };
}
