import { orderNodes, type Tensor } from "../graph.js";
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
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The leaves (tensors without a producing operator) that `outputs` depend on. */
export function leavesOf(outputs: readonly Tensor[]): Set<Tensor> {
  const leaves = new Set<Tensor>();
  for (const output of outputs) if (output.node === null) leaves.add(output);
  for (const node of orderNodes(outputs)) {
    for (const input of node.inputs) if (input.node === null) leaves.add(input);
  }
  return leaves;
}

/** Writes the part of a graph that computes `outputs` as an ONNX model. */
export function emitModel(parts: ModelParts): Uint8Array {
  const outputs = [...parts.outputs];
  const tensors = outputs.map(([, tensor]) => tensor);
  const emitter = new OnnxEmitter(tensors[0]?.graph.traits);
  const leaves = leavesOf(tensors);
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
  for (const node of orderNodes(tensors)) {
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
