import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBed } from "../src/bed/read.js";
import { type GenePart, genePartNames, readGeneParts } from "../src/gff/gene-parts.js";
import { gffAttribute, gffList, readGff } from "../src/gff/read.js";
import type { Interval } from "../src/intervals/interval.js";
import { mergeIntervals } from "../src/intervals/set-algebra.js";
import { collect, expectError, findData, openTestFile, textSource } from "./helpers.js";

const line = (type: string, start: number, end: number, strand: string, attributes: string, name = "chr1") =>
  `${[name, "test", type, start + 1, end, ".", strand, ".", attributes].join("\t")}\n`;
const write = (intervals: readonly Interval[] = []) =>
  intervals.map(({ chromosome, start, end }) => `${chromosome}:${start}-${end}`).join(" ");
const partsOf = async (text: string, options = {}) => {
  const { parts } = await readGeneParts(textSource(text, "genes.gtf"), options);
  return Object.fromEntries([...parts].map(([part, intervals]) => [part, write(intervals)]));
};

describe("readGff", () => {
  it("reads GTF and GFF3 in 0-based coordinates, up to ##FASTA", async () => {
    const gtf = `#!genome-build x\n${line("exon", 10, 20, "-", 'gene_id "a"; transcript_id "t 1;x";')}`;
    const gff = `##gff-version 3\n${line("exon", 0, 1, "?", "ID=e1;Parent=t1,t%2C2")}##FASTA\n>chr1\nACGT\n`;
    const [one] = await collect(readGff(textSource(gtf)));
    expect(one).toEqual({
      chromosome: "chr1",
      type: "exon",
      start: 10,
      end: 20,
      strand: "-",
      attributes: 'gene_id "a"; transcript_id "t 1;x";',
      line: 2,
    });
    expect(gffAttribute(one.attributes, "transcript_id")).toBe("t 1;x");
    expect(gffAttribute(one.attributes, "id")).toBeUndefined();
    const others = await collect(readGff(textSource(gff)));
    expect(others.map(({ start, end, strand }) => [start, end, strand])).toEqual([[0, 1, "."]]);
    expect(gffList(gffAttribute(others[0].attributes, "Parent")!)).toEqual(["t1", "t,2"]);
    expect(gffAttribute('level 2; transcript_id "b"', "level")).toBe("2");
  });

  it("names the line of what is wrong", async () => {
    const good = line("exon", 0, 5, "+", "Parent=t");
    for (const [bad, message] of [
      ["chr1\tx\texon\t1\t2\n", "the line has only 5 columns, expected the 9 of GTF or GFF3"],
      [line("exon", 9, 5, "+", ""), "the feature runs from 10 to 5"],
      [line("exon", -1, 5, "+", ""), "the feature runs from 0 to 5"],
      [line("exon", 1, 5, "*", ""), 'the strand (column 7) is "*"'],
      [good.replace("\t1\t", "\tone\t"), 'the start (column 4) is "one"'],
      [line("exon", 1, 5, "+", "ID=e"), 'a feature "exon" without a transcript'],
    ]) {
      const work = readGeneParts(textSource(`# a\n${good}${bad}`, "genes.gff3"));
      const error = (await work.catch((thrown) => thrown)) as Error;
      expect(error.message).toContain("genes.gff3");
      expect(error.message).toContain("line 3");
      expect(error.message.replaceAll("\n", " ")).toContain(message.split(",")[0]);
    }
    await expect(readGeneParts(textSource("# nothing\n"))).rejects.toThrow("no exon, CDS or UTR");
    await expect(readGeneParts(textSource(good.repeat(3)), { maximumPieces: 2 })).rejects.toThrow(
      "more than 2 exons",
    );
  });
});

describe("gene parts", () => {
  // Exons 100-200, 300-400, 500-600; CDS 150-200, 300-400, 500-547 and its stop codon 547-550.
  const gene = (strand: string, utrs: "none" | "plain" | "gff3") => {
    const attributes = utrs === "gff3" ? "ID=x;Parent=t1" : 'gene_id "g"; transcript_id "t1";';
    const add = (type: string, start: number, end: number) => line(type, start, end, strand, attributes);
    const [left, right] = strand === "+" ? ["five", "three"] : ["three", "five"];
    const named = (side: string) => (utrs === "gff3" ? `${side}_prime_UTR` : "UTR");
    return [
      line("gene", 0, 5000, strand, attributes),
      add("exon", 100, 200),
      add("exon", 500, 600),
      add("exon", 300, 400),
      add("CDS", 150, 200),
      add("CDS", 300, 400),
      add("CDS", 500, 547),
      add("stop_codon", 547, 550),
      ...(utrs === "none" ? [] : [add(named(left), 100, 150), add(named(right), 547, 600)]),
    ].join("");
  };

  it("are the same whichever way a file lists UTRs, on both strands", async () => {
    const shared = { cds: "chr1:150-200 chr1:300-400 chr1:500-550", intron: "chr1:200-300 chr1:400-500" };
    for (const utrs of ["none", "plain", "gff3"] as const) {
      expect(await partsOf(gene("+", utrs))).toEqual({
        ...shared,
        promoter: "chr1:0-201",
        utr5: "chr1:100-150",
        utr3: "chr1:550-600",
      });
      expect(await partsOf(gene("-", utrs), { promoterUpstream: 50, promoterDownstream: 9 })).toEqual({
        ...shared,
        promoter: "chr1:590-650",
        utr5: "chr1:550-600",
        utr3: "chr1:100-150",
      });
    }
  });

  it("of transcripts without CDS, strand or exons", async () => {
    const parts = await readGeneParts(
      textSource(
        line("exon", 1000, 1100, ".", "Parent=a") +
          line("exon", 1200, 1300, ".", "Parent=a") +
          line("exon", 3000, 3100, "+", "Parent=b") +
          line("CDS", 5000, 5030, "-", "Parent=c,d") +
          line("CDS", 5060, 5090, "-", "Parent=c"),
      ),
    );
    expect([parts.transcripts, parts.unstranded]).toEqual([4, 1]);
    expect(write(parts.parts.get("intron"))).toBe("chr1:1100-1200 chr1:5030-5060");
    expect(write(parts.parts.get("promoter"))).toBe("chr1:2700-3101 chr1:4929-5390");
    expect(write(parts.parts.get("utr5")) + write(parts.parts.get("utr3"))).toBe("");
  });

  it("are those of a base-by-base twin", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const random = new Random(seed);
        const size = 1500;
        const expected = Object.fromEntries(
          genePartNames.map((part) => [part, new Uint8Array(size)]),
        ) as Record<GenePart, Uint8Array>;
        const lines: string[] = [];
        for (let t = 0; t < 4; t++) {
          const strand = random.integer(2) === 0 ? "+" : "-";
          // 1 exon, 2 coding; the two ends are exons.
          const start = 400 + random.integer(100);
          const end = start + 100 + random.integer(500);
          const isExon = Array.from({ length: end - start }, () => 0);
          for (let at = 0; at < isExon.length; at += 40)
            if (at === 0 || random.integer(2)) isExon.fill(1, at, at + 40);
          isExon.fill(1, isExon.length - 5);
          const codingStart = start + random.integer(100);
          const codingEnd = codingStart + random.integer(end - codingStart + 1);
          const isCoding = (position: number) =>
            position >= codingStart && position < codingEnd && isExon[position - start] === 1;
          const hasCoding = isExon.some((_, i) => isCoding(start + i));
          const codings = isExon.flatMap((_, i) => (isCoding(start + i) ? [start + i] : []));
          const add = (type: string, test: (position: number) => boolean) => {
            for (let from = start; from < end; from++) {
              if (!test(from)) continue;
              let to = from;
              while (to < end && test(to)) to++;
              lines.push(line(type, from, to, strand, `gene_id "g"; transcript_id "t${t}";`));
              from = to;
            }
          };
          add("exon", (position) => isExon[position - start] === 1);
          add("CDS", isCoding);
          for (let position = 0; position < size; position++) {
            const within = position >= start && position < end;
            const exon = within && isExon[position - start] === 1;
            if (within && !exon) expected.intron[position] = 1;
            if (within && isCoding(position)) expected.cds[position] = 1;
            if (exon && hasCoding && position < codings[0])
              expected[strand === "+" ? "utr5" : "utr3"][position] = 1;
            if (exon && hasCoding && position > codings.at(-1)!)
              expected[strand === "+" ? "utr3" : "utr5"][position] = 1;
            const offset = strand === "+" ? position - start : end - 1 - position;
            if (offset >= -300 && offset <= 100) expected.promoter[position] = 1;
          }
        }
        const { parts } = await readGeneParts(textSource(random.shuffle(lines).join("")));
        for (const part of genePartNames) {
          const found = new Uint8Array(size);
          for (const { start, end } of parts.get(part)!) found.fill(1, start, end);
          expect(Buffer.compare(found, expected[part]), part).toBe(0);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  const folder = "human_hg19_regions/wgEncodeGencodeBasicV19";
  const starts = findData(`${folder}.txStart.bed.gz`);
  const promoters = findData(`${folder}.promoter.merged.bed.gz`);
  it.skipIf(!starts || !promoters)(
    "promoters around GENCODE's transcription starts are those of its merged file (500 and 100 bp)",
    async () => {
      const records = await readBed(await openTestFile(starts!));
      const text = records
        .map(({ chromosome, start, end, strand }, i) =>
          line("exon", start, end, strand!, `transcript_id "t${i}";`, chromosome),
        )
        .join("");
      const options = { promoterUpstream: 500, promoterDownstream: 100 };
      const { parts } = await readGeneParts(textSource(text), options);
      const expected = await readBed(await openTestFile(promoters!));
      expect(expected).toHaveLength(85);
      const sorted = (intervals: readonly Interval[]) => write(mergeIntervals(intervals)).split(" ").sort();
      expect(sorted(parts.get("promoter")!)).toEqual(sorted(expected));
    },
  );

  const refSeq = findData("annotations/chr21.refseq.hg19.gtf.gz");
  it.skipIf(!refSeq)("of RefSeq's chr21 are each what they are of the transcripts one by one", async () => {
    const { parts, transcripts } = await readGeneParts(await openTestFile(refSeq!));
    const records = await collect(readGff(await openTestFile(refSeq!)));
    const ids = new Set(
      records.map(({ attributes, strand }) => strand + gffAttribute(attributes, "transcript_id")),
    );
    expect(transcripts).toBe(ids.size);
    const cover = (part: GenePart) => {
      const bases = new Uint8Array(48_129_895);
      for (const { start, end } of parts.get(part)!) bases.fill(1, start, end);
      return bases;
    };
    const [cds, intron, utr5, utr3] = [cover("cds"), cover("intron"), cover("utr5"), cover("utr3")];
    const coding = new Uint8Array(cds.length);
    const exonic = new Uint8Array(cds.length);
    for (const { type, start, end } of records) (type === "exon" ? exonic : coding).fill(1, start, end);
    // Start codons lie in CDS; every exonic base of a coding transcript is CDS or UTR of it.
    expect(Buffer.compare(cds, coding)).toBe(0);
    let outside = 0;
    for (let i = 0; i < cds.length; i++) if ((utr5[i] || utr3[i]) && !exonic[i]) outside++;
    expect(outside).toBe(0);
    expect(intron.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(5e6);
  });

  it("has one message for a truncated line", async () => {
    await expectError(
      () => collect(readGff(textSource("chr1\tx\n", "a.gtf"))),
      "a.gtf, line 1: the line has only 2 columns; expected the 9 of GTF or GFF3, separated by tabs.",
    );
  });
});
