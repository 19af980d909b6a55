import { describe, expect, it } from "vitest";
import { scoreBases } from "../src/base-scores.js";

describe("one score a base", () => {
  // [1 window, 4 bases, 3 positions]; mutagenesis: the observed bases are A, C and T.
  const changes = Float32Array.of(0, -1, 3, -2, 0, 1, -4, 2, -2, 1, 0.5, 0);
  const score = (method: "ism" | "saliency" | "deeplift", rule?: "largest" | "largest-fall" | "mean") =>
    Array.from(scoreBases({ method, count: 1, length: 3, values: changes }, rule));

  it("takes the largest change, with its sign turned", () => {
    expect(score("ism")).toEqual([4, -2, -3]);
    expect(score("ism", "largest-fall")).toEqual([4, 1, 2]);
    expect(score("ism", "mean")).toEqual([5 / 3, -0.5, -2 / 3].map(Math.fround));
  });

  it("takes the largest gradient of saliency, and sums what stands at the observed base", () => {
    expect(score("saliency")).toEqual([-4, 2, 3]);
    expect(score("deeplift")).toEqual([-5, 1.5, 2]);
    expect(scoreBases({ method: "ism", count: 1, length: 1, values: new Float32Array(4) })[0]).toBe(0);
  });
});
