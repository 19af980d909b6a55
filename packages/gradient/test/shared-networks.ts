import { Random } from "@bindscape/numerics";
import { expect } from "vitest";
import { Graph } from "../src/graph.js";
import type { Build } from "../src/model.js";
import { Predictor } from "../src/predictor.js";
import { evaluateReference } from "../src/reference.js";
import { cpuTraits, type DeviceTraits } from "../src/runtime.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { product } from "../src/shape.js";
import { type SharingOptions, shareOverlap } from "../src/sharing/share-overlap.js";

/** One run of a network over windows in a stretch. */
export interface SharedRun extends SharingOptions {
  /** First bases of windows, counted from the stretch's, in bp. */
  readonly starts: readonly number[];
}

/** Random values of all parameters: variances positive, all of a size that neither saturates nor fades. */
export function drawParameters(build: Build, seed: number): Map<string, Float32Array> {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map(
    [...graph.parameters].map(([name, { shape }]) => {
      const random = Random.forPart(seed, name);
      const lengths = shape as readonly number[];
      const fanIn = lengths.length === 3 ? lengths[1] * lengths[2] : lengths.length === 2 ? lengths[0] : 4;
      const value = /[vV]ariance/.test(name)
        ? () => 0.5 + random.uniform()
        : () => random.normal() * Math.sqrt(2 / fanIn);
      return [name, Float32Array.from({ length: product(lengths) }, value)];
    }),
  );
}

/** Other inputs than windows and stretches: shapes and random values for so many windows. */
export function drawOthers(graph: Graph, count: number, seed: number): Record<string, Float32Array> {
  return Object.fromEntries(
    [...graph.inputs]
      .filter(([name]) => !["windows", "stretch", "starts"].includes(name))
      .map(([name, { shape }]) => {
        const random = Random.forPart(seed, name);
        const size = count * product(shape.slice(1) as readonly number[]);
        return [name, Float32Array.from({ length: size }, () => random.normal())];
      }),
  );
}

interface Prepared {
  readonly shared: Build;
  readonly depth: number;
  readonly feeds: Record<string, Float32Array>;
  readonly windowFeeds: Record<string, Float32Array>;
  readonly count: number;
}

/** Draws a stretch and cuts the windows out of it by hand. Null where the network shares nothing. */
function prepare(build: Build, run: SharedRun, seed: number): Prepared | null {
  const shared = shareOverlap(build, run);
  if (shared === null) return null;
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  const [, channels, windowLength] = graph.inputs.get("windows")!.shape as readonly number[];
  const random = new Random(seed);
  const { length, starts, phase = 1 } = run;
  const stretch = Float32Array.from({ length: channels * length }, () => random.normal());
  const windows = new Float32Array(starts.length * channels * windowLength);
  starts.forEach((start, window) => {
    for (let c = 0; c < channels; c++) {
      const row = stretch.subarray(c * length + start, c * length + start + windowLength);
      windows.set(row, (window * channels + c) * windowLength);
    }
  });
  const others = drawOthers(graph, starts.length, seed);
  return {
    shared: shared.build,
    depth: shared.depth,
    feeds: { ...others, stretch, starts: Float32Array.from(starts, (start) => start / phase) },
    windowFeeds: { ...others, windows },
    count: starts.length,
  };
}

export function expectEqual(
  found: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  expect(found.length).toBe(expected.length);
  for (const [i, values] of expected.entries()) {
    expect(found[i].length).toBe(values.length);
    const size = Math.max(1, ...Array.from(values, Math.abs));
    for (let k = 0; k < values.length; k++) {
      if (!(Math.abs(found[i][k] - values[k]) <= tolerance * size))
        throw new Error(`output ${i}, entry ${k} is ${found[i][k]}, window by window ${values[k]}`);
    }
  }
}

/** Whether some values differ: a comparison of ones that are all alike would say nothing. */
export const isTelling = (outputs: readonly ArrayLike<number>[]): boolean =>
  outputs.every((values) => new Set(Array.from(values, (value) => value.toPrecision(6))).size > 1);

/**
 * Compares the shared form with window by window, both in float64: equal but for the order of additions.
 * @param traits of the device whose graphs are compared
 * @returns the convolutions that were shared, or null where nothing could be, or where all values are alike
 */
export function compareExactly(
  build: Build,
  run: SharedRun,
  seed = 1,
  traits: DeviceTraits = cpuTraits,
): number | null {
  const prepared = prepare(build, run, seed);
  if (prepared === null) return null;
  const parameters = drawParameters(build, seed);
  const evaluate = (one: Build, feeds: Record<string, Float32Array>) => {
    const graph = new Graph({ batch: "free", phase: "inference", traits });
    const outputs = Object.values(one(graph).outputs);
    const values = new Map(
      [...graph.inputs].flatMap(([name, tensor]) => (feeds[name] ? [[tensor, feeds[name]] as const] : [])),
    );
    for (const [name, tensor] of graph.parameters) values.set(tensor, parameters.get(name)!);
    return evaluateReference(outputs, values, prepared.count);
  };
  const expected = evaluate(build, prepared.windowFeeds);
  expectEqual(evaluate(prepared.shared, prepared.feeds), expected, 1e-11);
  return isTelling(expected) ? prepared.depth : null;
}

/** The same in ONNX Runtime, in float32. */
export async function compareOnRuntime(build: Build, run: SharedRun, seed = 1): Promise<number | null> {
  const prepared = prepare(build, run, seed);
  if (prepared === null) return null;
  const evaluate = async (one: Build, feeds: Record<string, Float32Array>) => {
    const predictor = await Predictor.create(nodeRuntime(), {
      build: one,
      parameters: drawParameters(build, seed),
      threads: 1,
      largestBatch: prepared.count,
    });
    const outputs = await predictor.run(feeds, prepared.count);
    await predictor.release();
    return [...outputs.values()];
  };
  const found = await evaluate(prepared.shared, prepared.feeds);
  const expected = await evaluate(build, prepared.windowFeeds);
  expectEqual(found, expected, 1e-5);
  return isTelling(expected) ? prepared.depth : null;
}
