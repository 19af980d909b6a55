import { BindscapeError } from "@bindscape/numerics";
import { fromValues, type Initialiser } from "./initialisers.js";
import { type Operator, ShapeError } from "./operator.js";
import { cpuTraits, type DeviceTraits } from "./runtime.js";
import { type Dimension, formatShape, product, type Shape, sameShape } from "./shape.js";

/** Dropout is part of the graph in training only. */
export type Phase = "training" | "inference";

export interface GraphOptions {
  /** The number of samples, or "free": it is then known only when the model runs (inference and export). */
  readonly batch: number | "free";
  readonly phase: Phase;
  /** Of the device that the graph is for; the CPU by default, as exported models are. */
  readonly traits?: DeviceTraits;
  /** Whether sparse bags of parameters are left to the training step. Default false. */
  readonly liftsBags?: boolean;
  /**
   * Whether operators stay as the network names them, for methods that say something about each, so that every tensor lies
   * on the way to what is computed of it and has a gradient; else cheaper ones of equal results are chosen (a pool before a
   * rectifier). Default false.
   */
  readonly keepsOrder?: boolean;
}

/** A {@link sparseBag} that training steps compute outside the graph: its output is one of the graph's inputs. */
export interface LiftedBag {
  readonly output: Tensor;
  readonly indices: Tensor;
  readonly counts: Tensor;
  readonly table: Tensor;
}

/** Where a tensor without a producing operator comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | {
      readonly kind: "parameter";
      readonly name: string;
      readonly initialiser: Initialiser;
      readonly trainable: boolean;
    }
  | { readonly kind: "constant"; readonly values: Float32Array }
  | { readonly kind: "mask"; readonly rate: number }
  | { readonly kind: "noise"; readonly distribution: "normal" | "uniform" };

/** An application of an operator. */
export interface Node<Attributes = unknown> {
  readonly operator: Operator<Attributes>;
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The layer this belongs to, for error messages and profiles. */
  readonly label: string;
}

/** A symbolic float32 tensor: a value that a graph will compute. */
export class Tensor {
  constructor(
    readonly graph: Graph,
    readonly id: number,
    readonly shape: Shape,
    readonly source: Source | null,
    readonly node: Node | null,
    /** Which output of `node` this is. */
    readonly index: number,
  ) {}

  get rank(): number {
    return this.shape.length;
  }
}

/** A symbolic computation; nothing is computed until it is emitted as ONNX (or run by the reference interpreter). */
export class Graph {
  /** N, the length of the first axis of every input. */
  readonly batch: Dimension;
  readonly phase: Phase;
  readonly traits: DeviceTraits;
  readonly liftsBags: boolean;
  readonly keepsOrder: boolean;
  readonly bags: LiftedBag[] = [];
  readonly inputs = new Map<string, Tensor>();
  readonly parameters = new Map<string, Tensor>();
  /** What training steps replace parameters by that no gradient moves; see {@link update}. */
  readonly updates = new Map<Tensor, Tensor>();
  /** Dropout masks and other noise in the order of their creation. */
  readonly masks: Tensor[] = [];
  /** For the engine: what nodes are called while it differentiates a layer; else each by its own label. */
  context: string | null = null;
  #tensors = 0;

  constructor(options: GraphOptions) {
    if (options.batch !== "free" && !(Number.isInteger(options.batch) && options.batch > 0)) {
      throw new BindscapeError({
        source: "batch size",
        found: `${options.batch}`,
        expected: "a whole number of at least 1",
      });
    }
    this.batch = options.batch === "free" ? { symbol: "N", multiple: 1 } : options.batch;
    this.phase = options.phase;
    this.traits = options.traits ?? cpuTraits;
    this.liftsBags = options.liftsBags ?? false;
    this.keepsOrder = options.keepsOrder ?? false;
  }

  /** A float32 tensor that every run is given. The same name and shape again give the same tensor. */
  input(name: string, shape: Shape): Tensor {
    return this.#named(this.inputs, "input", name, shape, () => ({ kind: "input", name }));
  }

  /**
   * A named tensor that training changes. The same name and shape again give the same tensor, which is how
   * weights are shared.
   * @param initialiser what draws the first values, or the values themselves
   * @param options `trainable: false` freezes the parameter
   */
  parameter(
    name: string,
    shape: readonly number[],
    initialiser: Initialiser | Float32Array,
    options: { readonly trainable?: boolean } = {},
  ): Tensor {
    return this.#named(this.parameters, "parameter", name, shape, () => ({
      kind: "parameter",
      name,
      initialiser: typeof initialiser === "function" ? initialiser : fromValues(initialiser),
      trainable: options.trainable ?? true,
    }));
  }

  /**
   * Makes every training step replace a parameter by a tensor of the graph, as running statistics are. The parameter
   * must have been made with `trainable: false`; within a step it has its old value.
   */
  update(parameter: Tensor, next: Tensor): void {
    const fail = (found: string, expected: string): never => {
      throw new BindscapeError({ source: "running state", found, expected });
    };
    if (parameter.source?.kind !== "parameter" || parameter.source.trainable)
      fail("a tensor that is no parameter, or that gradients move", "a parameter with trainable: false");
    if (!sameShape(parameter.shape, next.shape))
      fail(`the shape ${formatShape(next.shape)}`, `that of the parameter, ${formatShape(parameter.shape)}`);
    if (this.updates.has(parameter)) fail("a second update of one parameter", "one; share it otherwise");
    this.updates.set(parameter, next);
  }

  /** A tensor with fixed values, row-major. */
  constant(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    if (values.length !== product(shape)) {
      throw new BindscapeError({
        source: "constant",
        found: `${values.length} values for the shape ${formatShape(shape)}`,
        expected: `${product(shape)} values`,
      });
    }
    return this.leaf(shape, { kind: "constant", values: Float32Array.from(values) });
  }

  /** A constant of rank 0. */
  scalar(value: number): Tensor {
    return this.constant([value], []);
  }

  /** A dropout mask: 0 with probability `rate`, else 1 / (1 - rate); drawn anew at every step. */
  mask(shape: Shape, rate: number): Tensor {
    const tensor = this.leaf(shape, { kind: "mask", rate });
    this.masks.push(tensor);
    return tensor;
  }

  /** Random numbers, drawn anew at every step: standard normal, or uniform above 0 up to 1. */
  noise(shape: Shape, distribution: "normal" | "uniform"): Tensor {
    const tensor = this.leaf(shape, { kind: "noise", distribution });
    this.masks.push(tensor);
    return tensor;
  }

  /** For the engine: a tensor without inputs. */
  leaf(shape: Shape, source: Source): Tensor {
    return new Tensor(this, this.#tensors++, shape, source, null, 0);
  }

  /** For the engine: an operator's output. */
  derived(shape: Shape, node: Node, index: number): Tensor {
    return new Tensor(this, this.#tensors++, shape, null, node, index);
  }

  #named(
    table: Map<string, Tensor>,
    kind: string,
    name: string,
    shape: Shape,
    makeSource: () => Source,
  ): Tensor {
    const known = table.get(name);
    if (known === undefined) {
      if (!/^[A-Za-z][\w.-]*$/.test(name)) {
        throw new BindscapeError({
          source: `${kind} "${name}"`,
          found: "an unusable name",
          expected: "letters, digits, dots, dashes and underscores, a letter first",
        });
      }
      const tensor = this.leaf(shape.slice(), makeSource());
      table.set(name, tensor);
      return tensor;
    }
    if (!sameShape(known.shape, shape)) {
      throw new BindscapeError({
        source: `${kind} "${name}"`,
        found: `the shape ${formatShape(shape)}`,
        expected: `${formatShape(known.shape)}, as where it was first used`,
      });
    }
    return known;
  }
}

/** Applies an operator and returns its outputs. `label` names the layer in errors. */
export function applyOperator<Attributes>(
  operator: Operator<Attributes>,
  inputs: readonly Tensor[],
  attributes: Attributes,
  label: string = operator.name,
): readonly Tensor[] {
  const graph = inputs[0].graph;
  for (const input of inputs) {
    if (input.graph !== graph) throw new Error(`${label}: its inputs belong to different graphs`);
  }
  let shapes: readonly Shape[];
  try {
    shapes = operator.infer(
      inputs.map((input) => input.shape),
      attributes,
    );
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw misfit(operator.name, inputs, error.needs, label);
  }
  const outputs: Tensor[] = [];
  const node: Node<Attributes> = { operator, attributes, inputs, outputs, label: graph.context ?? label };
  shapes.forEach((shape, index) => {
    outputs.push(graph.derived(shape, node as Node, index));
  });
  return outputs;
}

/** The error of a layer whose inputs do not fit: it names the layer, the shapes it got and what it needs. */
export function misfit(
  operator: string,
  inputs: readonly Tensor[],
  needs: string,
  label: string = operator,
): BindscapeError {
  return new BindscapeError({
    source: `layer "${label}" (${operator})`,
    found: `inputs of shape ${inputs.map((input) => formatShape(input.shape)).join(" and ")}`,
    expected: needs,
  });
}

/** The nodes that `outputs` depend on, each after those it needs. */
export function orderNodes(outputs: readonly Tensor[]): Node[] {
  const ordered: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  // An explicit stack: unrolled recurrences make chains that recursion would overflow on.
  const stack: Node[] = [];
  for (const output of outputs) {
    if (output.node) stack.push(output.node);
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      const before = state.get(node);
      if (before === undefined) {
        state.set(node, "open");
        for (const input of node.inputs) {
          if (input.node && !state.has(input.node)) stack.push(input.node);
        }
      } else {
        stack.pop();
        if (before === "open") {
          state.set(node, "done");
          ordered.push(node);
        }
      }
    }
  }
  return ordered;
}
