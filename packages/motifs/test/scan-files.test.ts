import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically, writeTwoBit } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { expectError, records, temporaryFolder } from "../../study/test/helpers.js";
import type { Motif } from "../src/motif.js";
import { ExternalSort } from "../src/scan/external-sort.node.js";
import { scan } from "../src/scan/scan.js";
import { readScanBackground } from "../src/scan/scan-background.node.js";
import { BEST_SITES_FILE, scanFiles, scanToText } from "../src/scan/scan-files.node.js";

const folder = temporaryFolder();
const random = new Random("scan-files");

function consensusMotif(text: string, id: string, name = id): Motif {
  const probabilities = Float64Array.from(
    [...text].flatMap((base) => [..."ACGT"].map((other) => (base === other ? 0.91 : 0.03))),
  );
  return { id, name, length: text.length, sites: 20, probabilities };
}

const motifs = [
  consensusMotif("TTACCCG", "REB1", "reb;1"),
  consensusMotif("CACGTGAC", "CBF1"),
  consensusMotif("ACG", "short"),
];
const codes = (length: number) =>
  Uint8Array.from({ length }, () => (random.integer(300) === 0 ? 4 : random.integer(4)));
const sequences = records({
  chrI: codes(30_000),
  "chr2:1001-1500(+)_x": codes(500),
  chr10: codes(8_000),
  empty: "",
  allN: "NNNNNNNNNNNN",
  "chr2:3001-3500": codes(500),
});
const letters = (bases: Uint8Array) => Array.from(bases, (code) => "ACGTn"[code]).join("");
const fasta = join(folder, "in.fa");
writeFileSync(
  fasta,
  sequences
    .map(({ name, codes }) => `>${name} note\r\n${letters(codes).replace(/(.{50})/g, "$1\r\n")}\r\n`)
    .join(""),
);

const linesOf = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Lines of fimo.tsv made of what `scan` finds in memory. */
function expectedPlaces(options: Parameters<typeof scan>[2]) {
  return scan(motifs, sequences, options).sites.map(
    ({ motif, sequence, start, end, strand, place, matched }) => {
      const first = place === null ? start + 1 : place.start + start;
      const name = place === null ? sequences[sequence].name : place.chromosome;
      return [motifs[motif].id, name, first, first + end - start - 1, strand, matched].join(" ");
    },
  );
}

const placesOf = (lines: readonly string[]) =>
  lines.slice(1).map((line) => {
    const fields = line.split("\t");
    return [fields[0], ...fields.slice(2, 6), fields[9]].join(" ");
  });

describe("scanFiles", () => {
  it("writes what scan finds, with one thread and with three, from FASTA and 2bit", async () => {
    const twoBit = join(folder, "in.2bit");
    await writeFileAtomically(twoBit, (sink) => writeTwoBit(sink, sequences));
    const expected = expectedPlaces({ threshold: 1e-3 });
    expect(expected.length).toBeGreaterThan(30);
    const texts: string[] = [];
    for (const [i, [file, threads, useSimd]] of (
      [
        [fasta, 1, true],
        [fasta, 3, true],
        [fasta, 2, false],
        [twoBit, 2, true],
      ] as const
    ).entries()) {
      const out = join(folder, `out${i}`);
      const summary = await scanFiles(motifs, file, out, {
        threshold: 1e-3,
        threads,
        useSimd,
        command: "test",
      });
      expect(summary.sites).toBe(expected.length);
      expect(summary.sequences).toBe(6);
      expect(summary.bases).toBe(39_012);
      expect(summary.motifs.map(({ isReachable }) => isReachable)).toEqual([true, true, false]);
      expect(readdirSync(out)).toEqual(["fimo.tsv"]);
      texts.push(readFileSync(join(out, "fimo.tsv"), "utf8"));
      expect(placesOf(linesOf(join(out, "fimo.tsv")))).toEqual(expected);
    }
    expect(new Set(texts).size).toBe(1);
    const [line] = texts[0].split("\n").slice(1);
    expect(line).toMatch(/^(REB1\treb;1|CBF1\t)\t.*\t[+-]\t[\d.]+\t\d\.?\d*e-05\t[\de.-]+\t[ACGT]+$/);
    expect(texts[0]).toMatch(/\n\n# FIMO .*\n# The format .*\n# test\n$/);
  });

  it("writes GFF3, sorted BED, narrowPeak and Parquet of the same sites", async () => {
    const out = join(folder, "formats");
    const formats = ["tsv", "gff", "bed", "narrowpeak", "parquet"] as const;
    const { sites } = await scanFiles(motifs, fasta, out, { threshold: 1e-3, formats });
    const table = linesOf(join(out, "fimo.tsv"))
      .slice(1)
      .map((line) => line.split("\t"));
    expect(table.length).toBe(sites);

    const features = linesOf(join(out, "fimo.gff")).map((line) => line.split("\t"));
    expect(features.map((f) => [f[0], f[3], f[4], f[6]])).toEqual(table.map((t) => [t[2], t[3], t[4], t[5]]));
    const attributes = features.map((f) => f[8]);
    expect(new Set(attributes.map((text) => /ID=([^;]*);/.exec(text)![1])).size).toBe(sites);
    expect(attributes.find((text) => text.startsWith("Name=REB1"))).toContain("Alias=reb%3B1;");

    const bed = linesOf(join(out, "sites.bed")).map((line) => line.split("\t"));
    const order = (a: readonly string[], b: readonly string[]) =>
      a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : Number(a[1]) - Number(b[1]);
    expect(bed).toEqual([...bed].sort(order));
    expect(
      bed
        .map(([chrom, start, end, name, , strand]) =>
          [name, chrom, String(Number(start) + 1), end, strand].join(),
        )
        .sort(),
    ).toEqual(table.map((t) => [t[0], t[2], t[3], t[4], t[5]].join()).sort());
    for (const row of bed) expect(Number(row[4])).toBe(Math.round(Number(row[4])));

    const peaks = linesOf(join(out, "sites.narrowPeak")).map((line) => line.split("\t"));
    expect(peaks.map((p) => p.slice(0, 4))).toEqual(bed.map((b) => b.slice(0, 4)));
    expect(new Set(peaks.map((p) => p[4]))).toEqual(new Set(["450"]));
    expect(peaks.every((p) => p.length === 10 && Number(p[9]) === (p[3] === "REB1" ? 3 : 4))).toBe(true);

    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(out, "sites.parquet")) });
    expect(rows.length).toBe(sites);
    expect(
      rows.map((row) => [
        row.motif_id,
        row.sequence_name,
        `${Number(row.start) + 1}`,
        `${row.end}`,
        row.strand,
      ]),
    ).toEqual(table.map((t) => [t[0], t[2], t[3], t[4], t[5]]));
    expect(rows[0].p_value).toBeCloseTo(Number(table[0][7]), 7);
  });

  it("keeps best sites, at most so many sites, names as they are, and sites by q-value", async () => {
    const of = async (options: Parameters<typeof scanFiles>[3]) => {
      const out = join(folder, `kept-${JSON.stringify(options).replace(/\W+/g, "-")}`);
      await scanFiles(motifs, fasta, out, options);
      return placesOf(linesOf(join(out, "fimo.tsv")));
    };
    expect(await of({ threshold: 1e-3, bestSite: true, threads: 2 })).toEqual(
      expectedPlaces({ threshold: 1e-3, bestSite: true }),
    );
    expect(await of({ threshold: 1e-3, parseGenomicCoordinates: false })).toEqual(
      expectedPlaces({ threshold: 1e-3, parseGenomicCoordinates: false }),
    );
    expect(await of({ qThreshold: 0.6 })).toEqual(expectedPlaces({ qThreshold: 0.6 }));
    const all = expectedPlaces({ threshold: 1e-3 });
    const first = all.filter((line) => line.startsWith("REB1")).slice(0, 4);
    expect(
      (await of({ threshold: 1e-3, maxStoredScores: 4 })).filter((line) => line.startsWith("REB1")),
    ).toEqual(first);
    const out = join(folder, "best");
    const { files } = await scanFiles(motifs, fasta, out, {
      threshold: 1e-3,
      bestSite: true,
      formats: ["narrowpeak"],
    });
    expect(files).toEqual([BEST_SITES_FILE]);
  });

  it("streams lines without q-values", async () => {
    const parts: string[] = [];
    const { sites } = await scanToText(motifs, fasta, (lines) => void parts.push(lines), {
      threshold: 1e-3,
      threads: 2,
    });
    const lines = parts.join("").trimEnd().split("\n");
    expect(lines.length).toBe(sites + 1);
    expect(placesOf(lines).sort()).toEqual(expectedPlaces({ threshold: 1e-3 }).sort());
    expect(lines[1].split("\t")[8]).toBe("");
    await expectError(() => scanToText(motifs, fasta, () => {}, { qThreshold: 0.1 }), /q-values/);
  });

  it("takes backgrounds by name and from files", async () => {
    const meme = join(folder, "m.meme");
    writeFileSync(meme, "MEME version 4\n\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n");
    const file = join(folder, "bg");
    writeFileSync(file, "# order 0\nA 0.4\nC 0.1\nG 0.1\nT 0.4\n");
    const files = { motifs: meme, sequences: fasta };
    const letterOf = async (name: string) => (await readScanBackground(name, files)).words[0][0];
    expect(await letterOf("--uniform--")).toBe(0.25);
    expect(await letterOf("--nrdb--")).toBe(0.281774);
    expect(await letterOf("--motif--")).toBe(0.3);
    expect(await letterOf(file)).toBeCloseTo(0.4, 12);
    const counted = await readScanBackground("--sequences--", files, 2);
    expect(counted.order).toBe(2);
    expect(counted.words[0][0]).toBeCloseTo(0.25, 1);
  });

  it("says what is wrong with its input, and leaves no file behind", async () => {
    const bad = (name: string, content: string) => {
      const file = join(folder, name);
      writeFileSync(file, content);
      return file;
    };
    const out = join(folder, "failed");
    const tries: [string, RegExp][] = [
      [join(folder, "none.fa"), /none\.fa/],
      [bad("empty.fa", ""), /no sequences/],
      [bad("motifs.fa", "MEME version 4\n"), /FASTA/],
      [bad("matrix.fa", ">m\n0.2 0.2 0.3 0.3\n"), /Is this a file of motifs/],
      [bad("late.fa", `>a\n${"ACGT".repeat(400_000)}\n>b\nAC!GT\n`), /line 4.*"!"/],
    ];
    for (const [file, message] of tries) {
      await expectError(() => scanFiles(motifs, file, out, { threads: 2, threshold: 0.01 }), message);
    }
    await expectError(() => scanFiles(motifs, fasta, fasta), /in\.fa/);
    await expectError(() => scanFiles(motifs, fasta, out, { maxStoredScores: 0 }), /at most 0 sites/);
    expect(existsSync(out)).toBe(false);
    const controller = new AbortController();
    controller.abort(new Error("stop"));
    await expect(scanFiles(motifs, fasta, out, { signal: controller.signal })).rejects.toThrow("stop");
    expect(existsSync(out)).toBe(false);
  });
});

describe("ExternalSort", () => {
  it("sorts stably, in memory and from runs on disk, and removes its file", async () => {
    for (const recordsInMemory of [1_000_000, 700, 64]) {
      const file = join(folder, `runs${recordsInMemory}`);
      const sort = new ExternalSort({ words: 2, keyOf: (block, at) => block[at], file, recordsInMemory });
      const all: [number, number][] = [];
      for (let i = 0; i < 50; i++) {
        const block = new Uint32Array(2 * random.integer(90));
        for (let at = 0; at < block.length; at += 2) {
          block.set([random.integer(200), all.length], at);
          all.push([block[at], block[at + 1]]);
        }
        await sort.add(block);
      }
      const sorted: [number, number][] = [];
      for await (const block of sort.sorted()) {
        for (let at = 0; at < block.length; at += 2) sorted.push([block[at], block[at + 1]]);
      }
      expect(sorted).toEqual([...all].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      await sort.close();
      expect(readdirSync(folder)).not.toContain(`runs${recordsInMemory}`);
    }
  });
});
