import type { Tensor } from "./graph.js";
import { multiply } from "./operators/arithmetic.js";
import { matrixProduct } from "./operators/matrix-product.js";
import { relu } from "./operators/pointwise.js";
import { reshape } from "./operators/reshape.js";
import { sumPositions } from "./sum-positions.js";

/**
 * The class-activation map of a layer (Selvaraju et al. 2017, equations 1 and 2): ReLU of the activations summed over
 * kernels, each weighted by the mean of its gradient over positions.
 * @param activations, gradient [N, kernels, positions]
 * @returns [N, 1, positions]
 */
export function classActivationMap(activations: Tensor, gradient: Tensor): Tensor {
  const [samples, kernels, positions] = activations.shape;
  const weights = multiply(sumPositions(gradient), 1 / (positions as number));
  return relu(matrixProduct(reshape(weights, [samples, 1, kernels]), activations));
}
