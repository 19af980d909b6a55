import { gammaQuantileSlope, gaussLegendre } from "@bindscape/numerics";
import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { type Shape, sameShape } from "../shape.js";
import { multiply } from "./arithmetic.js";
import { arithmeticOf, emitDigammaMinusLog } from "./gamma-functions.js";

/**
 * Proposals a value. One is refused with a probability below 0.05 (Marsaglia and Tsang 2000, section 4), so all are
 * with less than 0.05^13 = 1.3e-17: less than the 2^-53 that a double-precision uniform number resolves. Where it
 * happens nevertheless, the first is taken.
 */
export const proposals = 13;

/** The smallest sample; smaller ones, which small concentrations have, would become denormal numbers or 0. */
const smallestSample = 1e-30;

const gammaSampleOperator: Operator<null> = {
  name: "gammaSample",
  infer([concentration, normals, uniforms, boost]) {
    const perProposal: Shape = [proposals, ...concentration];
    if (!sameShape(normals, perProposal) || !sameShape(uniforms, perProposal))
      throw new ShapeError(`${proposals} normal and ${proposals} uniform numbers a concentration`);
    if (!sameShape(boost, concentration)) throw new ShapeError("a uniform number a concentration");
    return [concentration];
  },
  emit(emitter, node) {
    const { add, subtract, multiply, divide, sqrt, log, less, greater, maximum, where } =
      arithmeticOf(emitter);
    const [concentration, normals, uniforms, boost] = emitter.names(node.inputs);
    // Below 1 a sample of concentration + 1 is multiplied by U^(1 / concentration) (section 6 of the paper).
    const isSmall = less(concentration, 1);
    const d = subtract(where(isSmall, add(concentration, 1), concentration), 1 / 3);
    const root = add(multiply(normals, divide(1 / 3, sqrt(d))), 1);
    const v = multiply(root, multiply(root, root));
    const safe = maximum(v, 1e-30);
    // ln u < x^2 / 2 + d - d v + d ln v
    const bound = add(
      multiply(multiply(normals, normals), 0.5),
      multiply(d, add(subtract(1, safe), log(safe))),
    );
    const [accepted] = emitter.node("And", [greater(v, 0), less(log(uniforms), bound)]);
    const [marks] = emitter.node("Cast", [accepted], { to: { integer: 1 } });
    const [first] = emitter.node("ArgMax", [marks], { axis: { integer: 0 }, keepdims: { integer: 1 } });
    const [taken] = emitter.node("GatherElements", [safe, first], { axis: { integer: 0 } });
    const [chosen] = emitter.node("Squeeze", [taken, emitter.integers([0])]);
    const factor = where(isSmall, emitter.node("Pow", [boost, divide(1, concentration)])[0], 1);
    const sample = multiply(multiply(d, chosen), factor);
    emitter.node("Max", [sample, emitter.scalar(smallestSample)], {}, emitter.names(node.outputs));
  },
  evaluate([concentration, normals, uniforms, boost]) {
    const count = concentration.data.length;
    return [
      concentration.data.map((a, i) => {
        const d = (a < 1 ? a + 1 : a) - 1 / 3;
        const cubes = Array.from({ length: proposals }, (_, k) => {
          const x = normals.data[k * count + i];
          const v = (1 + x / (3 * Math.sqrt(d))) ** 3;
          const isAccepted =
            v > 0 && Math.log(uniforms.data[k * count + i]) < x ** 2 / 2 + d - d * v + d * Math.log(v);
          return { v, isAccepted };
        });
        const { v } = cubes.find(({ isAccepted }) => isAccepted) ?? cubes[0];
        return Math.max(smallestSample, d * v * (a < 1 ? boost.data[i] ** (1 / a) : 1));
      }),
    ];
  },
  gradient(node, [gradient]) {
    const slope = gradient && applyOperator(slopeOperator, [node.inputs[0], node.outputs[0]], null)[0];
    return [slope && multiply(gradient, slope), null, null, null];
  },
};

/** e^-17 is what float32 does not see any more of an integrand that starts near 1. */
const fall = 17;
const quadrature = gaussLegendre(32);

/** (e^w - 1 - w) / w^2, w^0 first. */
const exponentialSeries = [2, 6, 24, 120, 720, 5040, 40320].map((factorial) => 1 / factorial);

/** The slope of a Gamma quantile in its concentration, by the integral that `gammaQuantileSlope` describes. */
const slopeOperator: Operator<null> = {
  name: "gammaSampleSlope",
  infer([concentration, sample]) {
    if (!sameShape(concentration, sample)) throw new ShapeError("a sample a concentration");
    return [sample];
  },
  emit(emitter, node) {
    const { add, subtract, multiply, divide, sqrt, log, exp, absolute, less, greater, where, polynomial } =
      arithmeticOf(emitter);
    const [concentration, x] = emitter.names(node.inputs);
    // ln x - digamma(concentration), without cancellation where both are large.
    const offset = subtract(log(divide(x, concentration)), emitDigammaMinusLog(emitter, concentration));
    const isUpper = greater(offset, 0);
    const below = divide(fall, concentration);
    const lowerEnd = multiply(add(below, sqrt(multiply(below, add(below, 8)))), -0.5);
    const above = divide(fall + 8, x);
    const upperEnd = log(add(add(above, 1), sqrt(multiply(above, 2))));
    const end = where(isUpper, upperEnd, lowerEnd);
    // One row of the first axis a node of the quadrature.
    const { nodes, weights } = quadrature;
    const rows = (values: readonly number[]) => {
      const name = emitter.temporary();
      const shape = [values.length, ...node.inputs[0].shape.map(() => 1)];
      emitter.floats(name, shape, Float32Array.from(values));
      return name;
    };
    const w = multiply(rows(nodes), end);
    const near = multiply(multiply(w, w), polynomial(w, exponentialSeries));
    const curved = where(less(absolute(w), 0.5), near, subtract(subtract(exp(w), 1), w));
    const exponent = subtract(multiply(subtract(concentration, x), w), multiply(x, curved));
    const integrand = multiply(exp(exponent), multiply(absolute(add(w, offset)), rows(weights)));
    const [sum] = emitter.node("ReduceSum", [integrand, emitter.integers([0])], { keepdims: { integer: 0 } });
    emitter.node("Mul", [multiply(x, absolute(end)), sum], {}, emitter.names(node.outputs));
  },
  evaluate: ([concentration, sample]) => [
    sample.data.map((x, i) => gammaQuantileSlope(concentration.data[i], x)),
  ],
};

/**
 * How a Gamma variate changes with its concentration while its probability stays (Figurnov et al. 2018, equation 5).
 * To 1e-4 of its value in float32 for concentrations from 0.05 to 10,000.
 */
export function gammaSampleSlope(concentration: Tensor, sample: Tensor): Tensor {
  return applyOperator(slopeOperator, [concentration, sample], null)[0];
}

/** The sample that some noise makes; see {@link gammaSample} in layers. */
export function gammaSampleFrom(
  concentration: Tensor,
  noise: { readonly normals: Tensor; readonly uniforms: Tensor; readonly boost: Tensor },
  name?: string,
): Tensor {
  const inputs = [concentration, noise.normals, noise.uniforms, noise.boost];
  return applyOperator(gammaSampleOperator, inputs, null, name)[0];
}
