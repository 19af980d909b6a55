import { applyOperator, type Graph, type Node, type Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import { transpose } from "../operators/transpose.js";

/** Tensors of one graph written into another, of the same batch, node by node. */
export class GraphCopy {
  readonly #copies = new Map<Tensor, Tensor>();

  constructor(readonly graph: Graph) {}

  /** Makes a tensor of the new graph stand for one of the old. */
  set(original: Tensor, copy: Tensor): void {
    this.#copies.set(original, copy);
  }

  has(original: Tensor): boolean {
    return this.#copies.has(original);
  }

  /** The tensor that stands for a leaf, for one that was {@link set}, or for an output of a node applied before. */
  get(original: Tensor): Tensor {
    let copy = this.#copies.get(original);
    if (copy === undefined) {
      copy = this.#leaf(original);
      this.#copies.set(original, copy);
    }
    return copy;
  }

  apply(node: Node): void {
    const outputs = this.#outputsOf(
      node,
      node.inputs.map((input) => this.get(input)),
    );
    outputs.forEach((output, i) => {
      this.#copies.set(node.outputs[i], output);
    });
  }

  #outputsOf(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
    // Through their functions, which make one of two in a row.
    if (node.operator.name === "transpose") {
      const { order } = node.attributes as { readonly order: readonly number[] };
      return [transpose(inputs[0], order)];
    }
    if (node.operator.name === "reshape") return [reshape(inputs[0], node.outputs[0].shape)];
    return applyOperator(node.operator, inputs, node.attributes, node.label);
  }

  #leaf({ source, shape }: Tensor): Tensor {
    const lengths = shape as readonly number[];
    switch (source?.kind) {
      case "input":
        return this.graph.input(source.name, shape);
      case "parameter":
        return this.graph.parameter(source.name, lengths, source.initialiser, {
          trainable: source.trainable,
        });
      case "constant":
        return this.graph.constant(source.values, lengths);
      case "mask":
        return this.graph.mask(shape, source.rate);
      case "noise":
        return this.graph.noise(shape, source.distribution);
      default:
        throw new Error("a tensor whose node was not copied before");
    }
  }
}
