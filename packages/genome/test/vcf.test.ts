import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../src/byte-source.js";
import { readVcf } from "../src/vcf/read.js";
import { trimAlleles, type Variant, variantKind } from "../src/vcf/variant.js";
import { readVariantTable } from "../src/vcf/variant-table.js";
import { collect } from "./helpers.js";

const HEAD = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

function sourceOf(content: string | Uint8Array) {
  return new MemorySource(
    typeof content === "string" ? new TextEncoder().encode(content) : content,
    "test.vcf",
  );
}

describe("readVcf", () => {
  const text = `${HEAD}chr1\t100\trs1\tA\tG\t.\tPASS\tAC=1;AN=2000;DB
chr1\t200\t.\tca\tt,c,caa,<DEL>,*\t.\tq10\tAC=5,6,7,8,9;AF=.1,.2,.,.4,.5;AN=100\tGT\t0/1
chr2\t7\t.\tN\t.\t.\t.\t.
chr2\t9\tb\tG\tG]17:198982]\t.\t.
`;
  it("gives one variant an alternative allele, with its own counts", async () => {
    for (const content of [text, gzipSync(text), text.replaceAll("\n", "\r\n")]) {
      const variants = await collect(readVcf(sourceOf(content)));
      expect(variants.map(variantKind)).toEqual([
        "snp",
        "deletion",
        "deletion",
        "insertion",
        "other",
        "other",
        "other",
      ]);
      expect(variants[0]).toMatchObject({
        chromosome: "chr1",
        position: 100,
        id: "rs1",
        reference: "A",
        alternate: "G",
        filter: "PASS",
        line: 3,
        alternates: 1,
      });
      expect(variants.slice(1, 4).map(({ reference, alternate }) => `${reference}>${alternate}`)).toEqual([
        "CA>T",
        "CA>C",
        "C>CA",
      ]);
      expect(variants.slice(1, 6).map((one) => one.info("AC"))).toEqual(["5", "6", "7", "8", "9"]);
      expect(variants.slice(1, 6).map((one) => one.info("AF"))).toEqual([".1", ".2", undefined, ".4", ".5"]);
      expect(variants.map((one) => one.info("AN"))).toEqual([
        "2000",
        "100",
        "100",
        "100",
        "100",
        "100",
        undefined,
      ]);
      expect(variants[0].info("DB")).toBe("");
    }
  });

  it("refuses what is no VCF, with the line", async () => {
    for (const [content, said] of [
      ["", /#CHROM/],
      [">seq\nACGT\n", /line 1.*#CHROM/],
      [`${HEAD}chr1\t5\t.\n`, /line 3.*3 columns/],
      [`${HEAD}chr1\tfive\t.\tA\tC\n`, /line 3.*"five"/],
      [`${HEAD}chr1\t0\t.\tA\tC\n`, /line 3.*at least 1/],
      [`${HEAD}chr1\t5\t.\t1\tC\n`, /line 3.*reference allele "1"/],
    ] as const)
      await expect(collect(readVcf(sourceOf(content)))).rejects.toThrow(said);
  });
});

describe("trimAlleles", () => {
  const make = (reference: string, alternate: string): Variant => ({
    chromosome: "c",
    position: 50,
    id: "",
    reference,
    alternate,
    line: 1,
    alternates: 1,
  });
  it("keeps the sequence that comes out, with as few letters as it takes", () => {
    for (const [reference, alternate, expected] of [
      ["CA", "CT", "51 A>T"],
      ["CAG", "TAG", "50 C>T"],
      ["CAGT", "CAT", "51 AG>A"],
      ["CA", "CAA", "50 C>CA"],
      ["ACGT", "AGGA", "51 CGT>GGA"],
      ["A", "A", "50 A>A"],
      ["C", "<DEL>", "50 C><DEL>"],
    ]) {
      const trimmed = trimAlleles(make(reference, alternate));
      expect(`${trimmed.position} ${trimmed.reference}>${trimmed.alternate}`).toBe(expected);
      if (variantKind(trimmed) === "other") continue;
      // Position 50 is the first base of the allele: what stands before and behind the trimmed one is unchanged.
      const start = trimmed.position - 50;
      const whole =
        reference.slice(0, start) + trimmed.alternate + reference.slice(start + trimmed.reference.length);
      expect(whole).toBe(alternate);
    }
  });
});

describe("readVariantTable", () => {
  it("finds columns by their usual names or by those given, in tables with tabs or commas", async () => {
    const [one, two] = await collect(
      readVariantTable(
        sourceOf("#SNP\tAlt\tChr\tPOS\tref\tC.Skew.fdr\nrs5\tt\tchr3\t12\tc\t0.01\nrs6\tg\t3\t15\ta\tNA\n"),
      ),
    );
    expect(one).toMatchObject({
      chromosome: "chr3",
      position: 12,
      id: "rs5",
      reference: "C",
      alternate: "T",
    });
    expect(two.column("C.Skew.fdr")).toBe("NA");
    expect(two.column("missing")).toBeUndefined();
    const unplaced: number[] = [];
    const [three] = await collect(
      readVariantTable(sourceOf('"where","at","from","to"\n"II","4","A","G"\nNA,NA,A,T\n'), {
        columns: { chromosome: "where", position: "at", reference: "from", alternate: "to" },
        onUnplaced: (line) => unplaced.push(line),
      }),
    );
    expect(three).toMatchObject({ chromosome: "II", position: 4, reference: "A", alternate: "G", id: "" });
    expect(unplaced).toEqual([3]);
  });

  it("refuses tables without the columns, and rows that do not fit", async () => {
    for (const [content, said] of [
      ["", /empty file/],
      ["chrom\tpos\tref\n", /line 1.*no column "alternate"/],
      ["chrom\tpos\tref\talt\nc\t1\tA\n", /line 2.*3 columns.*4/],
      ["chrom\tpos\tref\talt\nc\t0\tA\tC\n", /line 2.*1-based/],
      ["chrom\tpos\tref\talt\nc\tx\tA\tC\n", /line 2.*"x"/],
    ] as const)
      await expect(collect(readVariantTable(sourceOf(content)))).rejects.toThrow(said);
  });
});
