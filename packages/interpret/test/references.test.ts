import { encodeNpz, MemorySource } from "@bindscape/genome";
import { describe, expect, it } from "vitest";
import { readReferences } from "../src/reference-file.js";
import { makeReferences } from "../src/references.js";
import { drawModel, drawWindows } from "./drawn-models.js";

const plain = { windowLength: 60, kernels: 3, kernelWidth: 5, poolWidth: 4, dense: 3 };
const model = drawModel("factornet", plain, { windowLength: 60 });
const windows = drawWindows(model, 3, "references");
const text = (name: string, content: string) => new MemorySource(new TextEncoder().encode(content), name);

describe("references", () => {
  it("are zeros, or the same frequencies everywhere, computed once for all windows", () => {
    const zeros = makeReferences(model, windows, { kind: "zeros" });
    expect([zeros.count, zeros.shared]).toEqual([1, true]);
    expect(new Set(zeros.fill(0, 0))).toEqual(new Set([0]));
    const uniform = makeReferences(model, windows, { kind: "uniform", frequencies: [0.3, 0.2, 0.1, 0.4] });
    const filled = uniform.fill(0, 0);
    expect(filled).toHaveLength(4 * 60);
    expect([0, 60, 120, 180].map((at) => filled[at])).toEqual([0.3, 0.2, 0.1, 0.4].map(Math.fround));
  });

  it("are shuffles with the window's own dinucleotides, unknown bases in place, the same for the same seed", () => {
    const shuffled = makeReferences(model, windows, { kind: "shuffled", count: 4, seed: 7 });
    expect([shuffled.count, shuffled.shared]).toEqual([4, false]);
    const filled = shuffled.fill(0, 3);
    expect(shuffled.fill(1, 2)).toEqual(filled.subarray(4 * 240, 8 * 240));
    const letters = (values: Float32Array, at: number) =>
      Array.from({ length: 60 }, (_, p) =>
        [0, 1, 2, 3].findIndex((base) => values[at + base * 60 + p] === 1),
      );
    const pairs = (row: number[]) =>
      row
        .slice(1)
        .map((base, i) => `${row[i]}${base}`)
        .sort();
    let moved = 0;
    for (let n = 0; n < 3; n++) {
      const own = letters(windows.windows, n * 240);
      for (let k = 0; k < 4; k++) {
        const row = letters(filled, (n * 4 + k) * 240);
        expect(pairs(row)).toEqual(pairs(own));
        row.forEach((base, i) => {
          expect(base < 0).toBe(own[i] < 0);
          if (base !== own[i]) moved++;
        });
      }
    }
    expect(moved).toBeGreaterThan(100);
  });

  it("keep the tracks of the window, and are then not shared", () => {
    const tracked = drawModel("factornet", plain, { windowLength: 60, tracks: ["dnase"] });
    const own = drawWindows(tracked, 2, "tracks");
    const zeros = makeReferences(tracked, own, { kind: "zeros" });
    expect(zeros.shared).toBe(false);
    const filled = zeros.fill(1, 2);
    expect(filled.subarray(240)).toEqual(own.windows.subarray(300 + 240));
    expect(new Set(filled.subarray(0, 240))).toEqual(new Set([0]));
  });

  it("are read from FASTA and from arrays", async () => {
    const fasta = await readReferences(
      text("r.fa", `>one\n${"ACGT".repeat(15)}\n>two\n${"N".repeat(60)}\n`),
      0.25,
    );
    const made = makeReferences(model, windows, fasta);
    expect([made.count, made.shared]).toEqual([2, true]);
    const filled = made.fill(0, 0);
    expect([0, 1, 61, 240].map((at) => filled[at])).toEqual([1, 0, 1, 0.25]);
    const each = Float32Array.from({ length: 3 * 2 * 240 }, (_, i) => i);
    const bytes = await encodeNpz(new Map([["references", { shape: [3, 2, 4, 60], data: each }]]));
    const given = makeReferences(model, windows, await readReferences(new MemorySource(bytes, "r.npz")));
    expect([given.count, given.shared]).toEqual([2, false]);
    expect(given.fill(1, 3)).toEqual(each.subarray(480));
  });

  it("of another length are refused by name", async () => {
    const short = await readReferences(text("short.fa", `>background7\n${"ACGTA".repeat(6)}\n`));
    expect(() => makeReferences(model, windows, short)).toThrow(
      /short\.fa: "background7" of 30 bp; expected 60 bp.*as long as the windows/,
    );
    await expect(readReferences(text("mixed.fa", ">a\nACGT\n>b\nACG\n"))).rejects.toThrow(
      /mixed\.fa: "b" of 3 bp after "a" of 4 bp/,
    );
  });

  it("that fit nothing are refused", async () => {
    const bytes = await encodeNpz(
      new Map([["references", { shape: [2, 60, 4], data: new Float32Array(480) }]]),
    );
    await expect(readReferences(new MemorySource(bytes, "r.npz"))).rejects.toThrow(
      /an array \(2, 60, 4\); expected/,
    );
    const nan = new Float32Array(240).fill(Number.NaN);
    const spoilt = await encodeNpz(new Map([["references", { shape: [1, 4, 60], data: nan }]]));
    await expect(readReferences(new MemorySource(spoilt, "r.npz"))).rejects.toThrow(
      /NaN at entry 1; expected finite/,
    );
    expect(() => makeReferences(model, windows, { kind: "shuffled", count: 0 })).toThrow(
      /0 shuffled references/,
    );
    expect(() => makeReferences(model, windows, { kind: "uniform", frequencies: [1, 1, 0, 0] })).toThrow(
      /sum to 1/,
    );
    const others = {
      kind: "given",
      source: "x",
      values: new Float32Array(2 * 240),
      count: 1,
      windows: 2,
      length: 60,
    };
    expect(() => makeReferences(model, windows, others as never)).toThrow(/references of 2 windows/);
  });
});
