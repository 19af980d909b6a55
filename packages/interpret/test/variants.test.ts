import type { Variant } from "@bindscape/genome";
import { normalTail, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import type { AttributionFile } from "../src/attribution-file.js";
import { AttributedPositions } from "../src/variants/attributed-positions.js";
import { ChromosomeMatcher } from "../src/variants/chromosome-matcher.js";
import { renderMpraPage } from "../src/variants/mpra-page.js";
import { type AssayedVariant, adjustPValues, testAssay } from "../src/variants/mpra-test.js";
import { renderSingletonPage } from "../src/variants/singleton-page.js";
import { poolFactors, testSingletons } from "../src/variants/singleton-test.js";
import { readVariantWindows } from "../src/variants/variant-windows.js";

const random = new Random("variants");
const GENOME = Array.from({ length: 400 }, () => "ACGT"[random.integer(4)]).join("");

function variantAt(position: number, reference: string, alternate: string): Variant {
  return { chromosome: "chr1", position, id: "", reference, alternate, line: 1, alternates: 1 };
}

/** Windows of 40 bp at drawn places, either strand, with drawn attributions. */
function drawFile(method: string, count = 30, length = 40): AttributionFile {
  const places = Array.from({ length: count }, () => {
    const start = random.integer(GENOME.length - length);
    return {
      chromosome: "chr1",
      start,
      end: start + length,
      strand: random.integer(2) ? ("-" as const) : ("+" as const),
    };
  });
  const codes = new Uint8Array(count * length);
  places.forEach(({ start, strand }, row) => {
    for (let k = 0; k < length; k++) {
      const at = strand === "+" ? start + k : start + length - 1 - k;
      const code = "ACGT".indexOf(GENOME[at]);
      codes[row * length + k] = strand === "+" ? code : 3 - code;
    }
  });
  const draw = () => Float32Array.from({ length: count * 4 * length }, () => random.normal());
  return {
    source: "drawn.npz",
    method,
    count,
    length,
    attributions: draw(),
    hypothetical: draw(),
    codes,
    cores: Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 18 : 24)),
    target: 0,
    of: "logit",
    tasks: [],
    places,
  };
}

describe("AttributedPositions", () => {
  it("finds the score furthest from 0 of all windows, on either strand, as a look at every window does", () => {
    for (const [method, score] of [
      ["deeplift", "value"],
      ["ism", "value"],
      ["deeplift", "difference"],
    ] as const) {
      const file = drawFile(method);
      const positions = new AttributedPositions(file, score);
      let outside = 0;
      for (let base = 0; base < GENOME.length; base++) {
        const reference = "ACGT".indexOf(GENOME[base]);
        const alternate = (reference + 1 + random.integer(3)) % 4;
        let expected: number | undefined;
        let isCore = false;
        let windows = 0;
        file.places!.forEach(({ start, end, strand }, row) => {
          if (base < start || base >= end) return;
          windows++;
          const offset = strand === "+" ? base - start : end - 1 - base;
          const at = (code: number) => (row * 4 + (strand === "+" ? code : 3 - code)) * file.length + offset;
          const value =
            score === "difference"
              ? file.hypothetical![at(alternate)] - file.hypothetical![at(reference)]
              : file.attributions[at(method === "ism" ? alternate : reference)];
          if (expected === undefined || Math.abs(value) > Math.abs(expected)) expected = value;
          isCore ||= offset >= 18 && offset < 24;
        });
        const found = positions.score(variantAt(base + 1, "ACGT"[reference], "ACGT"[alternate]), "chr1");
        if (expected === undefined) {
          outside++;
          expect(found).toEqual({ status: "outside" });
        } else expect(found).toEqual({ status: "scored", value: expected, isCore, windows });
      }
      expect(outside).toBeGreaterThan(0);
      expect(outside).toBeLessThan(GENOME.length / 2);
    }
  });

  it("tells what it cannot score, and why", () => {
    const file = drawFile("saliency");
    const positions = new AttributedPositions(file);
    const { start } = file.places![0];
    const reference = GENOME[start + 5];
    const other = "ACGT"[("ACGT".indexOf(reference) + 1) % 4];
    expect(positions.score(variantAt(start + 6, other, reference), "chr1")).toEqual({
      status: "reference-differs",
      found: reference,
    });
    expect(positions.score(variantAt(start + 6, reference, `${reference}A`), "chr1").status).toBe(
      "not-a-snp",
    );
    expect(positions.score(variantAt(start + 6, reference, "<DEL>"), "chr1").status).toBe("no-letters");
    expect(positions.score(variantAt(start + 6, reference, other), undefined).status).toBe("no-chromosome");
    expect(positions.score(variantAt(4000, "A", "C"), "chr1").status).toBe("outside");
  });

  it("takes places from names, and refuses files without", () => {
    const file = drawFile("saliency");
    const names = file.places!.map(({ start, end, strand }) => `chr1:${start}-${end}(${strand})`);
    const named = new AttributedPositions({ ...file, places: undefined, names });
    const placed = new AttributedPositions(file);
    const variant = variantAt(
      file.places![3].start + 8,
      GENOME[file.places![3].start + 7],
      GENOME[file.places![3].start + 7] === "A" ? "C" : "A",
    );
    expect(named.score(variant, "chr1")).toEqual(placed.score(variant, "chr1"));
    expect(() => new AttributedPositions({ ...file, places: undefined })).toThrow(/places/);
    expect(() => new AttributedPositions({ ...file, hypothetical: undefined }, "difference")).toThrow(
      /no hypothetical/,
    );
  });
});

describe("ChromosomeMatcher", () => {
  it("matches names as they come up", () => {
    const matcher = new ChromosomeMatcher(["chr1", "chrX"]);
    expect(matcher.find("1")).toBe("chr1");
    expect(matcher.find("X")).toBe("chrX");
    expect(matcher.find("7")).toBeUndefined();
    expect(matcher.unmatched).toEqual(["7"]);
  });
});

describe("readVariantWindows", () => {
  const codes = Uint8Array.from(GENOME, (letter) => "ACGT".indexOf(letter));
  const genome = {
    chromosomes: [{ name: "chr1", size: GENOME.length }],
    readCodes: async (_name: string, start: number, end: number) => codes.slice(start, end),
  };
  const spell = (window: Uint8Array) => Array.from(window, (code) => "ACGTN"[code]).join("");

  /** The haplotype as text, N beyond its ends, cut about the middle of the allele. */
  function cut(position: number, reference: string, allele: string, length: number): string {
    const haplotype = GENOME.slice(0, position - 1) + allele + GENOME.slice(position - 1 + reference.length);
    const first = position - 1 + Math.floor(allele.length / 2) - Math.floor(length / 2);
    return Array.from({ length }, (_, i) => haplotype[first + i] ?? "N").join("");
  }

  it("centres each allele in the haplotype it makes, with N beyond the ends", async () => {
    for (let round = 0; round < 200; round++) {
      const length = 20 + random.integer(21);
      const position = 1 + random.integer(GENOME.length);
      const reference = GENOME.slice(position - 1, position + random.integer(6));
      const alternate = Array.from({ length: 1 + random.integer(7) }, () => "ACGT"[random.integer(4)]).join(
        "",
      );
      const variant = variantAt(position, reference, alternate);
      const found = await readVariantWindows(genome, "chr1", GENOME.length, variant, length);
      expect(found.found).toBeUndefined();
      expect(spell(found.reference)).toBe(cut(position, reference, reference, length));
      expect(spell(found.alternate)).toBe(cut(position, reference, alternate, length));
      expect(found.passesEnd).toBe(/N/.test(spell(found.reference) + spell(found.alternate)));
    }
  });

  it("says what stands where the reference allele should", async () => {
    const other = GENOME[99] === "A" ? "C" : "A";
    const wrong = await readVariantWindows(genome, "chr1", 400, variantAt(100, other, "G"), 20);
    expect(wrong.found).toBe(GENOME[99]);
    const beyond = await readVariantWindows(genome, "chr1", 400, variantAt(900, "A", "G"), 20);
    expect(beyond.found).toBe("the end of the chromosome");
    const across = await readVariantWindows(
      genome,
      "chr1",
      400,
      variantAt(399, `${GENOME.slice(398)}AA`, "G"),
      20,
    );
    expect(across.found).toBe(GENOME.slice(398));
  });
});

describe("testSingletons", () => {
  const count = 4000;
  const scores = Float64Array.from({ length: count }, () => Math.floor(50 * random.uniform()));
  const cores = Uint8Array.from({ length: count }, (_, i) => (i % 10 === 0 ? 1 : 0));
  const singletons = Uint8Array.from(scores, (score, i) =>
    random.uniform() < 0.4 + 0.006 * score + 0.2 * cores[i] ? 1 : 0,
  );
  const snps = { factor: "F", scores, singletons, cores };

  it("counts the groups, and tests each against the other context SNPs", () => {
    const { groups } = testSingletons(snps, [0.05, 0.2]);
    expect(groups.map(({ group }) => group)).toEqual(["context", "top", "top", "core"]);
    const context = [...scores.keys()].filter((i) => cores[i] === 0);
    const sorted = context.map((i) => scores[i]).sort((a, b) => b - a);
    const rate = (which: number[]) => which.reduce((sum, i) => sum + singletons[i], 0) / which.length;
    for (const [at, share] of [
      [1, 0.05],
      [2, 0.2],
    ]) {
      const least = sorted[Math.ceil(share * context.length) - 1];
      const top = context.filter((i) => scores[i] >= least);
      const rest = context.filter((i) => scores[i] < least);
      expect(groups[at]).toMatchObject({ snps: top.length, leastScore: least, rate: rate(top) });
      const pooled = rate(context);
      const z =
        (rate(top) - rate(rest)) / Math.sqrt(pooled * (1 - pooled) * (1 / top.length + 1 / rest.length));
      expect(groups[at].zScore).toBeCloseTo(z, 10);
      expect(groups[at].pValue).toBeCloseTo(normalTail(z), 12);
      expect(groups[at].standardError).toBeCloseTo(Math.sqrt((rate(top) * (1 - rate(top))) / top.length), 12);
    }
    expect(groups[3].snps).toBe(count - context.length);
    expect(groups[3].pValue).toBeLessThan(1e-6);
  });

  it("is one-sided: a lower rate has a p-value above one half", () => {
    const turned = testSingletons({ ...snps, singletons: singletons.map((one) => 1 - one) }, [0.2]);
    expect(turned.groups[1].zScore).toBeLessThan(0);
    expect(turned.groups[1].pValue).toBeGreaterThan(0.5);
  });

  it("puts no SNP of score 0 among the highest, and stands empty groups", () => {
    const none = testSingletons({ factor: "F", scores: [0, 0, 0], singletons: [1, 0, 1], cores: [0, 0, 0] });
    expect(none.groups[1]).toMatchObject({ snps: 0, pValue: null });
    expect(none.groups[3].rate).toBeNaN();
    const page = renderSingletonPage({
      factors: [none, testSingletons(snps)],
      vcfName: "a.vcf",
      leastAlleles: 1000,
      counts: [["SNPs", 3]],
      command: "test",
    });
    expect(page).toContain("core motif");
    expect(page).not.toMatch(/NaN|undefined/);
  });

  it("pools factors by rank, each SNP once", () => {
    const pooled = poolFactors(
      [
        { factor: "A", scores: [1, 2, 0], singletons: [1, 0, 0], cores: [0, 0, 0] },
        { factor: "B", scores: [900, 100], singletons: [0, 1], cores: [0, 1] },
      ],
      [
        ["p", "q", "r"],
        ["q", "p"],
      ],
      "all",
    );
    expect(pooled.scores).toEqual([2 / 3, 1, 0]);
    expect(pooled.singletons).toEqual([1, 0, 0]);
    expect(pooled.cores).toEqual([1, 0, 0]);
  });
});

describe("testAssay", () => {
  const variants: AssayedVariant[] = Array.from({ length: 60 }, (_, i) => ({
    chromosome: "chr1",
    position: i + 1,
    id: "",
    reference: "A",
    alternate: "C",
    fdr: i < 20 ? 0.01 : 0.5,
    value: (i % 2 === 0 ? 1 : -1) * (i < 20 ? 5 + i : i % 9),
    factor: "F",
  }));

  it("holds sizes of scores against each other", () => {
    const test = testAssay(variants, 0.05);
    const high = variants.slice(0, 20).map(({ value }) => Math.abs(value));
    const low = variants.slice(20).map(({ value }) => Math.abs(value));
    let wins = 0;
    for (const a of high) for (const b of low) wins += a > b ? 1 : a === b ? 0.5 : 0;
    expect(test).toMatchObject({ significant: 20, insignificant: 40, u: wins, medianSignificant: 14.5 });
    expect(test.auroc).toBeCloseTo(wins / 800, 12);
    expect(test.pValue).toBeLessThan(1e-4);
    const page = renderMpraPage({
      variants,
      test,
      threshold: 0.05,
      tableName: "t.tsv",
      scoresName: "F",
      counts: [],
      command: "test",
    });
    expect(page).not.toMatch(/NaN|undefined/);
    expect(() => testAssay(variants, 0.001)).toThrow(/0 scored variants/);
  });

  it("adjusts p-values by Benjamini and Hochberg", () => {
    // R: p.adjust(c(.01, .04, .03, .005, .8), "BH")
    expect([...adjustPValues([0.01, 0.04, 0.03, 0.005, 0.8])].map((q) => Number(q.toFixed(10)))).toEqual([
      0.025, 0.05, 0.05, 0.025, 0.8,
    ]);
  });
});
