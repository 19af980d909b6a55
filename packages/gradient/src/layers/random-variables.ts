import type { Tensor } from "../graph.js";
import { divide } from "../operators/arithmetic.js";
import { gammaSampleFrom, proposals } from "../operators/gamma-sample.js";
import { reduceSum } from "../operators/reduce.js";

/**
 * A sample of Gamma(concentration, 1) for each concentration, anew at every training step (Marsaglia and Tsang 2000);
 * in inference the mean, which is the concentration itself. The gradient is that of implicit reparametrisation (Figurnov
 * et al. 2018): how the sample moves while its probability stays.
 * @param concentration above 0; gradients are exact to 1e-5 of their value from 0.02 to 10,000
 */
export function gammaSample(concentration: Tensor, options: { readonly name?: string } = {}): Tensor {
  const { graph, shape } = concentration;
  if (graph.phase === "inference") return concentration;
  const noise = {
    normals: graph.noise([proposals, ...shape], "normal"),
    uniforms: graph.noise([proposals, ...shape], "uniform"),
    boost: graph.noise(shape, "uniform"),
  };
  return gammaSampleFrom(concentration, noise, options.name ?? "gammaSample");
}

/**
 * A sample of a Dirichlet distribution along the last axis, anew at every training step: {@link gammaSample}s divided
 * by their sum. In inference the mean.
 * @param concentration [..., K], above 0
 * @returns [..., K], proportions that sum to 1
 */
export function dirichletSample(concentration: Tensor, options: { readonly name?: string } = {}): Tensor {
  const sample = gammaSample(concentration, { name: options.name ?? "dirichletSample" });
  return divide(sample, reduceSum(sample, [sample.rank - 1]));
}
