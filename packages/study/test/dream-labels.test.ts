import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DreamLabel,
  MemorySink,
  MemorySource,
  readDreamLabels,
  writeDreamLabels,
  writeGzip,
} from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Assembly } from "../src/assembly.js";
import { BinTable } from "../src/bins.js";
import { findLabelledStretches, readBinLabels } from "../src/dream-labels.js";
import { guessBuild, recogniseBuild } from "../src/known-builds.js";
import { AMBIGUOUS, BOUND, labelBins, UNBOUND, UNLABELLED } from "../src/labels.js";
import { loadStudy } from "../src/load-study.node.js";
import { WindowSampler } from "../src/sampling.js";
import { splitStudy } from "../src/study.js";
import { parseStudyFile } from "../src/study-file.js";
import { expectError, expectSameArray, interval, makeAssembly, temporaryFolder } from "./helpers.js";

const letters = new Map<number, DreamLabel>([
  [BOUND, "B"],
  [UNBOUND, "U"],
  [AMBIGUOUS, "A"],
]);
const text = (content: string) =>
  new MemorySource(new TextEncoder().encode(content), "CTCF.train.labels.tsv.gz");
const header = "chr\tstart\tstop\tA549\tHeLa\n";

/** A label file, gzip, of the bins that have a label. */
async function writeLabels(bins: BinTable, cells: Record<string, Int8Array>): Promise<Uint8Array> {
  const sink = new MemorySink();
  const columns = Object.values(cells);
  const rows = Array.from({ length: bins.count }, (_, bin) => bin)
    .filter((bin) => columns[0][bin] !== UNLABELLED)
    .map((bin) => ({
      chromosome: bins.partOf(bin).segment.chromosome,
      start: bins.startOf(bin),
      end: bins.startOf(bin) + bins.grid.size,
      labels: columns.map((labels) => letters.get(labels[bin])!),
    }));
  await writeGzip(sink, (compressed) => writeDreamLabels(compressed, Object.keys(cells), rows));
  return sink.toBytes();
}

describe("label files", () => {
  it("written and read onto bins give the labels back, for cells in any order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 200, max: 3000 }),
        fc.boolean(),
        fc.constantFrom({ size: 200, step: 50 }, { size: 100, step: 100 }),
        async (seed, size, inPieces, grid) => {
          const sizes: Record<string, number> = inPieces
            ? { "a:130-930": 800, "a:1000-1900": 900 }
            : { a: size, b: 700 };
          const bins = new BinTable(makeAssembly(sizes), grid);
          const random = new Random(seed);
          const kept = Array.from({ length: bins.count }, (_, i) => i === 0 || random.uniform() < 0.8);
          const draw = () => Int8Array.from(kept, (is) => (is ? 1 - random.integer(3) : UNLABELLED));
          const [one, two] = [draw(), draw()];
          const bytes = await writeLabels(bins, { HeLa: one, A549: two });
          const read = await readBinLabels(new MemorySource(bytes, "x"), ["A549", "HeLa"], bins);
          expectSameArray(read.labels[0], two);
          expectSameArray(read.labels[1], one);
          expect(read.warnings).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("take names in another spelling, and pass over chromosomes the study does not use with a warning", async () => {
    const bins = new BinTable(makeAssembly({ chr1: 400 }), { size: 200, step: 50 });
    const rows = "1\t50\t250\tB\tU\n1\t100\t300\tA\tU\n2\t0\t200\tB\tB\n3\t0\t200\tB\tB\n";
    const { labels, warnings } = await readBinLabels(text(header + rows), ["A549"], bins);
    expect([...labels[0]]).toEqual([UNLABELLED, BOUND, AMBIGUOUS, UNLABELLED, UNLABELLED]);
    expect(warnings).toEqual([expect.stringContaining("2 records on 2 chromosomes")]);
  });

  it.each<[string, string, string[]]>([
    ["another header", "chrom\tstart\tstop\tA549\n", ["line 1: the header", "chr, start, stop"]],
    ["no header", "chr1\t0\t200\tU\n", ["line 1: the header"]],
    ["an empty file", "", ["the file is empty; expected a header"]],
    ["no such cell", "chr\tstart\tstop\tHeLa\tK562\n", ['no column for the cell "A549"', "HeLa, K562"]],
    ["a chromosome named as a column", "chr\tstart\tstop\tchr\n", ['no column for the cell "A549"']],
    ["a missing column", `${header}chr1\t0\t200\tU\n`, ["line 2: the line has only 4 columns; expected 5"]],
    ["one too many", `${header}chr1\t0\t200\tU\tU\tU\n`, ["line 2: the line has 6 columns; expected 5"]],
    [
      "another value",
      `${header}chr1\t0\t200\tU\tU\nchr1\t50\t250\t1\tU\n`,
      ['line 3: the label "1"', "B, U or A"],
    ],
    ["a small letter", `${header}chr1\t0\t200\tb\tU\n`, ['line 2: the label "b"']],
    [
      "a bin off the grid",
      `${header}chr1\t10\t210\tU\tU\n`,
      ["line 2: the bin chr1:10-210", "multiple of 50"],
    ],
    ["a bin of another length", `${header}chr1\t0\t100\tU\tU\n`, ["line 2: the bin chr1:0-100", "200 bp"]],
    [
      "a bin twice",
      `${header}chr1\t0\t200\tU\tU\nchr1\t0\t200\tB\tU\n`,
      ["line 3: a second line for the bin"],
    ],
    ["no bin of the study", header, ["no bin in the study's sequence"]],
    ["other chromosomes alone", `${header}scaffold_9\t0\t200\tU\tU\n`, ["chromosomes named scaffold_9"]],
  ])("are refused with %s", async (_, content, parts) => {
    const bins = new BinTable(makeAssembly({ chr1: 1000 }), { size: 200, step: 50 });
    await expectError(
      () => readBinLabels(text(content), ["A549"], bins),
      "CTCF.train.labels.tsv.gz",
      ...parts,
    );
  });

  it("that are cut off are refused", async () => {
    const bins = new BinTable(makeAssembly({ a: 9000 }), { size: 200, step: 50 });
    const bytes = await writeLabels(bins, { A549: new Int8Array(bins.count) });
    const cut = new MemorySource(bytes.slice(0, -20), "cut.gz");
    await expectError(async () => {
      for await (const _ of readDreamLabels(cut, ["A549"]));
    }, "cut.gz");
  });

  it("of another build are told by bins beyond a chromosome's end, with the likely build", async () => {
    // hg38's chr10 is shorter than hg19's, its chrX longer. Sequence is not needed to place bins.
    const assembly = (sizes: Record<string, number>) =>
      new Assembly(
        "the study's",
        Object.entries(sizes).map(([chromosome, end]) => ({ chromosome, start: 0, end, offset: 0 })),
        new Uint8Array(0),
      );
    const cases = [
      [
        { chr10: 133_797_422, chrX: 156_040_895 },
        "chr10\t135534500\t135534700",
        "of hg19",
        "the length in hg38",
      ],
      [
        { chr10: 135_534_747, chrX: 155_270_560 },
        "chrX\t156040600\t156040800",
        "of hg38",
        "the length in hg19",
      ],
      [{ chr10: 5000 }, "chr10\t135534700\t135534900", "of another build", "5000, the length in the study's"],
    ] as const;
    for (const [sizes, row, ...parts] of cases) {
      const bins = new BinTable(assembly(sizes), { size: 200, step: 50 });
      await expectError(
        () => readBinLabels(text(`${header}${row}\tU\tU\n`), ["A549"], bins),
        "line 2: bins beyond the end of",
        ...parts,
      );
    }
    expect(recogniseBuild([{ name: "chr1", size: 249_250_621 }])).toBe("hg19");
    expect(
      recogniseBuild([
        { name: "1", size: 195_471_971 },
        { name: "X", size: 171_031_299 },
      ]),
    ).toBe("mm10");
    expect(recogniseBuild([{ name: "chrI", size: 230_218 }])).toBeUndefined();
    expect(
      recogniseBuild([
        { name: "chr1", size: 249_250_621 },
        { name: "chr2", size: 1 },
      ]),
    ).toBeUndefined();
    expect(guessBuild("chrY", 59_373_566)).toBe("hg19");
  });
});

describe("stretches of labels", () => {
  it("are the peaks the labels come from, to within a step", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 150, max: 700 })), {
          maxLength: 4,
        }),
        (places) => {
          const bins = new BinTable(makeAssembly({ a: 20_000 }), { size: 200, step: 50 });
          // Far enough apart not to share bins.
          const peaks = places.map(([shift, length], i) => ({
            chromosome: "a",
            start: 1000 + 3000 * i + 13 * shift,
            end: 1000 + 3000 * i + 13 * shift + length,
          }));
          const labels = labelBins(bins, peaks, [], 101);
          const stretches = findLabelledStretches(bins, labels, [BOUND], 99);
          expect(stretches).toHaveLength(peaks.length);
          stretches.forEach(({ start, end }, i) => {
            expect(start).toBeGreaterThanOrEqual(peaks[i].start);
            expect(start - peaks[i].start).toBeLessThan(50);
            expect(end).toBeLessThanOrEqual(peaks[i].end);
            expect(peaks[i].end - end).toBeLessThan(50);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("do not reach over the gaps between pieces, and are never empty", () => {
    const bins = new BinTable(makeAssembly({ "a:0-300": 300, "a:300-700": 400 }), { size: 200, step: 50 });
    const labels = new Int8Array(bins.count).fill(BOUND);
    labels[4] = UNBOUND;
    expect(findLabelledStretches(bins, labels, [BOUND], 99)).toEqual([
      interval("a:99-201"),
      interval("a:399-401"),
      interval("a:499-601"),
    ]);
    expect(findLabelledStretches(bins, labels, [BOUND], 199)[0]).toEqual(interval("a:150-151"));
  });
});

describe("a study with labels", () => {
  const folder = temporaryFolder();
  const sizes = { chr1: 30_000, chr2: 20_000, chr3: 20_000 };
  const assembly = makeAssembly(sizes);
  const bins = new BinTable(assembly, { size: 200, step: 50 });
  const study = (experiments: string) => `name: dream
assembly: { name: test, genome: genome.fa }
cells: { HeLa: {}, K562: {} }
experiments: [${experiments}]
holdOut: { validation: { chromosomes: [chr2] }, test: { chromosomes: [chr3] } }
`;
  const labels = Int8Array.from({ length: bins.count }, (_, bin) =>
    bins.startOf(bin) < 3000
      ? UNLABELLED
      : bins.startOf(bin) % 5000 < 200
        ? BOUND
        : bin % 40 === 0
          ? AMBIGUOUS
          : UNBOUND,
  );
  const base = (code: number) => "ACGT"[code];

  it("trains on the label file's bins: those without a label are never drawn", async () => {
    const fasta = assembly.segments.map(
      ({ chromosome, offset, end }) =>
        `>${chromosome}\n${Array.from(assembly.codes.subarray(offset, offset + end), base).join("")}\n`,
    );
    writeFileSync(join(folder, "genome.fa"), fasta.join(""));
    const none = labels.map((label) => (label === UNLABELLED ? label : UNBOUND));
    writeFileSync(join(folder, "F.labels.tsv.gz"), await writeLabels(bins, { K562: none, HeLa: labels }));
    writeFileSync(
      join(folder, "study.yaml"),
      study(
        "{ factor: F, cell: HeLa, labels: F.labels.tsv.gz }, { factor: F, cell: K562, labels: F.labels.tsv.gz }",
      ),
    );
    const loaded = await loadStudy(join(folder, "study.yaml"));
    expect(loaded.warnings).toEqual([]);
    const [inHeLa, inK562] = loaded.experiments;
    expectSameArray(inHeLa.labels!, labels);
    expectSameArray(inK562.labels!, none);
    expect(inHeLa.peaks).toHaveLength(5 + 3 + 3);
    expect(inK562.peaks).toEqual([]);
    const splits = splitStudy(loaded, 200);
    for (const positives of ["bins", "peaks"] as const) {
      const sampler = new WindowSampler(loaded, [inHeLa], splits, {
        positives,
        minimumOverlap: 76,
        jitter: 0,
        negativesPerPositive: 1000,
        negativeMargin: 0,
        negativeWeight: "equal",
        validationNegativesPerPositive: 0,
      });
      const epoch = sampler.drawEpoch(new Random(1));
      expect(epoch.labels.reduce((sum, label) => sum + label, 0)).toBe(positives === "bins" ? 20 : 5);
      expect(epoch.weights.every((weight) => weight === 1)).toBe(true);
      for (const [row, start] of epoch.binStarts.entries()) {
        if (epoch.segmentIndices[row] === 0) expect(start).toBeGreaterThanOrEqual(3000 - 200);
        if (epoch.labels[row] === 0) expect(labels[start / 50]).toBe(UNBOUND);
      }
      const validation = sampler.validationWindows(new Random(1));
      expect(validation.binStarts.every((start) => start >= 3000)).toBe(true);
      expect(validation.labels.reduce((sum, label) => sum + label, 0)).toBe(12);
    }
  });

  it.each([
    ["peaks: p.bed, labels: l.tsv", "give either peaks or labels"],
    ["relaxedPeaks: p.bed", "give either peaks or labels"],
    ["labels: l.tsv, relaxedPeaks: p.bed", "are for peaks, not for labels"],
    ["labels: l.tsv, topPeaks: 5", "are for peaks, not for labels"],
  ])("refuses %s", async (keys, message) => {
    await expectError(
      () => parseStudyFile(study(`{ factor: F, cell: HeLa, ${keys} }`), "s.yaml"),
      "s.yaml, line 4",
      message,
    );
  });
});
