import { Random } from "@bindscape/numerics";
import { Graph } from "../src/graph.js";
import type { Build } from "../src/model.js";
import { followMutations, type MutationNetwork } from "../src/mutations/follow-mutations.js";
import { MutantPredictor } from "../src/mutations/mutant-predictor.js";
import { Predictor } from "../src/predictor.js";
import { evaluateReference } from "../src/reference.js";
import { cpuTraits, type DeviceTraits } from "../src/runtime.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { drawOthers, drawParameters, expectEqual, isTelling } from "./shared-networks.js";

export interface MutatedRun {
  readonly positions: readonly number[];
  /** Default 2. */
  readonly alternatives?: number;
}

interface Prepared {
  readonly network: MutationNetwork;
  /** What the mutation network is given. */
  readonly feeds: Record<string, Float32Array>;
  /** Every mutant's window, made by hand. */
  readonly windowFeeds: Record<string, Float32Array>;
}

/** Draws a window and mutations of its first four channels. Null where nothing is saved. */
function prepare(build: Build, { positions, alternatives = 2 }: MutatedRun, seed: number): Prepared | null {
  const network = followMutations(build, { positions, alternatives, mutatedChannels: 4 });
  if (network === null) return null;
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  const [, channels, length] = graph.inputs.get("windows")!.shape as readonly number[];
  const random = new Random(seed);
  // Eighths, whose differences are exact in float32.
  const draw = () => Math.round(8 * random.normal()) / 8;
  const window = Float32Array.from({ length: channels * length }, draw);
  const changes = new Float32Array(network.mutants * 4);
  const windows = new Float32Array(network.mutants * window.length);
  for (let mutant = 0; mutant < network.mutants; mutant++) windows.set(window, mutant * window.length);
  positions.forEach((position, i) => {
    for (let a = 0; a < alternatives; a++) {
      const mutant = network.siteOf[i] * alternatives + a;
      for (let c = 0; c < 4; c++) {
        const at = mutant * window.length + c * length + position;
        const mutated = draw();
        changes[mutant * 4 + c] = mutated - windows[at];
        windows[at] = mutated;
      }
    }
  });
  const others = drawOthers(graph, network.mutants, seed);
  return { network, feeds: { ...others, windows: window, changes }, windowFeeds: { ...others, windows } };
}

/**
 * Compares the network that follows mutations with one mutant after another, both in float64: equal but for the order
 * of additions.
 * @returns the layers that were written out in full, or null where nothing is saved or all values are alike
 */
export function compareMutants(
  build: Build,
  run: MutatedRun,
  seed = 1,
  traits: DeviceTraits = cpuTraits,
): readonly string[] | null {
  const prepared = prepare(build, run, seed);
  if (prepared === null) return null;
  const { network, feeds, windowFeeds } = prepared;
  const parameters = drawParameters(build, seed);
  const evaluate = (one: Build, given: Record<string, Float32Array>) => {
    const graph = new Graph({ batch: network.mutants, phase: "inference", traits });
    const outputs = Object.values(one(graph).outputs);
    const values = new Map(
      [...graph.inputs].flatMap(([name, tensor]) => (given[name] ? [[tensor, given[name]] as const] : [])),
    );
    for (const [name, tensor] of graph.parameters) values.set(tensor, parameters.get(name)!);
    return evaluateReference(outputs, values, network.mutants);
  };
  const expected = evaluate(build, windowFeeds);
  expectEqual(evaluate(network.build, feeds), expected, 1e-11);
  return isTelling(expected) ? network.writtenOut : null;
}

/** The same in ONNX Runtime, in float32. */
export async function compareMutantsOnRuntime(
  build: Build,
  run: MutatedRun,
  tolerance = 1e-5,
  seed = 1,
): Promise<readonly string[] | null> {
  const prepared = prepare(build, run, seed);
  if (prepared === null) return null;
  const { network, feeds, windowFeeds } = prepared;
  const parameters = drawParameters(build, seed);
  const [output] = Object.keys(build(new Graph({ batch: "free", phase: "inference" })).outputs);
  const options = { parameters, threads: 1 };
  const mutants = await MutantPredictor.create(nodeRuntime(), network, { ...options, output });
  const found = await mutants.run(feeds);
  await mutants.release();
  const predictor = await Predictor.create(nodeRuntime(), { ...options, build, outputs: [output] });
  const expected = (await predictor.run(windowFeeds, network.mutants)).get(output)!;
  await predictor.release();
  expectEqual([found], [expected], tolerance);
  return isTelling([expected]) ? network.writtenOut : null;
}
