import { BindscapeError } from "@bindscape/numerics";
import { type Graph, orderNodes, type Tensor } from "./graph.js";
import { multiply } from "./operators/arithmetic.js";
import { concatenate } from "./operators/concatenate.js";
import { reduceSum } from "./operators/reduce.js";
import { reshape } from "./operators/reshape.js";
import { formatShape } from "./shape.js";

/**
 * Watches every tensor of a graph: {@link output} has one number for each, 0, or NaN where a value of it is no finite
 * number (0 times NaN and 0 times infinity are NaN; sums keep it). Tensors stand in the order in which they are computed,
 * so the first that is NaN is where it began: ONNX Runtime's Relu and ReduceMax make numbers of NaN, so what
 * is behind it may look sound.
 */
export class NumericsCheck {
  readonly output: Tensor;
  readonly #names: readonly string[];

  /**
   * @param forward what the model itself computes
   * @param all everything that a step computes
   */
  constructor(graph: Graph, forward: readonly Tensor[], all: readonly Tensor[]) {
    const nodes = orderNodes(all);
    const ofModel = new Set(orderNodes(forward));
    const leaves = [
      ...[...graph.inputs, ...graph.parameters].map(([name, tensor]) => ({
        tensor,
        name: `the ${tensor.source?.kind} "${name}"`,
      })),
      // Computed before the graph, from inputs and a parameter that are not in it.
      ...graph.bags.map(({ output, table }) => ({
        tensor: output,
        name: `the layer sparseBag with ${table.source?.kind === "parameter" ? table.source.name : "its table"}`,
      })),
    ];
    const computed = [
      ...nodes.filter((node) => ofModel.has(node)),
      ...nodes.filter((node) => !ofModel.has(node)),
    ];
    const used = new Set(nodes.flatMap((node) => node.inputs));
    const watched = [
      ...leaves.filter(({ tensor }) => used.has(tensor)),
      ...computed.flatMap((node) => {
        const parameters = node.inputs.flatMap(({ source }) =>
          source?.kind === "parameter" ? [source.name] : [],
        );
        const weights = parameters.length === 0 ? "" : ` with ${parameters.join(" and ")}`;
        const layer =
          node.label === node.operator.name ? node.label : `${node.label} (${node.operator.name})`;
        return node.outputs
          .filter((tensor) => used.has(tensor) || all.includes(tensor))
          .map((tensor) => ({
            tensor,
            name: `the layer ${layer}${weights}, of shape ${formatShape(tensor.shape)}`,
          }));
      }),
    ];
    this.#names = watched.map(({ name }) => name);
    this.output = concatenate(
      watched.map(({ tensor }) => reshape(reduceSum(multiply(tensor, 0)), [1])),
      0,
    );
  }

  /** @throws BindscapeError naming the first tensor of {@link output} that is not finite, and what it was made of */
  check(values: Float32Array): void {
    const first = values.findIndex((value) => Number.isNaN(value));
    if (first < 0) return;
    throw new BindscapeError({
      source: "numerics check",
      found: `a value that is no finite number in ${this.#names[first]}`,
      expected: "finite numbers; everything computed before it was finite",
    });
  }
}
