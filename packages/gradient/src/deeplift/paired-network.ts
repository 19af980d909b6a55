import { applyOperator, type Graph, type Node, orderNodes, type Tensor } from "../graph.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { expand } from "../operators/expand.js";
import { reshape } from "../operators/reshape.js";
import { isFree, type Shape } from "../shape.js";
import { PairedRows, type ReferenceRows } from "./paired-rows.js";

/** The prefix of the graph's inputs that references are given as. */
export const REFERENCE_PREFIX = "reference.";

/**
 * A network's activations for sequences and for their references in one graph. What depends on no input of samples
 * (kernels turned round, say) is there once.
 */
export class PairedNetwork {
  /** The nodes that depend on samples, each after those it needs. */
  readonly nodes: readonly Node[];
  readonly rows: PairedRows;
  readonly #graph: Graph;
  readonly #references = new Map<Tensor, Tensor>();
  readonly #placeholders = new Map<Tensor, Tensor>();
  readonly #differences = new Map<Tensor, Tensor>();

  constructor(outputs: readonly Tensor[], rows: ReferenceRows) {
    this.#graph = outputs[0].graph;
    this.rows = new PairedRows(rows);
    const nodes: Node[] = [];
    for (const node of orderNodes(outputs)) {
      for (const input of node.inputs) this.#readInput(input);
      if (!node.inputs.some((input) => this.dependsOnSamples(input))) continue;
      nodes.push(node);
      this.rows.follow(node.inputs, node.outputs, node.operator.name === "reshape");
      this.#forReferences(node).forEach((tensor, i) => {
        this.#references.set(node.outputs[i], tensor);
      });
    }
    this.nodes = nodes;
  }

  /** Whether a tensor is different for each sample. */
  dependsOnSamples(tensor: Tensor): boolean {
    return this.#references.has(tensor);
  }

  /** What a tensor of the network is for the references. */
  ofReferences(tensor: Tensor): Tensor {
    const reference = this.#references.get(tensor);
    if (reference === undefined) throw new Error("a tensor that does not depend on samples");
    return reference;
  }

  /** Entries of pairs made of tensors of the network, all of one shape; see {@link PairedRows.combine}. */
  combine(
    tensors: readonly Tensor[],
    combine: (sequences: readonly Tensor[], references: readonly Tensor[]) => Tensor,
  ): Tensor {
    return this.rows.combine(
      tensors,
      tensors,
      tensors.map((tensor) => this.ofReferences(tensor)),
      combine,
    );
  }

  /** A tensor's difference from its reference, for pairs. */
  difference(tensor: Tensor): Tensor {
    let difference = this.#differences.get(tensor);
    if (difference === undefined) {
      difference = this.combine([tensor], ([x], [reference]) => subtract(x, reference));
      this.#differences.set(tensor, difference);
    }
    return difference;
  }

  /** The mean of a tensor and its reference, for pairs: what the other factor of a product is worth (half rule). */
  mean(tensor: Tensor): Tensor {
    return this.combine([tensor], ([x], [reference]) => multiply(add(x, reference), 0.5));
  }

  /**
   * The node as it would stand in a network of pairs, so that its gradient is made of their shapes. Tensors that depend
   * on samples are replaced by `inputs`, by default by tensors that have a shape and no values.
   */
  pairNode(node: Node, inputs: (input: Tensor) => Tensor = (input) => this.placeholder(input)): Node {
    return {
      ...node,
      inputs: node.inputs.map((input) => (this.dependsOnSamples(input) ? inputs(input) : input)),
      outputs: node.outputs.map((output) => this.placeholder(output)),
    };
  }

  /** A tensor for pairs that has a shape and no values. */
  placeholder(tensor: Tensor): Tensor {
    let placeholder = this.#placeholders.get(tensor);
    if (placeholder === undefined) {
      const source = { kind: "input", name: "placeholder" } as const;
      placeholder = this.#graph.leaf(this.rows.pairShape(tensor.shape), source);
      this.#placeholders.set(tensor, placeholder);
    }
    return placeholder;
  }

  /** Applies a node's operator to other inputs, in another number of rows. */
  apply(node: Node, inputs: readonly Tensor[], resize: (shape: Shape) => Shape): readonly Tensor[] {
    const { operator, attributes, outputs, label } = node;
    if (operator.name === "reshape") return [reshape(inputs[0], resize(outputs[0].shape))];
    if (operator.name === "expand" && inputs.length > 1) return [expand(inputs[0], inputs[1])];
    return applyOperator(operator, inputs, attributes, label);
  }

  #readInput(tensor: Tensor): void {
    const { source, shape } = tensor;
    if (source?.kind !== "input" || this.#references.has(tensor) || !shape.some(isFree)) return;
    const reference = this.#graph.input(`${REFERENCE_PREFIX}${source.name}`, this.rows.referenceShape(shape));
    this.#references.set(tensor, reference);
  }

  #forReferences(node: Node): readonly Tensor[] {
    const inputs = node.inputs.map((input) => this.#references.get(input) ?? input);
    return this.apply(node, inputs, (shape) => this.rows.referenceShape(shape));
  }
}
