import { BindscapeError } from "@bindscape/numerics";
import { Graph, orderNodes, type Tensor } from "../graph.js";
import { type Build, chooseOutputs } from "../model.js";
import { reshape } from "../operators/reshape.js";
import { padZeros } from "../operators/slice.js";
import type { DeviceTraits } from "../runtime.js";
import { formatShape, isFree } from "../shape.js";
import { countWork, type Work } from "../sharing/count-work.js";
import type { ChangedTensor } from "./changed-tensor.js";
import { type MutantSites, MutationContext } from "./mutation-context.js";
import { followNode } from "./rules.js";

/** Which mutants of a window a network is written for. */
export interface MutationOptions {
  /** Mutated positions of the window, ascending. */
  readonly positions: readonly number[];
  /** Mutants at each. */
  readonly alternatives: number;
  /** Channels, from the first, that mutations change. */
  readonly mutatedChannels: number;
  /** The outputs to compute; all where none are named. */
  readonly outputs?: readonly string[];
  /** Of the device that the network is for; the CPU by default. */
  readonly traits?: DeviceTraits;
}

/** A network for the mutants of one window, and what it costs. */
export interface MutationNetwork {
  /**
   * For a batch of {@link MutationNetwork.mutants}. Inputs: "windows" [1, channels, length], the unmutated window;
   * "changes" [mutants, mutated channels], what a mutation adds to the channels at its position; others as the network
   * has them, a row for each mutant. Outputs as the network has them, a row for each mutant.
   */
  readonly build: Build;
  /** The same, written already for the device of the options. */
  readonly graph: Graph;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Rows: all alternatives of the first site, of the second, ... */
  readonly mutants: number;
  /** The site of each position; one site more has no mutation. */
  readonly siteOf: readonly number[];
  readonly unmutatedSite: number;
  /** For all mutants: all of it is `fixed`. */
  readonly work: Work;
  /** What each mutant costs by itself, counted alike. */
  readonly workOfMutant: number;
  /** Layers whose states were written out in full for every mutant, since what follows has no rule. */
  readonly writtenOut: readonly string[];
}

/**
 * Writes a network whose input is "windows" [N, channels, positions] for the mutants of one window, so that what a
 * mutation does not touch is computed once: of convolutions and pools the positions it reaches, of recurrent layers the
 * steps from there on, of a dense layer behind them what these add. The numbers are those of mutant by mutant but for
 * rounding.
 * @returns null where nothing would be saved
 * @throws BindscapeError for positions that are not in the windows
 */
export function followMutations(build: Build, options: MutationOptions): MutationNetwork | null {
  const sites = placeSites(options);
  const mutants = sites.positions.length * options.alternatives;
  const graph = new Graph({ batch: mutants, phase: "inference", traits: options.traits });
  const assembled = assemble(graph, build, sites, options);
  if (assembled === null) return null;
  return {
    graph,
    outputs: assembled.outputs,
    mutants,
    siteOf: options.positions.map((_, i) => (i < sites.unmutated ? i : i + 1)),
    unmutatedSite: sites.unmutated,
    work: countWork([...assembled.outputs.values()], true),
    workOfMutant: workOfMutant(build, options),
    writtenOut: assembled.writtenOut,
    build: (other) => ({ outputs: Object.fromEntries(assemble(other, build, sites, options)!.outputs) }),
  };
}

/** What a window costs by itself. */
function workOfMutant(build: Build, { outputs }: MutationOptions): number {
  const graph = new Graph({ batch: "free", phase: "inference" });
  return countWork([...chooseOutputs(build(graph), outputs).values()], true).perSample;
}

/** The middle position once more, for the site without a mutation. */
function placeSites({ positions, alternatives }: MutationOptions): MutantSites {
  const isAscending = positions.every((position, i) => i === 0 || position > positions[i - 1]);
  if (positions.length === 0 || !isAscending || !(Number.isInteger(alternatives) && alternatives >= 1)) {
    throw new BindscapeError({
      source: "mutations",
      found: `${positions.length} positions and ${alternatives} mutants at each`,
      expected: "some positions in ascending order, and at least one mutant at each",
    });
  }
  const unmutated = positions.length >> 1;
  return {
    positions: Int32Array.from([
      ...positions.slice(0, unmutated),
      positions[unmutated],
      ...positions.slice(unmutated),
    ]),
    unmutated,
    alternatives,
  };
}

interface Assembled {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly writtenOut: readonly string[];
}

function assemble(
  graph: Graph,
  build: Build,
  sites: MutantSites,
  { outputs: names, mutatedChannels }: MutationOptions,
): Assembled | null {
  const original = new Graph({ batch: "free", phase: "inference", traits: graph.traits });
  const outputs = chooseOutputs(build(original), names);
  const windows = original.inputs.get("windows");
  if (windows?.rank !== 3 || windows.shape.slice(1).some(isFree)) return null;
  const [samples, channels, length] = windows.shape as readonly [Tensor["shape"][0], number, number];
  if (!isFree(samples) || samples.multiple !== 1) return null;
  if (sites.positions.some((position) => position < 0 || position >= length) || mutatedChannels > channels) {
    throw new BindscapeError({
      source: "mutations",
      found: `positions up to ${sites.positions.at(-1)} and ${mutatedChannels} channels`,
      expected: `windows ${formatShape(windows.shape)}`,
    });
  }
  const context = new MutationContext(graph, sites, [...outputs.values()]);
  context.changed.set(windows, changeWindows(windows, context, mutatedChannels));
  for (const node of orderNodes([...outputs.values()])) {
    const inputs = node.inputs.map((input) => context.changed.get(input) ?? null);
    if (inputs.every((input) => input === null)) continue;
    // With an input that is neither constant nor followed the node is one of those written out.
    if (node.inputs.some((input, i) => inputs[i] === null && !context.isConstant(input))) continue;
    followNode(node, inputs, context)?.forEach((output, i) => {
      if (output.kind === "whole") context.found.set(node.outputs[i], output.tensor);
      else context.changed.set(node.outputs[i], output);
    });
  }
  const copies = new Map([...outputs].map(([name, tensor]) => [name, context.plain(tensor)]));
  const writtenOut = [...context.writtenOut];
  return context.writtenOut.has("windows") ? null : { outputs: copies, writtenOut };
}

/** The mutated windows: one position of each, some channels. */
function changeWindows(windows: Tensor, context: MutationContext, mutatedChannels: number): ChangedTensor {
  const { graph, mutants, sites, siteCount } = context;
  const channels = windows.shape[1] as number;
  const given = graph.input("changes", [mutants, mutatedChannels]);
  const change = padZeros(given, { axis: 1, before: 0, after: channels - mutatedChannels });
  return {
    kind: "interval",
    original: windows,
    batchAxis: 0,
    positionAxis: 2,
    span: 1,
    blocks: [
      {
        starts: sites.positions,
        channels,
        values: null,
        change: reshape(change, [siteCount, sites.alternatives, 1, channels]),
      },
    ],
  };
}
