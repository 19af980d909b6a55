import type { Tensor } from "../graph.js";
import { add } from "../operators/arithmetic.js";
import { matrixProduct } from "../operators/matrix-product.js";

/**
 * x kernel + bias.
 * @param x [N, inputs]
 * @param kernel [inputs, outputs]
 * @param bias [outputs], or null
 */
export function dense(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null = null,
  options: { readonly name?: string } = {},
): Tensor {
  const product = matrixProduct(x, kernel, {}, options.name ?? "dense");
  return bias ? add(product, bias) : product;
}
