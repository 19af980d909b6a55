import { BindscapeError, type Random } from "@bindscape/numerics";
import { formatShape, product } from "./shape.js";

/** Draws a parameter's first values, row-major. */
export type Initialiser = (shape: readonly number[], random: Random) => Float32Array;

/** All zeros, as biases start. */
export function zeros(): Initialiser {
  return (shape) => new Float32Array(product(shape));
}

/** One value everywhere. */
export function constantValue(value: number): Initialiser {
  return (shape) => new Float32Array(product(shape)).fill(value);
}

/** Given values, row-major. */
export function fromValues(values: ArrayLike<number>): Initialiser {
  return (shape) => {
    if (values.length !== product(shape)) {
      throw new BindscapeError({
        source: "initial values",
        found: `${values.length} values for a parameter of shape ${formatShape(shape)}`,
        expected: `${product(shape)} values`,
      });
    }
    return Float32Array.from(values);
  };
}

/**
 * Uniform in +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010, equation 16). The fans are those of a
 * convolution kernel [filters, channels, width] (times the width), and of a matrix its two lengths.
 */
export function glorotUniform(): Initialiser {
  return (shape, random) => {
    const receptiveField = product(shape.slice(2));
    const fans = ((shape[0] ?? 1) + (shape[1] ?? 1)) * receptiveField;
    const bound = Math.sqrt(6 / fans);
    return fill(product(shape), () => (2 * random.uniform() - 1) * bound);
  };
}

/** Normal with the given standard deviation. */
export function normal(standardDeviation: number): Initialiser {
  return (shape, random) => fill(product(shape), () => random.normal() * standardDeviation);
}

/**
 * Orthonormal (Saxe et al. 2014): the Gram-Schmidt basis of a normal matrix. Of a shape [..., rows, columns]
 * every matrix is drawn by itself; rows are orthonormal where there are no more of them than columns, else
 * columns are.
 */
export function orthogonal(): Initialiser {
  return (shape, random) => {
    const rows = shape[shape.length - 2];
    const columns = shape[shape.length - 1];
    const values = new Float32Array(product(shape));
    for (let at = 0; at < values.length; at += rows * columns) {
      const count = Math.min(rows, columns);
      const length = Math.max(rows, columns);
      const basis = orthonormalVectors(count, length, random);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < length; j++) {
          values[at + (rows <= columns ? i * columns + j : j * columns + i)] = basis[i][j];
        }
      }
    }
    return values;
  };
}

function orthonormalVectors(count: number, length: number, random: Random): Float64Array[] {
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Twice is enough: the second pass removes what rounding left of the first (Giraud et al. 2005).
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        let overlap = 0;
        for (let i = 0; i < length; i++) overlap += vector[i] * other[i];
        for (let i = 0; i < length; i++) vector[i] -= overlap * other[i];
      }
    }
    const norm = Math.hypot(...vector);
    if (norm < 1e-6) continue;
    basis.push(vector.map((value) => value / norm));
  }
  return basis;
}

function fill(length: number, draw: () => number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = draw();
  return values;
}
