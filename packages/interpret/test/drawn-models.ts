import { type Build, evaluateReference, Graph, nodeRuntime } from "@bindscape/gradient";
import { findModel, type NetworkContext } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import type { WindowPlan } from "@bindscape/study";
import type { ExplainedModel, ExplainedWindows } from "../src/explained-model.js";

export { evaluateReference, nodeRuntime };

/** Random values of all parameters, of a size that neither saturates nor fades. */
export function drawParameters(build: Build, seed: number | string): Map<string, Float32Array> {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map(
    [...graph.parameters].map(([name, tensor]) => {
      const shape = tensor.shape as readonly number[];
      const random = Random.forPart(seed, name);
      const size = shape.reduce((a, b) => a * b, 1);
      const fanIn = shape.length === 2 ? shape[0] : size / shape[0];
      const spread = shape.length === 1 ? 0.3 : Math.sqrt(2 / fanIn);
      const draw = /variance/i.test(name) ? () => 0.5 + random.uniform() : () => spread * random.normal();
      return [name, Float32Array.from({ length: size }, draw)];
    }),
  );
}

/** An architecture of the model table with random weights. */
export function drawModel(
  name: string,
  options: object,
  plan: Partial<WindowPlan> & { readonly windowLength: number },
  tasks = 2,
  seed: number | string = 1,
): ExplainedModel {
  const definition = findModel(name);
  const parsed = definition.options.parse(options);
  const full: WindowPlan = { binSize: 20, tracks: [], features: [], ...plan };
  const context: NetworkContext = {
    plan: full,
    tasks,
    featureScaling: { mean: full.features.map(() => 0), scale: full.features.map(() => 1) },
    boundShare: Array.from({ length: tasks }, () => 0.5),
    linearStart: null,
    motifs: [],
  };
  const build = definition.build(parsed, context);
  return {
    build,
    parameters: drawParameters(build, seed),
    length: full.windowLength,
    channels: 4 + full.tracks.length,
    baseChannels: 4,
    features: full.features.length,
    tasks,
    unknownBase: definition.unknownBase?.(parsed) ?? 0,
    layers: definition.layers?.(parsed) ?? [],
  };
}

/** Random windows: one base in forty unknown, tracks and features normal values. */
export function drawWindows(model: ExplainedModel, count: number, seed: number | string): ExplainedWindows {
  const { channels, length, features, unknownBase } = model;
  const random = new Random(seed);
  const windows = new Float32Array(count * channels * length);
  for (let n = 0; n < count; n++) {
    for (let position = 0; position < length; position++) {
      const at = (channel: number) => (n * channels + channel) * length + position;
      const isUnknown = random.integer(40) === 0;
      const base = random.integer(4);
      for (let channel = 0; channel < 4; channel++)
        windows[at(channel)] = isUnknown ? unknownBase : Number(channel === base);
      for (let channel = 4; channel < channels; channel++) windows[at(channel)] = random.normal();
    }
  }
  return {
    count,
    windows,
    ...(features > 0 && {
      features: Float32Array.from({ length: count * features }, () => random.normal()),
    }),
  };
}
