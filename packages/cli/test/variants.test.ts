import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeSequence } from "@bindscape/genome";
import { saveAttributionFile } from "@bindscape/interpret";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const random = new Random("variants on the command line");
const draw = (length: number) => Array.from({ length }, () => "ACGT"[random.integer(4)]);

/** Two chromosomes; every 100 bp a window of 60, with a core of 10 in the middle. */
const SIZE = 30_000;
const genome = { chrI: draw(SIZE).join(""), chrII: draw(SIZE).join("") };
const HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const windows = Object.keys(genome).flatMap((chromosome) =>
  Array.from({ length: SIZE / 100 }, (_, i) => ({
    chromosome,
    start: 100 * i + 20,
    end: 100 * i + 80,
    strand: "+" as const,
  })),
);

function rows(name: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(file(name), "utf8").trim().split("\n");
  const names = header.split("\t");
  return lines.map((line) => Object.fromEntries(line.split("\t").map((text, i) => [names[i], text])));
}

function other(letter: string, by = 1): string {
  return "ACGT"[("ACGT".indexOf(letter) + by) % 4];
}

beforeAll(async () => {
  writeFileSync(
    file("genome.fa"),
    Object.entries(genome)
      .map(([name, text]) => `>${name}\n${text}\n`)
      .join(""),
  );
  const length = 60;
  const codes = new Uint8Array(windows.length * length);
  const attributions = new Float32Array(windows.length * 4 * length);
  windows.forEach(({ chromosome, start, end }, row) => {
    const own = encodeSequence(genome[chromosome as keyof typeof genome].slice(start, end));
    codes.set(own, row * length);
    for (let k = 0; k < length; k++) attributions[(row * 4 + own[k]) * length + k] = random.normal() ** 3;
  });
  await saveAttributionFile(file("factor.npz"), {
    source: "test",
    method: "grad-cam",
    count: windows.length,
    length,
    attributions,
    codes,
    cores: Int32Array.from({ length: 2 * windows.length }, (_, i) => (i % 2 === 0 ? 25 : 35)),
    target: 0,
    of: "logit",
    tasks: [{ factor: "Reb1", cell: "" }],
    places: windows,
  });
  // Every third base is a SNP; singletons are more frequent where |attribution| is large.
  const lines = Object.entries(genome).flatMap(([chromosome, text]) =>
    Array.from({ length: SIZE / 3 - 1 }, (_, i) => {
      const at = 3 * i + 1;
      const window = windows.findIndex(
        (one) => one.chromosome === chromosome && one.start <= at && at < one.end,
      );
      const score =
        window < 0
          ? 0
          : Math.abs(
              attributions[
                (window * 4 + codes[window * length + at - windows[window].start]) * length +
                  at -
                  windows[window].start
              ],
            );
      const isSingle = random.uniform() < (score > 1 ? 0.8 : 0.5);
      const name = chromosome.replace("chr", "");
      return `${name}\t${at + 1}\t.\t${text[at]}\t${other(text[at])}\t.\tPASS\tAC=${isSingle ? 1 : 7};AN=${i % 50 === 0 ? 10 : 2000}`;
    }),
  );
  writeFileSync(file("many.vcf.gz"), gzipSync(`${HEAD}${lines.join("\n")}\n`));
});

/** A VCF of chosen lines on chrI. */
function writeVcf(name: string, lines: readonly (readonly [number, string, string, string?])[]): string {
  const text = lines.map(
    ([position, reference, alternate, info = "."]) =>
      `chrI\t${position}\trs${position}\t${reference}\t${alternate}\t.\tPASS\t${info}`,
  );
  writeFileSync(file(name), `${HEAD}${text.join("\n")}\n`);
  return file(name);
}

describe("bindscape variants score", () => {
  it("scores SNPs by attributions, and counts what is none or lies outside", async () => {
    const at = (position: number) => genome.chrI[position - 1];
    const vcf = writeVcf("some.vcf", [
      [130, at(130), `${other(at(130))},${other(at(130), 2)}`],
      [140, at(140), `${at(140)}TT`],
      [105, at(105), other(at(105))],
      [150, at(150), "<DEL>"],
    ]);
    const args = ["--vcf", vcf, "--attributions", file("factor.npz"), "--out", file("scores.tsv")];
    const { code, stdout } = await runHere(["variants", "score", ...args, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toMatchObject({
      variants: 5,
      status: { scored: 2, "not-a-snp": 1, outside: 1, "no-letters": 1 },
      kinds: { snp: 3, insertion: 1, other: 1 },
      multiallelic: 2,
      columns: ["Reb1"],
    });
    const table = rows("scores.tsv");
    expect(table[0]).toMatchObject({ chromosome: "chrI", position: "130", kind: "snp", status: "scored" });
    expect(Number(table[0].Reb1)).not.toBeNaN();
    expect(table[1].Reb1).toBe(table[0].Reb1);
    expect(table[2]).toMatchObject({ kind: "insertion", status: "not-a-snp", Reb1: "NA" });
    expect(existsSync(file("scores.tsv.run.json"))).toBe(true);
  });

  it("lists reference alleles that differ and ends with code 2, unless they are to be skipped", async () => {
    const at = genome.chrI[129];
    const vcf = writeVcf("wrong.vcf", [
      [130, other(at), at],
      [131, genome.chrI[130], other(genome.chrI[130])],
    ]);
    const args = ["--vcf", vcf, "--attributions", file("factor.npz"), "--out", file("wrong.tsv")];
    const refused = await runHere(["variants", "score", ...args]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`line 3: chrI:130 ${other(at)}>${at}, the sequence has ${at}`);
    expect(refused.stderr).toContain("--skip-mismatch");
    expect(existsSync(file("wrong.tsv"))).toBe(false);
    const skipped = await runHere(["variants", "score", ...args, "--skip-mismatch"]);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toContain(`line 3: chrI:130`);
    expect(rows("wrong.tsv").map(({ status }) => status)).toEqual(["reference-differs", "scored"]);
  });

  it("by a network: what `sequences predict` says of either haplotype", async () => {
    const table = ["sequence,label"];
    for (let i = 0; i < 60; i++) {
      const letters = draw(101);
      if (i % 2 === 0) letters.splice(45, 7, ..."TGACTCA");
      table.push(`${letters.join("")},${1 - (i % 2)}`);
    }
    writeFileSync(file("train.csv"), table.join("\n"));
    const trained = await runHere([
      ...["sequences", "train", file("train.csv"), "--architecture", "deepsea", "--out", file("bundle")],
      ...["--epochs", "1", "--threads", "1"],
    ]);
    expect(trained.stderr).toContain("wrote");
    const at = (position: number, end = position) => genome.chrI.slice(position - 1, end);
    const lines = [
      [500, at(500), other(at(500))],
      [800, at(800, 803), at(800)],
      [900, at(900), `${at(900)}GATTACA`],
      [20, at(20), other(at(20))],
    ] as const;
    const vcf = writeVcf("net.vcf", lines);
    const scored = await runHere([
      ...["variants", "score", "--bundle", file("bundle"), "--vcf", vcf, "--genome", file("genome.fa")],
      ...["--out", file("net.tsv"), "--threads", "1"],
    ]);
    expect(scored.stderr).toContain("4 scored");
    const cut = (position: number, reference: string, allele: string) => {
      const text =
        genome.chrI.slice(0, position - 1) + allele + genome.chrI.slice(position - 1 + reference.length);
      const first = position - 1 + Math.floor(allele.length / 2) - 50;
      return Array.from({ length: 101 }, (_, i) => text[first + i] ?? "N").join("");
    };
    writeFileSync(
      file("alleles.fa"),
      lines
        .flatMap(([position, reference, alternate]) => [
          `>r${position}\n${cut(position, reference, reference)}`,
          `>a${position}\n${cut(position, reference, alternate)}`,
        ])
        .join("\n"),
    );
    await runHere([
      ...["sequences", "predict", file("bundle"), file("alleles.fa"), "--values", "logit"],
      ...["--strands", "mean", "--out", file("alleles.tsv"), "--threads", "1"],
    ]);
    const predicted = rows("alleles.tsv").map((row) => Number(row.label));
    rows("net.tsv").forEach((row, i) => {
      expect(row.status).toBe("scored");
      expect(Number(row["label reference"])).toBeCloseTo(predicted[2 * i], 5);
      expect(Number(row["label alternate"])).toBeCloseTo(predicted[2 * i + 1], 5);
      expect(Number(row["label effect"])).toBeCloseTo(predicted[2 * i + 1] - predicted[2 * i], 5);
    });
    // One step further: pieces of chromosomes as the genome give the same where they hold the windows.
    writeFileSync(file("pieces.fa"), `>chrI:400-2000\n${genome.chrI.slice(400, 2000)}\n`);
    writeVcf("inside.vcf", lines.slice(0, 3));
    const pieced = await runHere([
      ...["variants", "score", "--bundle", file("bundle"), "--vcf", file("inside.vcf")],
      ...["--genome", file("pieces.fa"), "--out", file("pieces.tsv"), "--threads", "1"],
    ]);
    expect(pieced.code).toBe(0);
    expect(rows("pieces.tsv")).toEqual(rows("net.tsv").slice(0, 3));
  });

  it("refuses what it cannot use", async () => {
    const npz = file("factor.npz");
    writeFileSync(file("far.vcf"), `${HEAD}chr9\t5\t.\tA\tC\t.\t.\t.\n`);
    // What no chromosome is needed for does not hide that none of the file is known.
    writeFileSync(
      file("far-mixed.vcf"),
      `${HEAD}chr9\t5\t.\tA\tC\t.\t.\t.\nchr9\t7\t.\tA\tAC\t.\t.\t.\nchr9\t9\t.\tA\t<DEL>\t.\t.\t.\n`,
    );
    writeFileSync(file("none.vcf"), HEAD);
    const network = ["--bundle", file("bundle"), "--genome", file("genome.fa")];
    for (const [said, ...args] of [
      ["nothing to score by", "--vcf", file("far.vcf")],
      ["no variants", "--attributions", npz],
      ["chr9 alone", "--vcf", file("far.vcf"), "--attributions", npz],
      ["chr9 alone", "--vcf", file("far-mixed.vcf"), "--attributions", npz],
      ["chr9 alone", "--vcf", file("far-mixed.vcf"), ...network],
      ["no variants", "--vcf", file("none.vcf"), "--attributions", npz],
      ["#CHROM", "--vcf", file("genome.fa"), "--attributions", npz],
      ["no hypothetical", "--vcf", file("far.vcf"), "--attributions", npz, "--score", "difference"],
    ]) {
      const { code, stderr } = await runHere(["variants", "score", ...args, "--out", file("never.tsv")]);
      expect(stderr).toContain(said);
      expect(code).toBe(2);
      expect(existsSync(file("never.tsv"))).toBe(false);
    }
  });
});

describe("bindscape variants singletons", () => {
  it("finds the selection that the counts were drawn with", async () => {
    const { code, stdout } = await runHere([
      ...["variants", "singletons", "--vcf", file("many.vcf.gz"), "--attributions", file("factor.npz")],
      ...["--top", "20,5", "--out", file("singletons"), "--json"],
    ]);
    expect(code).toBe(0);
    const { counts, factors } = JSON.parse(stdout.trim().split("\n").at(-1)!);
    expect(counts["alternative alleles in the file"]).toBe(2 * (SIZE / 3 - 1));
    expect(counts["with too few alleles looked at, left out"]).toBeGreaterThan(100);
    const [context, top20, top5, core] = factors[0].groups;
    expect(context.snps + core.snps).toBe(counts["SNPs in windows"]);
    expect(context.rate).toBeGreaterThan(0.5);
    expect(context.rate).toBeLessThan(0.7);
    expect(top5.rate).toBeGreaterThan(0.7);
    expect(top20.pValue).toBeLessThan(1e-6);
    expect(top5.leastScore).toBeGreaterThan(top20.leastScore);
    expect(core.pValue).toBeGreaterThan(0.001);
    for (const name of ["singletons.tsv", "singletons.json", "singletons.html", "run.json"])
      expect(existsSync(join(file("singletons"), name))).toBe(true);
  });

  it("says what is missing where no SNP counts", async () => {
    const at = genome.chrI[129];
    const vcf = writeVcf("uncounted.vcf", [[130, at, other(at)]]);
    const { code, stderr } = await runHere([
      ...["variants", "singletons", "--vcf", vcf, "--attributions", file("factor.npz")],
      ...["--out", file("refused")],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("1 without AC and AN");
    expect(existsSync(file("refused"))).toBe(false);
    const far = await runHere([
      ...["variants", "singletons", "--vcf", file("far-mixed.vcf"), "--attributions", file("factor.npz")],
      ...["--out", file("refused")],
    ]);
    expect(far.code).toBe(2);
    expect(far.stderr).toContain("chr9 alone");
  });
});

describe("bindscape variants mpra", () => {
  it("compares scores with a table of rates, and with p-values", async () => {
    const scored = await runHere([
      ...["variants", "score", "--vcf", file("many.vcf.gz"), "--attributions", file("factor.npz")],
      ...["--out", file("many.tsv")],
    ]);
    expect(scored.code).toBe(0);
    const lines = rows("many.tsv")
      .filter((_, i) => i % 20 < 5)
      .map((row) => {
        const isStrong = Math.abs(Number(row.Reb1)) > 1;
        const rate =
          random.integer(12) === 0 ? "NA" : random.uniform() < (isStrong ? 0.8 : 0.2) ? 0.001 : 0.6;
        return [row.chromosome, row.position, row.reference, row.alternate, rate].join("\t");
      });
    writeFileSync(file("assay.tsv"), `Chrom\tPos\tRef\tAlt\tC.Skew.fdr\n${lines.join("\n")}\n`);
    const results = [];
    for (const [out, ...source] of [
      ["a", "--attributions", file("factor.npz")],
      ["b", "--scores", file("many.tsv")],
    ]) {
      const { code, stdout } = await runHere([
        ...["variants", "mpra", file("assay.tsv"), ...source, "--out", file(out), "--json"],
      ]);
      expect(code).toBe(0);
      results.push(JSON.parse(stdout.trim().split("\n").at(-1)!));
      for (const name of ["mpra.tsv", "mpra.json", "mpra.html", "run.json"])
        expect(existsSync(join(file(out), name))).toBe(true);
    }
    // The table has seven digits of each score, which is enough for the same order.
    const { u, pValue, auroc } = results[0].test;
    expect(results[1].test).toMatchObject({ u, pValue, auroc });
    expect(results[0].fdrFrom).toBe("C.Skew.fdr");
    expect(results[0].counts["scored, but without a rate (NA), left out"]).toBeGreaterThan(10);
    expect(results[0].test.auroc).toBeGreaterThan(0.6);
    expect(results[0].test.pValue).toBeLessThan(1e-6);
    const adjusted = await runHere([
      ...["variants", "mpra", file("assay.tsv"), "--scores", file("many.tsv"), "--out", file("c")],
      ...["--p-column", "C.Skew.fdr", "--json"],
    ]);
    expect(adjusted.code).toBe(0);
    expect(JSON.parse(adjusted.stdout.trim().split("\n").at(-1)!).fdrFrom).toContain("Benjamini");
  });

  it("refuses tables without rates or without overlap", async () => {
    writeFileSync(file("plain.tsv"), "chrom\tpos\tref\talt\nchrI\t130\tA\tC\n");
    writeFileSync(file("away.tsv"), "chrom\tpos\tref\talt\tfdr\nchrI\t29999999\tA\tC\t0.1\n");
    writeFileSync(file("bad.tsv"), "chrom\tpos\tref\talt\tfdr\nchrI\t5\tA\tC\tlow\n");
    for (const [said, name] of [
      ["no column of rates", "plain.tsv"],
      ["no variant with both", "away.tsv"],
      ['line 2: "low"', "bad.tsv"],
    ]) {
      const args = [file(name), "--attributions", file("factor.npz"), "--out", file("refused")];
      const { code, stderr } = await runHere(["variants", "mpra", ...args]);
      expect(stderr).toContain(said);
      expect(code).toBe(2);
      expect(existsSync(file("refused"))).toBe(false);
    }
  });
});
