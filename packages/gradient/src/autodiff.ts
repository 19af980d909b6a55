import { orderNodes, type Tensor } from "./graph.js";
import { add } from "./operators/arithmetic.js";
import { expand } from "./operators/expand.js";

/**
 * Reverse-mode differentiation: the gradients of a scalar (or of the sum of a tensor's entries) with respect to
 * some tensors, as tensors of the same graph. Only what lies between is differentiated.
 * @returns one tensor each, or null where `of` does not depend on it
 */
export function gradients(of: Tensor, withRespectTo: readonly Tensor[]): (Tensor | null)[] {
  const nodes = orderNodes([of]);
  const wanted = new Set(withRespectTo);
  for (const node of nodes) {
    if (node.inputs.some((input) => wanted.has(input))) for (const output of node.outputs) wanted.add(output);
  }
  const gathered = new Map<Tensor, Tensor>();
  gathered.set(of, onesLike(of));
  for (const node of nodes.reverse()) {
    if (!node.outputs.some((output) => wanted.has(output) && gathered.has(output))) continue;
    const needed = node.inputs.map((input) => wanted.has(input));
    if (!needed.some((need) => need)) continue;
    if (!node.operator.gradient)
      throw new Error(`layer "${node.label}": ${node.operator.name} has no gradient`);
    const outputGradients = node.outputs.map((output) => gathered.get(output) ?? null);
    of.graph.context = `gradient of ${node.label}`;
    try {
      node.operator.gradient(node, outputGradients, needed).forEach((gradient, i) => {
        if (!needed[i] || gradient === null) return;
        const known = gathered.get(node.inputs[i]);
        gathered.set(node.inputs[i], known ? add(known, gradient) : gradient);
      });
    } finally {
      of.graph.context = null;
    }
  }
  return withRespectTo.map((tensor) => gathered.get(tensor) ?? null);
}

function onesLike(x: Tensor): Tensor {
  return expand(x.graph.scalar(1), x);
}
