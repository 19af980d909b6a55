import { Random } from "@bindscape/numerics";
import { type DeepLiftForm, deepLiftGraph } from "../src/deeplift/deeplift.js";
import { DeepLift } from "../src/deeplift/deeplift-model.js";
import type { Build } from "../src/model.js";
import { evaluateReference } from "../src/reference.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { product, shapeFor } from "../src/shape.js";
import { drawParameters } from "./shared-networks.js";

/** Sequences with their references, and the multipliers of each pair. */
export interface Explained {
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** By input: rows of sequences, and of references as they are given. */
  readonly feeds: Record<string, Float32Array>;
  readonly references: Record<string, Float32Array>;
  readonly multipliers: ReadonlyMap<string, ArrayLike<number>>;
  readonly score: ArrayLike<number>;
  readonly referenceScore: ArrayLike<number>;
}

export interface Drawn {
  readonly count: number;
  readonly seed: number;
  /** Values of "windows", of which there are so many in all; one-hot where absent. */
  readonly draw?: (random: Random) => number;
}

/** One-hot rows of random bases. @param shape [rows, 4, length] */
export function drawOneHot(random: Random, [rows, channels, length]: readonly number[]): Float32Array {
  const values = new Float32Array(rows * channels * length);
  for (let row = 0; row < rows; row++)
    for (let at = 0; at < length; at++) values[(row * channels + random.integer(4)) * length + at] = 1;
  return values;
}

function prepare(build: Build, form: DeepLiftForm, { count, seed, draw }: Drawn) {
  const { graph, outputs } = deepLiftGraph(build, form);
  const parameters = drawParameters(build, seed);
  const random = new Random(`pairs ${seed}`);
  const feeds: Record<string, Float32Array> = {};
  const references: Record<string, Float32Array> = {};
  const values = new Map<Parameters<typeof evaluateReference>[0][number], ArrayLike<number>>();
  for (const [name, tensor] of graph.inputs) {
    const shape = shapeFor(tensor.shape, count);
    const isReference = name.startsWith("reference.");
    const own = isReference ? name.slice("reference.".length) : name;
    let data: Float32Array;
    if (isReference && !form.inputs.includes(own)) {
      // What is not explained is the same for sequence and reference.
      const rows = product(shape) / form.references / count;
      data = Float32Array.from(
        { length: product(shape) },
        (_, i) => feeds[own][Math.floor(i / rows / form.references) * rows + (i % rows)],
      );
    } else if (draw || shape[1] !== 4 || shape.length !== 3) {
      const next = draw ?? (() => random.normal());
      data = Float32Array.from({ length: product(shape) }, () => next(random));
    } else data = drawOneHot(random, shape);
    (isReference ? references : feeds)[own] = data;
    values.set(tensor, data);
  }
  for (const [name, tensor] of graph.parameters) values.set(tensor, parameters.get(name)!);
  return { graph, outputs, parameters, feeds, references, values };
}

/** In float64, by the reference interpreter. */
export function explainExactly(build: Build, form: DeepLiftForm, drawn: Drawn): Explained {
  const { outputs, values, ...rest } = prepare(build, form, drawn);
  const names = [...outputs.keys()];
  const results = evaluateReference([...outputs.values()], values, drawn.count);
  const result = (name: string) => results[names.indexOf(name)];
  return {
    ...rest,
    multipliers: new Map(form.inputs.map((name) => [name, result(`multiplier.${name}`)])),
    score: result("score"),
    referenceScore: result("referenceScore"),
  };
}

/** The same draw in ONNX Runtime. */
export async function explainOnRuntime(
  build: Build,
  form: DeepLiftForm,
  drawn: Drawn,
  largestBatch?: number,
): Promise<Explained> {
  const { parameters, feeds, references } = prepare(build, form, drawn);
  const model = await DeepLift.create(nodeRuntime(), {
    build,
    parameters,
    ...form,
    largestBatch,
    threads: 1,
  });
  const result = await model.run(feeds, references, drawn.count);
  await model.release();
  return { parameters, feeds, references, ...result };
}

/** The largest difference between a pair's sum of contributions and its difference of scores, and that difference. */
export function convergence(
  form: DeepLiftForm,
  drawn: Drawn,
  explained: Explained,
): { worst: number; largest: number } {
  let [worst, largest] = [0, 0];
  for (let n = 0; n < drawn.count; n++) {
    for (let r = 0; r < form.references; r++) {
      const pair = n * form.references + r;
      const reference = form.shared ? r : pair;
      let sum = 0;
      for (const name of form.inputs) {
        const [x, from, m] = [
          explained.feeds[name],
          explained.references[name],
          explained.multipliers.get(name)!,
        ];
        const size = x.length / drawn.count;
        for (let i = 0; i < size; i++)
          sum += m[pair * size + i] * (x[n * size + i] - from[reference * size + i]);
      }
      const difference = explained.score[n] - explained.referenceScore[reference];
      worst = Math.max(worst, Math.abs(sum - difference));
      largest = Math.max(largest, Math.abs(difference));
    }
  }
  return { worst, largest };
}
