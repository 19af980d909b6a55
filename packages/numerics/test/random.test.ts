import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random, type RandomState } from "../src/random.js";

/** xoshiro128** written out from the paper's listing in arithmetic of unlimited width. */
function* reference(state: RandomState): Generator<number> {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const s = state.map(BigInt);
  for (;;) {
    yield Number((rotate((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
}

/** Pearson's statistic over equally likely cells. */
function chiSquare(counts: ArrayLike<number>): number {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const expected = total / counts.length;
  return Array.from(counts).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("Random", () => {
  it("is xoshiro128**: from the state 1, 2, 3, 4 it begins 11520, 0, 5927040", () => {
    const random = Random.fromState([1, 2, 3, 4]);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([11520, 0, 5927040]);
  });

  it("agrees with arithmetic of unlimited width from any state", () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (state) => {
        const random = Random.fromState(state);
        const expected = reference(state);
        for (let i = 0; i < 50; i++) expect(random.uint32()).toBe(expected.next().value);
      }),
    );
  });

  it("resumes from its state, through JSON, in the middle of anything", () => {
    const random = new Random("resume");
    for (let i = 0; i < 17; i++) random.normal();
    const again = Random.fromState(JSON.parse(JSON.stringify(random.state)));
    const draw = (from: Random) => [
      from.uint32(),
      from.uniform(),
      from.integer(1000),
      from.normal(),
      from.uint32(),
    ];
    expect(draw(again)).toEqual(draw(random));
  });

  it("gives the same stream for a number and its text, and different ones for different seeds and parts", () => {
    expect(new Random(42).uint32()).toBe(new Random("42").uint32());
    const firsts = new Set<number>();
    for (let seed = 0; seed < 1000; seed++) firsts.add(new Random(seed).uint32());
    for (let part = 0; part < 1000; part++) firsts.add(Random.forPart(7, "batch", part).uint32());
    // 2,000 draws of 2^32: a single chance collision has probability 0.0005, and seeds are fixed.
    expect(firsts.size).toBe(2000);
    expect(Random.forPart(7, "a", "b").uint32()).not.toBe(Random.forPart(7, "ab").uint32());
  });

  it("is uniform: chi-square over 256 cells, high and low bits", () => {
    const random = new Random(2024);
    const high = new Uint32Array(256);
    const low = new Uint32Array(256);
    const unit = new Uint32Array(256);
    for (let i = 0; i < 256_000; i++) {
      const word = random.uint32();
      high[word >>> 24]++;
      low[word & 255]++;
      unit[Math.floor(random.uniform() * 256)]++;
    }
    // 255 degrees of freedom: mean 255, standard deviation 22.6; four of them either way.
    for (const counts of [high, low, unit]) {
      expect(chiSquare(counts)).toBeGreaterThan(165);
      expect(chiSquare(counts)).toBeLessThan(346);
    }
  });

  it("integer stays below its bound without favouring small numbers", () => {
    const random = new Random(5);
    const bound = 3_000_000_000; // modulo bias would put 2/3 of the draws below 2^32 - bound
    let below = 0;
    for (let i = 0; i < 100_000; i++) {
      const value = random.integer(bound);
      expect(value).toBeLessThan(bound);
      if (value < 4294967296 - bound) below++;
    }
    expect(below / 100_000).toBeCloseTo((4294967296 - bound) / bound, 2);
    const counts = new Uint32Array(7);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++;
    expect(chiSquare(counts)).toBeLessThan(27); // 6 degrees of freedom: p = 0.0001
    expect(random.integer(1)).toBe(0);
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 33])
      expect(() => random.integer(bad)).toThrow(RangeError);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it("normal has the moments of a standard normal", () => {
    const random = new Random(99);
    const count = 200_000;
    const moments = [0, 0, 0, 0];
    let beyondTwo = 0;
    for (let i = 0; i < count; i++) {
      const value = random.normal();
      for (let power = 0; power < 4; power++) moments[power] += value ** (power + 1) / count;
      if (Math.abs(value) > 1.959964) beyondTwo++;
    }
    // Four standard errors: sqrt(1/n), sqrt(2/n), sqrt(15/n), sqrt(96/n), sqrt(0.0475/n).
    expect(Math.abs(moments[0])).toBeLessThan(0.009);
    expect(Math.abs(moments[1] - 1)).toBeLessThan(0.0127);
    expect(Math.abs(moments[2])).toBeLessThan(0.035);
    expect(Math.abs(moments[3] - 3)).toBeLessThan(0.088);
    expect(Math.abs(beyondTwo / count - 0.05)).toBeLessThan(0.002);
  });

  it("uniform stays in [0, 1)", () => {
    const top = Random.fromState([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
    for (let i = 0; i < 10_000; i++) {
      const value = top.uniform();
      expect(value >= 0 && value < 1).toBe(true);
    }
  });

  it("shuffle gives a permutation, each with equal chance", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 100 }), fc.integer(), (items, seed) => {
        const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
        const shuffled = new Random(seed).shuffle([...items]);
        expect(sorted(shuffled)).toEqual(sorted(items));
      }),
    );
    const random = new Random(31);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const key = random.shuffle(Uint8Array.from([0, 1, 2, 3])).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(57); // 23 degrees of freedom: p = 0.0001
  });
});
