import { applyOperator, type Graph, type Node, type Tensor } from "../graph.js";
import { expand } from "../operators/expand.js";
import { reshape } from "../operators/reshape.js";
import { transpose } from "../operators/transpose.js";
import { shapeFor } from "../shape.js";

/** Tensors of a graph with a free batch written into another for a fixed number of samples, as they are asked for. */
export class SampleCopy {
  readonly #copies = new Map<Tensor, Tensor>();

  /** @param leaf what stands for a tensor of the old graph without a node */
  constructor(
    readonly graph: Graph,
    readonly samples: number,
    readonly leaf: (original: Tensor) => Tensor,
    /** What stands for a tensor before its node is copied, if anything. */
    readonly known: (original: Tensor) => Tensor | null = () => null,
  ) {}

  get(original: Tensor): Tensor {
    let copy = this.#copies.get(original) ?? this.known(original);
    if (copy === null) {
      if (original.node === null) copy = this.leaf(original);
      else {
        const outputs = this.#apply(original.node);
        original.node.outputs.forEach((output, i) => {
          this.#copies.set(output, outputs[i]);
        });
        copy = outputs[original.index];
      }
    }
    this.#copies.set(original, copy);
    return copy;
  }

  #apply(node: Node): readonly Tensor[] {
    const inputs = node.inputs.map((input) => this.get(input));
    const [x] = inputs;
    switch (node.operator.name) {
      case "transpose":
        return [transpose(x, (node.attributes as { readonly order: readonly number[] }).order)];
      case "reshape":
        return [reshape(x, shapeFor(node.outputs[0].shape, this.samples))];
      case "expand": {
        const shape = shapeFor(node.outputs[0].shape, this.samples);
        return [expand(x, this.graph.constant(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape))];
      }
      default:
        return applyOperator(node.operator, inputs, node.attributes, node.label);
    }
  }
}
