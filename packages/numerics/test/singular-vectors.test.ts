import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../src/random.js";
import { rightSingularVectors } from "../src/singular-vectors.js";

/** The 9 x 5 matrix of the stored values. */
const entry = (i: number, j: number) => ((7 * i * i + 3 * j * j * i + 5 * j + 1) % 11) / 3 - 1.2;
const tall = Array.from({ length: 45 }, (_, at) => entry(Math.floor(at / 5), at % 5));
const wide = Array.from({ length: 45 }, (_, at) => entry(at % 9, Math.floor(at / 9)));

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(found[i] - expected[i]) <= tolerance))
      throw new Error(`entry ${i}: ${found[i]}, not ${expected[i]}`);
  }
}

describe("rightSingularVectors", () => {
  it("gives the values of NumPy 2.4 (numpy.linalg.svd, signs by the same rule)", () => {
    const values = [6.009168340322835, 3.822252054893926, 3.585899734172694];
    const ofTall = rightSingularVectors(tall, 9, 5, 3);
    expectClose(ofTall.values, values, 1e-13);
    const tallVectors = [
      0.30124249916816737, 0.742386835019805, -0.39687952275965066, 0.4300422824453447, -0.5106372638266472,
      0.13894173948306224, 0.3166201500150243, -0.37518723071934507, -0.587252545846262, 0.5998430594865589,
      0.004871854379872309, -0.16574726381494076, 0.5140589232708479, 0.21753661512711575, 0.671449275357743,
    ];
    expectClose(ofTall.vectors, tallVectors, 1e-12);
    const ofWide = rightSingularVectors(wide, 5, 9, 3);
    expectClose(ofWide.values, values, 1e-13);
    const wideVectors = [
      0.1796585732981323, -0.03540724463566685, 0.701328894766236, 0.4465540458409039, 0.2009908333089518,
      -0.021954577183265826, 0.38252649010562817, -0.10288471929963074, -0.5201856724662912,
      0.17030918159137717, 0.667675607012382, 0.20137155325923164, 0.2759612536002484, -0.3117197362210153,
      0.08909331542999736, 0.28576722755525774, -0.4206874077916732, 0.3405502819034743, -0.28675730744601075,
      -0.23249787827404927, -0.16182924224796258, 0.4425515301181758, -0.3001439369072832,
      -0.09971851674425534, 0.39633497978336546, 0.2892823793459463, -0.1909647664318249,
    ];
    expectClose(ofWide.vectors, wideVectors, 1e-12);
  });

  it("has the closed form of a 2 x 2 matrix, of orthogonal columns and of rank one", () => {
    const { values, vectors } = rightSingularVectors([3, 0, 4, 5], 2, 2, 2);
    expectClose(values, [Math.sqrt(45), Math.sqrt(5)], 1e-14);
    expectClose(vectors, [Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2], 1e-14);
    const diagonal = rightSingularVectors([0, 2, 0, -7, 0, 0, 0, 0, 0.5], 3, 3, 3);
    expectClose(diagonal.values, [7, 2, 0.5], 0);
    expectClose(diagonal.vectors, [1, 0, 0, 0, 1, 0, 0, 0, 1], 0);
    const rankOne = rightSingularVectors([-2, -4, -1, -2, -2, -4], 3, 2, 2);
    expectClose(rankOne.values, [3 * Math.sqrt(5), 0], 1e-14);
    expectClose([rankOne.vectors[0], rankOne.vectors[2]], [1 / Math.sqrt(5), 2 / Math.sqrt(5)], 1e-14);
    expectClose(rightSingularVectors(new Float64Array(6), 3, 2, 2).values, [0, 0], 0);
  });

  it("gives orthonormal vectors v with |A v| its singular value, whatever the shape", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (m, n, seed) => {
          const random = new Random(seed);
          const matrix = Float64Array.from({ length: m * n }, () =>
            random.integer(3) === 0 ? 0 : random.normal(),
          );
          const count = Math.min(m, n);
          const { values, vectors } = rightSingularVectors(matrix, m, n, count);
          const products: number[][] = [];
          for (let k = 0; k < count; k++) {
            const product = Array.from({ length: m }, (_, i) => {
              let sum = 0;
              for (let j = 0; j < n; j++) sum += matrix[i * n + j] * vectors[j * count + k];
              return sum;
            });
            products.push(product);
            expect(Math.hypot(...product)).toBeCloseTo(values[k], 10);
            if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
            for (let other = 0; other <= k; other++) {
              let inner = 0;
              for (let j = 0; j < n; j++) inner += vectors[j * count + k] * vectors[j * count + other];
              expect(inner).toBeCloseTo(other === k ? 1 : 0, 10);
              if (other < k)
                expect(products[other].reduce((sum, v, i) => sum + v * product[i], 0)).toBeCloseTo(0, 9);
            }
          }
        },
      ),
      { numRuns: 60, seed: 3 },
    );
  });

  it("refuses more vectors than there are", () => {
    expect(() => rightSingularVectors(tall, 9, 5, 6)).toThrow("6 singular vectors of a matrix of 9 rows");
  });
});
