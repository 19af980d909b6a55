import { BindscapeError } from "@bindscape/numerics";
import { Graph, type Node, orderNodes, type Tensor } from "../graph.js";
import { type Build, chooseOutputs } from "../model.js";
import { formatShape, isFree } from "../shape.js";
import { countWork, type Work } from "./count-work.js";
import { GraphCopy } from "./graph-copy.js";
import { type SharingContext, shareNode } from "./rules.js";
import type { SharedTensor } from "./shared-tensor.js";
import { takeWindows, type WindowStarts } from "./take-windows.js";

/** How a network for windows is written for many windows in one stretch. */
export interface SharingOptions {
  /** bp of the stretch; at least those of a window, and a multiple of `phase` more. */
  readonly length: number;
  /** Windows start at multiples of this many bp from the stretch's first. Default 1: anywhere. */
  readonly phase?: number;
  /** Most convolutions behind one another that are shared; all that can be where left out. */
  readonly depth?: number;
  /** The outputs to compute; all where none are named. */
  readonly outputs?: readonly string[];
}

/** A network for many windows in one stretch, and what it costs. */
export interface SharedOverlapNetwork {
  /**
   * Inputs: "stretch" [1, channels, length]; "starts" [N], the windows' first bases counted from the stretch's in
   * units of `phase`; others as the network has them. Outputs as the network has them.
   */
  readonly build: Build;
  /** Convolutions behind one another that are shared. */
  readonly depth: number;
  /** For one stretch, and for each window of it. */
  readonly work: Work;
}

/**
 * Writes a network whose input "windows" [N, channels, positions] is cut from longer stretches so that what the
 * windows share is computed once: layers that treat each stretch of bases alike whatever window it lies in
 * (convolutions, pools, everything by entry or by channel, either strand), as far as the graph begins with such. The
 * numbers are those of window by window but for rounding; positions that see the zeros of a padding at a window's ends
 * are computed for every window from its ends.
 * @returns null where nothing but the windows themselves can be shared
 * @throws BindscapeError for a length or phase that does not fit
 */
export function shareOverlap(build: Build, options: SharingOptions): SharedOverlapNetwork | null {
  const assembled = assemble(new Graph({ batch: "free", phase: "inference" }), build, options);
  if (assembled === null) return null;
  return {
    depth: assembled.depth,
    work: countWork([...assembled.outputs.values()]),
    build: (graph) => {
      const { outputs } = assemble(graph, build, options)!;
      return { outputs: Object.fromEntries(outputs) };
    },
  };
}

/** What computing `outputs` (all where none are named) for one window costs, window by window. */
export function countPredictionWork(build: Build, outputs?: readonly string[]): Work {
  const graph = new Graph({ batch: "free", phase: "inference" });
  return countWork([...chooseOutputs(build(graph), outputs).values()]);
}

interface Assembled {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly depth: number;
}

/** Writes the shared form of a network into `graph`; null where nothing but the windows can be shared. */
function assemble(graph: Graph, build: Build, options: SharingOptions): Assembled | null {
  const original = new Graph({ batch: "free", phase: "inference", traits: graph.traits });
  const outputs = chooseOutputs(build(original), options.outputs);
  const shared = share(graph, original, [...outputs.values()], options);
  if (shared === null) return null;
  const { copy, at, frontier, head } = shared;
  for (const { tensor, shared: x, stepsFirst } of frontier) copy.set(tensor, takeWindows(x, at, stepsFirst));
  for (const node of head) copy.apply(node);
  return {
    outputs: new Map([...outputs].map(([name, tensor]) => [name, copy.get(tensor)])),
    depth: Math.max(...frontier.map(({ shared: { depth } }) => depth)),
  };
}

interface Frontier {
  readonly tensor: Tensor;
  readonly shared: SharedTensor;
  readonly stepsFirst: boolean;
}

/** A network gone through as far as it can be shared. */
interface Shared {
  readonly copy: GraphCopy;
  readonly at: WindowStarts;
  /** What the head reads of it. */
  readonly frontier: readonly Frontier[];
  /** What each window computes by itself. */
  readonly head: readonly Node[];
}

/** Goes through a network as far as it can be shared; null where that is not beyond the windows themselves. */
function share(
  graph: Graph,
  original: Graph,
  outputs: readonly Tensor[],
  { length, phase = 1, depth = Number.POSITIVE_INFINITY }: SharingOptions,
): Shared | null {
  const nodes = orderNodes(outputs);
  const windows = original.inputs.get("windows");
  if (windows?.rank !== 3 || windows.shape.slice(1).some(isFree)) return null;
  const [samples, channels, windowLength] = windows.shape as readonly [Tensor["shape"][0], number, number];
  if (!isFree(samples) || samples.multiple !== 1) return null;
  const slack = length - windowLength;
  if (!(Number.isSafeInteger(phase) && phase >= 1 && slack >= 0 && slack % phase === 0)) {
    throw new BindscapeError({
      source: "shared overlap",
      found: `a stretch of ${length} bp for windows ${formatShape(windows.shape)} and a phase of ${phase} bp`,
      expected: "a stretch that is some phases longer than a window",
    });
  }
  const copy = new GraphCopy(graph);
  const at = { starts: graph.input("starts", [graph.batch]), phase, slack };
  const shared = new Map<Tensor, SharedTensor>([
    [windows, shareWindows(graph.input("stretch", [1, channels, length]), windows)],
  ]);
  const constantOf = (tensor: Tensor) => {
    const isConstant =
      tensor.node === null
        ? tensor.source?.kind === "parameter" || tensor.source?.kind === "constant"
        : copy.has(tensor);
    return isConstant ? copy.get(tensor) : null;
  };
  const context: SharingContext = { at, depth, constantOf };
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => shared.get(input) ?? null);
    if (inputs.every((input) => input === null)) {
      if (node.inputs.every((input) => constantOf(input) !== null)) copy.apply(node);
      continue;
    }
    shareNode(node, inputs, context)?.forEach((output, i) => {
      if (output) shared.set(node.outputs[i], output);
    });
  }

  const { frontier, head } = cutBehind(shared, nodes, outputs, copy);
  if (frontier.every(({ tensor }) => tensor === windows)) return null;
  return { copy, at, frontier, head };
}

/** The windows themselves, as stretches hold them. */
function shareWindows(stretch: Tensor, { shape }: Tensor): SharedTensor {
  return {
    shape,
    hasTaps: false,
    step: 1,
    tapStep: 1,
    lanes: new Array(shape[1] as number).fill({ reversed: false, offset: 0 }),
    stem: stretch,
    spacing: 1,
    spoiltLeft: 0,
    spoiltRight: 0,
    left: null,
    right: null,
    depth: 0,
  };
}

/** What the outputs need that is not shared, and the shared tensors that this reads. */
function cutBehind(
  shared: ReadonlyMap<Tensor, SharedTensor>,
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  copy: GraphCopy,
): { frontier: Frontier[]; head: Node[] } {
  const needed = new Set<Tensor>(outputs);
  const head: Node[] = [];
  const transposed = new Set<Tensor>();
  for (const node of [...nodes].reverse()) {
    const wanted = node.outputs.some(
      (output) => needed.has(output) && !shared.has(output) && !copy.has(output),
    );
    if (!wanted) continue;
    head.push(node);
    for (const input of node.inputs) {
      needed.add(input);
      if (node.operator.name === "transpose") transposed.add(input);
    }
  }
  const frontier: Frontier[] = [];
  for (const [tensor, x] of shared)
    if (needed.has(tensor)) frontier.push({ tensor, shared: x, stepsFirst: transposed.has(tensor) });
  return { frontier, head: head.reverse() };
}
