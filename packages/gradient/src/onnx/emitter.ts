import { BindscapeError } from "@bindscape/numerics";
import type { Node, Tensor } from "../graph.js";
import { cpuTraits, type DeviceTraits } from "../runtime.js";
import { isFree, product, type Shape } from "../shape.js";
import { ProtobufWriter } from "./protobuf.js";

/** An attribute: whole numbers that stand alone are `{ integer }`, so that 1.0 is never taken for 1. */
export type OnnxAttribute =
  | { readonly integer: number }
  | { readonly float: number }
  | { readonly integers: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly text: string }
  | { readonly texts: readonly string[] };

// Numbers of onnx.proto (ONNX intermediate representation, version 8).
const elementType = { float: 1, int64: 7 } as const;
const attributeType = { float: 1, integer: 2, text: 3, floats: 6, integers: 7, texts: 8 } as const;

/**
 * The newest operator set that readers are sure to have: Debian's python3-onnx 1.12 checks up to 17, and nothing
 * newer is needed.
 */
export const operatorSet = 17;
const representationVersion = 8;

/** Collects the nodes, constants, inputs and outputs of one ONNX model. Operators write themselves into it. */
export class OnnxEmitter {
  readonly #nodes: ProtobufWriter[] = [];
  readonly #initialisers: ProtobufWriter[] = [];
  readonly #inputs: ProtobufWriter[] = [];
  readonly #outputs: ProtobufWriter[] = [];
  readonly #names = new Map<Tensor, string>();
  readonly #taken = new Set<string>();
  readonly #constants = new Map<string, string>();
  /** The layer that nodes are written for: part of their names, which ONNX Runtime's errors and profiles show. */
  layer = "";
  #counter = 0;

  constructor(readonly traits: DeviceTraits = cpuTraits) {}

  /** The name of a tensor's value in the model. */
  name(tensor: Tensor): string {
    let name = this.#names.get(tensor);
    if (name === undefined) {
      name = tensor.node ? `${tensor.node.label}/${tensor.id}` : `tensor/${tensor.id}`;
      this.#names.set(tensor, name);
    }
    return name;
  }

  /** Gives a tensor's value a name chosen by the caller; before anything uses it. */
  rename(tensor: Tensor, name: string): void {
    this.reserve(name);
    this.#names.set(tensor, name);
  }

  /** Notes that a name chosen by the caller is taken. */
  reserve(name: string): void {
    if (this.#taken.has(name)) {
      throw new BindscapeError({
        source: "model",
        found: `two tensors named "${name}"`,
        expected: "different names for all inputs, parameters and outputs",
      });
    }
    this.#taken.add(name);
  }

  names(tensors: readonly Tensor[]): string[] {
    return tensors.map((tensor) => this.name(tensor));
  }

  /** A name for a value inside an operator. */
  temporary(): string {
    return `_${this.#counter++}`;
  }

  /** Writes a node. Missing outputs get temporary names; the names of the outputs are returned. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    outputs: readonly string[] | number = 1,
  ): string[] {
    const names =
      typeof outputs === "number" ? Array.from({ length: outputs }, () => this.temporary()) : outputs.slice();
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of names) node.text(2, output);
    const prefix = this.layer === "" ? "" : `${this.layer}/`;
    node.text(3, `${prefix}${type}/${this.#nodes.length}`).text(4, type);
    for (const [name, attribute] of Object.entries(attributes))
      node.message(5, writeAttribute(name, attribute));
    this.#nodes.push(node);
    return names;
  }

  /** Writes the one node of an operator with the same inputs and outputs. */
  simple(
    type: string,
    node: Node<unknown>,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    extraInputs: readonly string[] = [],
  ): void {
    this.node(type, [...this.names(node.inputs), ...extraInputs], attributes, this.names(node.outputs));
  }

  /** Joins values along an axis; the name of the result is returned. */
  concatenate(parts: readonly string[], axis: number, output: string = this.temporary()): string {
    let level = parts;
    while (level.length > this.traits.largestJoin) {
      const joined = inRuns(level, this.traits.largestJoin);
      level = joined.map((run) => (run.length === 1 ? run[0] : this.concatenate(run, axis)));
    }
    return this.node("Concat", level, { axis: { integer: axis } }, [output])[0];
  }

  /** Cuts a value along an axis; the names of the pieces are returned, those in `outputs` where given. */
  split(
    value: string,
    axis: number,
    lengths: readonly number[],
    outputs: readonly string[] = lengths.map(() => this.temporary()),
  ): readonly string[] {
    const attributes = { axis: { integer: axis } };
    if (lengths.length <= this.traits.largestJoin) {
      return this.node("Split", [value, this.integers(lengths)], attributes, outputs);
    }
    // As few pieces as do, each of about as many parts: the tree is balanced.
    const perPiece = Math.ceil(lengths.length / this.traits.largestJoin);
    const parts = inRuns(lengths, perPiece);
    const names = inRuns(outputs, perPiece);
    const sums = parts.map((part) => part.reduce((a, b) => a + b, 0));
    const pieces = parts.map((part, i) => (part.length === 1 ? names[i][0] : this.temporary()));
    this.node("Split", [value, this.integers(sums)], attributes, pieces);
    parts.forEach((part, i) => {
      if (part.length > 1) this.split(pieces[i], axis, part, names[i]);
    });
    return outputs;
  }

  /** A constant of whole numbers (shapes, axes, indices); equal ones are stored once. */
  integers(values: readonly number[]): string {
    return this.#shared(`i${values.join(",")}`, () => {
      const data = new BigInt64Array(values.map(BigInt));
      return [elementType.int64, [values.length], new Uint8Array(data.buffer)];
    });
  }

  /** A float32 constant of rank 0; equal ones are stored once. */
  scalar(value: number): string {
    return this.#shared(`f${value}`, () => [
      elementType.float,
      [],
      new Uint8Array(Float32Array.of(value).buffer),
    ]);
  }

  /** A float32 constant. */
  floats(name: string, shape: readonly number[], values: Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#initialisers.push(writeTensor(name, elementType.float, shape, bytes));
  }

  input(name: string, shape: Shape): void {
    this.#inputs.push(writeValueInfo(name, shape));
  }

  output(name: string, shape: Shape): void {
    this.#outputs.push(writeValueInfo(name, shape));
  }

  /** The whole model as bytes. */
  finish(graphName: string, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const graph = new ProtobufWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, graphName);
    for (const initialiser of this.#initialisers) graph.message(5, initialiser);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtobufWriter()
      .integer(1, representationVersion)
      .text(2, "bindscape")
      .message(7, graph)
      .message(8, new ProtobufWriter().text(1, "").integer(2, operatorSet));
    for (const [key, value] of Object.entries(metadata)) {
      model.message(14, new ProtobufWriter().text(1, key).text(2, value));
    }
    return model.finish();
  }

  #shared(key: string, make: () => [number, readonly number[], Uint8Array]): string {
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = `constant/${this.#constants.size}`;
      this.#constants.set(key, name);
      const [type, shape, bytes] = make();
      this.#initialisers.push(writeTensor(name, type, shape, bytes));
    }
    return name;
  }
}

/** Consecutive runs of at most `length` entries. */
function inRuns<T>(values: readonly T[], length: number): T[][] {
  const runs: T[][] = [];
  for (let at = 0; at < values.length; at += length) runs.push(values.slice(at, at + length));
  return runs;
}

function writeTensor(
  name: string,
  type: number,
  shape: readonly number[],
  bytes: Uint8Array,
): ProtobufWriter {
  const expected = product(shape) * (type === elementType.int64 ? 8 : 4);
  if (bytes.length !== expected) throw new Error(`tensor ${name}: ${bytes.length} bytes, needs ${expected}`);
  const tensor = new ProtobufWriter();
  for (const length of shape) tensor.integer(1, length);
  return tensor.integer(2, type).text(8, name).bytes(9, bytes);
}

function writeValueInfo(name: string, shape: Shape): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const dimension of shape) {
    const entry = new ProtobufWriter();
    if (!isFree(dimension)) entry.integer(1, dimension);
    else
      entry.text(2, dimension.multiple === 1 ? dimension.symbol : `${dimension.multiple}${dimension.symbol}`);
    dimensions.message(1, entry);
  }
  const type = new ProtobufWriter().message(
    1,
    new ProtobufWriter().integer(1, elementType.float).message(2, dimensions),
  );
  return new ProtobufWriter().text(1, name).message(2, type);
}

function writeAttribute(name: string, attribute: OnnxAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(1, name);
  if ("integer" in attribute) writer.integer(3, attribute.integer).integer(20, attributeType.integer);
  else if ("float" in attribute) writer.float(2, attribute.float).integer(20, attributeType.float);
  else if ("text" in attribute) writer.text(4, attribute.text).integer(20, attributeType.text);
  else if ("integers" in attribute) {
    for (const value of attribute.integers) writer.integer(8, value);
    writer.integer(20, attributeType.integers);
  } else if ("floats" in attribute) {
    for (const value of attribute.floats) writer.float(7, value);
    writer.integer(20, attributeType.floats);
  } else {
    for (const value of attribute.texts) writer.text(9, value);
    writer.integer(20, attributeType.texts);
  }
  return writer;
}
