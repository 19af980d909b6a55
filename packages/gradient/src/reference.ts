import { orderNodes, type Tensor } from "./graph.js";
import type { ReferenceTensor } from "./operator.js";
import { formatShape, product, shapeFor } from "./shape.js";

/**
 * Runs a graph, forward or backward, in float64, operator by operator. Slow and written for clarity: it is what
 * ONNX Runtime's results and every gradient are checked against.
 * @param values of inputs, parameters and masks (constants need none)
 * @param batch the number of samples, for graphs with a free batch axis
 */
export function evaluateReference(
  outputs: readonly Tensor[],
  values: ReadonlyMap<Tensor, ArrayLike<number>>,
  batch = 1,
): Float64Array[] {
  const known = new Map<Tensor, ReferenceTensor>();
  const look = (tensor: Tensor): ReferenceTensor => {
    let value = known.get(tensor);
    if (value === undefined) {
      const shape = shapeFor(tensor.shape, batch);
      const given =
        values.get(tensor) ?? (tensor.source?.kind === "constant" ? tensor.source.values : undefined);
      if (given === undefined || given.length !== product(shape)) {
        throw new Error(
          `the reference interpreter needs ${formatShape(shape)} values for tensor ${tensor.id}`,
        );
      }
      value = { shape, data: Float64Array.from(given) };
      known.set(tensor, value);
    }
    return value;
  };
  for (const node of orderNodes(outputs)) {
    const shapes = node.outputs.map((output) => shapeFor(output.shape, batch));
    const results = node.operator.evaluate(node.inputs.map(look), node.attributes, shapes);
    node.outputs.forEach((output, i) => {
      if (results[i].length !== product(shapes[i]))
        throw new Error(`${node.operator.name}: wrong number of values`);
      known.set(output, { shape: shapes[i], data: results[i] });
    });
  }
  return outputs.map((output) => look(output).data);
}
