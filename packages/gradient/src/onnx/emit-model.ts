import { type Node, orderNodes, type Tensor } from "../graph.js";
import { elementCount } from "../shape.js";
import { OnnxEmitter } from "./emitter.js";

/** What becomes of a graph's leaves and results in an ONNX model. */
export interface ModelParts {
  readonly graphName: string;
  /** Inputs by name; those that no output needs are left out. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Tensors whose values are stored in the model. */
  readonly stored: ReadonlyMap<string, { readonly tensor: Tensor; readonly values: Float32Array }>;
  /** Tensors that are consecutive pieces of one flat input. */
  readonly flat?: { readonly input: Tensor; readonly pieces: readonly (readonly [string, Tensor])[] };
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Tensors that are stored, or inputs, although nodes make them: these are left out. */
  readonly cut?: ReadonlySet<Tensor>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The leaves (tensors without a producing operator, and those that are cut) that `outputs` depend on. */
export function leavesOf(outputs: readonly Tensor[], cut: ReadonlySet<Tensor> = new Set()): Set<Tensor> {
  const leaves = new Set<Tensor>();
  const isLeaf = (tensor: Tensor) => tensor.node === null || cut.has(tensor);
  for (const output of outputs) if (isLeaf(output)) leaves.add(output);
  for (const node of nodesBehind(outputs, cut)) {
    for (const input of node.inputs) if (isLeaf(input)) leaves.add(input);
  }
  return leaves;
}

/** The nodes that `outputs` depend on when some tensors are given, each after those it needs. */
function nodesBehind(outputs: readonly Tensor[], cut: ReadonlySet<Tensor>): Node[] {
  const nodes = orderNodes(outputs);
  if (cut.size === 0) return nodes;
  const needed = new Set<Tensor>(outputs);
  const kept = nodes.reverse().filter((node) => {
    const isNeeded = node.outputs.some((output) => needed.has(output) && !cut.has(output));
    if (isNeeded) for (const input of node.inputs) needed.add(input);
    return isNeeded;
  });
  return kept.reverse();
}

/** Writes the part of a graph that computes `outputs` as an ONNX model. */
export function emitModel(parts: ModelParts): Uint8Array {
  const outputs = [...parts.outputs];
  const tensors = outputs.map(([, tensor]) => tensor);
  const emitter = new OnnxEmitter(tensors[0]?.graph.traits);
  const leaves = leavesOf(tensors, parts.cut);
  for (const [name, tensor] of parts.inputs) {
    if (!leaves.has(tensor) && tensor !== parts.flat?.input) continue;
    emitter.rename(tensor, name);
    emitter.input(name, tensor.shape);
  }
  for (const [name, { tensor, values }] of parts.stored) {
    if (!leaves.has(tensor)) continue;
    emitter.rename(tensor, name);
    emitter.floats(name, tensor.shape as readonly number[], values);
  }
  for (const leaf of leaves) {
    if (leaf.source?.kind === "constant") {
      emitter.floats(emitter.name(leaf), leaf.shape as readonly number[], leaf.source.values);
    }
  }
  if (parts.flat) emitPieces(emitter, parts.flat);
  const copies: [string, Tensor][] = [];
  const named = new Set<Tensor>();
  for (const [name, tensor] of outputs) {
    if (tensor.node === null || named.has(tensor)) copies.push([name, tensor]);
    else {
      named.add(tensor);
      emitter.rename(tensor, name);
    }
  }
  for (const node of nodesBehind(tensors, parts.cut ?? new Set())) {
    emitter.layer = node.label;
    node.operator.emit(emitter, node);
  }
  emitter.layer = "";
  for (const [name, tensor] of copies) {
    emitter.reserve(name);
    emitter.node("Identity", [emitter.name(tensor)], {}, [name]);
  }
  for (const [name, tensor] of outputs) emitter.output(name, tensor.shape);
  return emitter.finish(parts.graphName, parts.metadata);
}

function emitPieces(emitter: OnnxEmitter, flat: NonNullable<ModelParts["flat"]>): void {
  const lengths = flat.pieces.map(([, tensor]) => elementCount(tensor.shape) as number);
  const pieces = emitter.split(emitter.name(flat.input), 0, lengths);
  flat.pieces.forEach(([name, tensor], i) => {
    emitter.rename(tensor, name);
    emitter.node("Reshape", [pieces[i], emitter.integers(tensor.shape as readonly number[])], {}, [name]);
  });
}
