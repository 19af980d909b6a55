import { evaluateReference, Graph, gradients, multiply, type Tensor } from "@bindscape/gradient";
import { findModel, type ModelName } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import type { WindowPlan } from "@bindscape/study";
import { makeNetwork } from "../../models/test/helpers.js";
import { type ExplainedModel, type ExplainedWindows, explainNetwork } from "../src/explained-model.js";

/** A network of an architecture with random weights, as the verbs take it. */
export function tinyModel(
  name: ModelName,
  given: Record<string, unknown>,
  plan: Partial<WindowPlan> = {},
  tasks = 2,
): ExplainedModel {
  const definition = findModel(name);
  const options = definition.options.parse(given) as Record<string, unknown>;
  const network = makeNetwork(
    options as never,
    {
      windowLength: definition.windowLength(options),
      unknownBase: definition.unknownBase?.(options) ?? 0,
      ...plan,
    },
    { model: name, tasks: Array.from({ length: tasks }, (_, i) => ({ factor: `F${i}`, cell: "C" })) },
    name,
  );
  for (const [key, values] of network.parameters)
    if (key.endsWith("runningVariance"))
      for (let i = 0; i < values.length; i++) values[i] = 0.5 + Math.abs(values[i]);
  return explainNetwork(network);
}

/** Random windows, here and there an unknown base; tracks and features normal. */
export function randomWindows(model: ExplainedModel, count: number, seed: string): ExplainedWindows {
  const random = new Random(seed);
  const { channels, length, unknownBase } = model;
  const windows = new Float32Array(count * channels * length);
  for (let n = 0; n < count; n++) {
    for (let at = 0; at < length; at++) {
      const code = random.integer(25) === 0 ? 4 : random.integer(4);
      for (let channel = 0; channel < channels; channel++) {
        const value = channel >= 4 ? random.normal() : code === 4 ? unknownBase : Number(channel === code);
        windows[(n * channels + channel) * length + at] = value;
      }
    }
  }
  const features = Float32Array.from({ length: count * model.features }, () => random.normal());
  return { count, windows, ...(model.features > 0 && { features }) };
}

/** Outputs of a model in float64, operator by operator, and what they are gradients of. */
export class ReferenceModel {
  readonly graph = new Graph({ batch: "free", phase: "inference", keepsOrder: true });
  readonly outputs: Readonly<Record<string, Tensor>>;

  constructor(readonly model: ExplainedModel) {
    this.outputs = model.build(this.graph).outputs;
  }

  /** @param windows values in place of the windows', and parameters in place of the model's */
  evaluate(
    tensors: readonly Tensor[],
    given: ExplainedWindows,
    changed: { windows?: ArrayLike<number>; parameters?: ReadonlyMap<string, ArrayLike<number>> } = {},
  ): Float64Array[] {
    const values = new Map<Tensor, ArrayLike<number>>();
    for (const [name, tensor] of this.graph.parameters)
      values.set(tensor, changed.parameters?.get(name) ?? this.model.parameters.get(name)!);
    const { graph } = this;
    values.set(graph.inputs.get("windows")!, changed.windows ?? given.windows);
    if (given.features) values.set(graph.inputs.get("features")!, given.features);
    for (const name of ["labels", "weights"]) {
      const tensor = graph.inputs.get(name);
      if (tensor) values.set(tensor, new Float64Array(given.count * this.model.tasks));
    }
    return evaluateReference(tensors, values, given.count);
  }

  /** Gradients of the sum of one task's output over all windows. */
  gradientsOf(output: "logit" | "probability", task: number, withRespectTo: readonly Tensor[]): Tensor[] {
    const { graph } = this;
    const row = graph.constant(
      Float32Array.from({ length: this.model.tasks }, (_, i) => Number(i === task)),
      [this.model.tasks],
    );
    return gradients(multiply(this.outputs[output], row), withRespectTo) as Tensor[];
  }
}
