import { copyFile, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  buildFastaIndex,
  formatFastaIndex,
  openFile,
  writeBigWigFile,
  writeFasta,
  writeFileAtomically,
  writeTwoBit,
} from "@bindscape/genome";
import { BindscapeError, Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { BatchPipeline } from "../src/batch-pipeline.node.js";
import type { TrackMode } from "../src/load-cell.node.js";
import { loadStudy } from "../src/load-study.node.js";
import { readFeatures, withSourceReader } from "../src/source-reader.js";
import { WindowMaker } from "../src/window-maker.js";
import type { WindowPlan, WindowRequest, WindowSource } from "../src/windows.js";
import { expectError, expectSameArray, randomCodes, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const sizes = { a: 30_000, b: 4_000, tiny: 120, c: 9_000 };
const records = Object.entries(sizes).map(([name, size]) => ({
  name,
  description: "",
  codes: randomCodes(size, name, 0.02),
}));

beforeAll(async () => {
  await writeFileAtomically(at("genome.2bit"), (sink) => writeTwoBit(sink, records));
  await writeFileAtomically(at("genome.fa"), (sink) => writeFasta(sink, records));
  await copyFile(at("genome.fa"), at("plain.fa"));
  const source = await openFile(at("genome.fa"));
  await writeFile(at("genome.fa.fai"), formatFastaIndex(await buildFastaIndex(source)));
  await source.close();
  // Overlong for `c`, whose track ends before its sequence, and without `b`.
  const random = new Random("signal");
  const track = { a: 30_000, tiny: 120, c: 7_500 };
  const runs = Object.entries(track).map(([chromosome, size]) => {
    const starts: number[] = [];
    const ends: number[] = [];
    const values: number[] = [];
    for (let position = random.integer(9); position + 9 < size; position += 9 + random.integer(30)) {
      starts.push(position);
      ends.push(position + 1 + random.integer(9));
      values.push(Math.fround(random.uniform() * 9));
    }
    return { chromosome, starts, ends, values };
  });
  const chromosomes = Object.entries(track).map(([name, size]) => ({ name, size }));
  await writeBigWigFile(at("signal.bw"), chromosomes, runs);
  await writeFile(at("peaks.bed"), "a\t2000\t2300\n");
  await writeFile(at("plain.bedGraph"), "a\t10\t900\t3\n");
  await writeFile(at("genes.bed"), "a\t100\t900\na\t20000\t21000\nb\t0\t60\nc\t8990\t9000\n");
  await writeFile(
    at("motifs.meme"),
    "MEME version 4\n\nMOTIF F F\nletter-probability matrix: alength= 4 w= 3\n0.7 0.1 0.1 0.1\n0.1 0.7 0.1 0.1\n0.1 0.1 0.1 0.7\n",
  );
  // Made by htslib: intervals on 1, 2 and X.
  const fixtures = resolve(import.meta.dirname, "../../genome/test/fixtures");
  await copyFile(join(fixtures, "tabix.bed.gz"), at("t.bedGraph.gz"));
  await copyFile(join(fixtures, "tabix.bed.gz.tbi"), at("t.bedGraph.gz.tbi"));
});

async function load(tracks: TrackMode, genome = "genome.2bit", cell = "C") {
  const path = at(`study-${genome}.yaml`);
  await writeFile(
    path,
    `name: s
assembly: { name: s, genome: ${genome}, chromosomes: [c, a, tiny, b] }
cells:
  C:
    covariates: { age: 0.3 }
    tracks:
      - { name: raw, file: signal.bw }
      - { name: log, file: signal.bw, transform: { mask: ["a:5000-5300", "c:10-30"], cap: 5, log: true } }
  D:
    covariates: { age: 0.7 }
    tracks:
      - { name: log, file: signal.bw }
      - { name: raw, file: signal.bw, transform: { cap: 2 } }
  Plain: { tracks: [{ name: raw, file: plain.bedGraph }] }
annotations: [{ name: genes, file: genes.bed }]
motifs: motifs.meme
experiments: [{ factor: F, cell: C, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [c] }, test: { chromosomes: [b] } }
`,
  );
  const study = await loadStudy(path, { tracks });
  return { study, source: await study.loadCell(cell) };
}

const plan: WindowPlan = {
  windowLength: 301,
  binSize: 100,
  tracks: ["log", "raw"],
  features: [
    {
      kind: "motif",
      name: "m",
      length: 3,
      sites: "middle",
      logOdds: [1, 0, -1, 0, 0, 2, 0, -2, 1, 1, -1, -1],
    },
    {
      kind: "motif",
      name: "i",
      length: 3,
      sites: "inside",
      logOdds: [1, 0, -1, 0, 0, 2, 0, -2, 1, 1, -1, -1],
    },
    { kind: "signal", name: "s", track: "log", width: 900, log: true },
    { kind: "signal", name: "r", track: "raw", width: 50, log: false },
    { kind: "overlap", name: "g", annotation: "genes" },
    { kind: "covariate", name: "age" },
  ],
};

/** Windows anywhere: in clusters, twice, over both ends of sequences, and beyond them. */
function drawRequest(source: WindowSource, count: number, seed: number, cells = 1): WindowRequest {
  const random = new Random(seed);
  const segmentIndices = Uint32Array.from({ length: count }, () => random.integer(source.segments.length));
  const binStarts = Int32Array.from(segmentIndices, (segment) => {
    const { end } = source.segments[segment];
    const where = random.integer(4);
    if (where === 0) return random.integer(400) - 300;
    if (where === 1) return end - random.integer(300);
    if (where === 2) return 1000 + random.integer(60);
    return random.integer(end);
  });
  const sourceIndices = Uint16Array.from(segmentIndices, () => random.integer(cells));
  return { segmentIndices, binStarts, ...(cells > 1 && { sourceIndices }) };
}

describe("cells read on demand", () => {
  it.each(["genome.2bit", "genome.fa", "plain.fa"])(
    "give the windows and features of cells in memory (%s)",
    async (genome) => {
      const held = await load("memory", genome);
      const placed = await load("on-demand", genome);
      const other = await placed.study.loadCell("D");
      expect(held.source.files).toBeUndefined();
      expect(placed.source.files?.sequence === null).toBe(genome === "plain.fa");
      expect(placed.source.tracks.map(({ values }) => values.length)).toEqual([0, 0]);
      expect(placed.source.codes.length).toBe(genome === "plain.fa" ? 43_120 : 0);
      const sources = [held.source, await held.study.loadCell("D")];
      expect(placed.study.warnings).toEqual(held.study.warnings);
      const maker = new WindowMaker(sources, plan);
      const requests = Array.from({ length: 12 }, (_, i) =>
        drawRequest(held.source, [64, 1, 0, 33][i % 4], i, 2),
      );
      const pipeline = new BatchPipeline([placed.source, other], plan, { batchSize: 64, workers: 2 });
      try {
        for await (const batch of pipeline.run(requests)) {
          const made = maker.fill(requests[batch.index]);
          expectSameArray(batch.windows, made.windows);
          expectSameArray(batch.features, made.features);
          batch.release();
        }
      } finally {
        await pipeline.close();
      }
      // More windows than are read at a time.
      const many = drawRequest(held.source, 20_000, 5, 2);
      expectSameArray(await readFeatures([placed.source, other], plan, many), maker.fillFeatures(many));
    },
  );

  it("know the composition of the whole genome where a motif asks for it", async () => {
    const { source } = await load("on-demand");
    const counts = new Float64Array(5);
    for (const { codes } of records) for (const code of codes) counts[code]++;
    expectSameArray(source.baseCounts!, counts);
  });

  it("give regions as segments of their own, as cells in memory do", async () => {
    const held = await load("memory");
    const placed = await load("on-demand");
    const parts = [
      { segmentIndex: 1, start: 4900, end: 5400 },
      { segmentIndex: 0, start: 7000, end: 9000 },
      { segmentIndex: 1, start: 5000, end: 5001 },
      { segmentIndex: 3, start: 0, end: 4000 },
    ];
    const [mine, theirs] = await Promise.all(
      [placed.source, held.source].map((source) =>
        withSourceReader(source, (reader) => reader.readRegions(parts)),
      ),
    );
    expect(mine.segments.map(({ offset: _, ...segment }) => segment)).toEqual(
      parts.map(({ segmentIndex, start, end }) => ({
        chromosome: ["c", "a", "tiny", "b"][segmentIndex],
        start,
        end,
      })),
    );
    for (const [i, { start, end }] of parts.entries()) {
      const [a, b] = [mine.segments[i].offset, theirs.segments[i].offset];
      expectSameArray(mine.codes.slice(a, a + end - start), theirs.codes.slice(b, b + end - start));
      for (const t of [0, 1]) {
        expectSameArray(
          mine.tracks[t].values.slice(a, a + end - start),
          theirs.tracks[t].values.slice(b, b + end - start),
        );
      }
    }
    expectSameArray(mine.partOf!, theirs.partOf!);
  });

  it("give windows of pieces of chromosomes, whose sequence is held", async () => {
    const pieces = [
      [1000, 6000],
      [7000, 9000],
      [20_000, 29_000],
    ].map(([start, end]) => ({
      name: `a:${start}-${end}`,
      description: "",
      codes: records[0].codes.subarray(start, end),
    }));
    await writeFileAtomically(at("pieces.fa"), (sink) => writeFasta(sink, pieces));
    await writeFile(at("first.bed"), "a\t1000\t3000\n");
    await writeFile(at("second.bed"), "a\t7000\t9000\n");
    await writeFile(
      at("pieces.yaml"),
      `name: p
assembly: { name: p, genome: pieces.fa, pieces: true }
cells: { C: { covariates: { age: 1 }, tracks: [{ name: raw, file: signal.bw }, { name: log, file: signal.bw, transform: { log: true } }] } }
annotations: [{ name: genes, file: genes.bed }]
experiments: [{ factor: F, cell: C, peaks: peaks.bed }]
holdOut: { validation: { regions: first.bed }, test: { regions: second.bed } }
`,
    );
    const [placed, held] = await Promise.all(
      (["on-demand", "memory"] as const).map(async (tracks) =>
        (await loadStudy(at("pieces.yaml"), { tracks })).loadCell("C"),
      ),
    );
    expect(placed.files!.sequence).toBeNull();
    const base = drawRequest(
      { ...held, segments: held.segments.map((s) => ({ ...s, end: s.end - s.start })) },
      300,
      8,
    );
    const binStarts = base.binStarts.map((start, i) => start + held.segments[base.segmentIndices[i]].start);
    const request = { ...base, binStarts };
    const part = await withSourceReader(placed, (reader) => reader.readWindows(plan, request));
    const found = new WindowMaker(part.sources, plan).fill(part.request);
    const expected = new WindowMaker(held, plan).fill(request);
    expectSameArray(found.windows, expected.windows);
    expectSameArray(found.features, expected.features);
  });

  it("come from a bedGraph with a tabix index too", async () => {
    const codes = { "1": 3_060_000, "2": 9_000, X: 500 };
    const made = Object.entries(codes).map(([name, size]) => ({
      name,
      description: "",
      codes: new Uint8Array(size),
    }));
    await writeFileAtomically(at("tabix.2bit"), (sink) => writeTwoBit(sink, made));
    await writeFile(at("tabix-peaks.bed"), "1\t2000\t2300\n");
    await writeFile(
      at("tabix.yaml"),
      `name: t
assembly: { name: t, genome: tabix.2bit }
cells: { C: { tracks: [{ name: t, file: t.bedGraph.gz, transform: { log: true } }] } }
experiments: [{ factor: F, cell: C, peaks: tabix-peaks.bed }]
holdOut: { validation: { chromosomes: ["2"] }, test: { chromosomes: [X] } }
`,
    );
    const tabixPlan = { ...plan, tracks: ["t"], features: [] };
    const [placed, held] = await Promise.all(
      (["on-demand", "memory"] as const).map(async (tracks) =>
        (await loadStudy(at("tabix.yaml"), { tracks })).loadCell("C"),
      ),
    );
    const request = drawRequest(held, 40, 3);
    const part = await withSourceReader(placed, (reader) => reader.readWindows(tabixPlan, request));
    const found = new WindowMaker(part.sources, tabixPlan).fill(part.request);
    const expected = new WindowMaker(held, tabixPlan).fill(request);
    expectSameArray(found.windows, expected.windows);
    expect(expected.windows.some((value) => value > 1)).toBe(true);
  });

  it("are refused where a track is only read whole, and by what needs them in memory", async () => {
    await expectError(
      () => load("on-demand", "genome.2bit", "Plain"),
      "plain.bedGraph",
      "only be read whole",
      "bigWig",
    );
    const { source } = await load("on-demand");
    expect(() => new WindowMaker(source, plan).fill(drawRequest(source, 1, 1))).toThrow("SourceReader");
    expect(() => new BatchPipeline(source, { ...plan, tracks: ["none"] }, { batchSize: 1 })).toThrow(
      BindscapeError,
    );
  });

  it("have errors of their files that name them, out of worker threads", async () => {
    const { source } = await load("on-demand");
    const bytes = await readFile(at("signal.bw"));
    await copyFile(at("signal.bw"), at("kept.bw"));
    // The data lies between the header and the index: blocks no longer inflate.
    const damaged = Buffer.from(bytes).fill(0xff, 400, Math.floor(bytes.length / 2));
    await writeFile(at("signal.bw"), damaged);
    const pipeline = new BatchPipeline(source, plan, { batchSize: 64 });
    try {
      await expectError(async () => {
        for await (const batch of pipeline.run([drawRequest(source, 64, 9)])) batch.release();
      }, "signal.bw");
    } finally {
      await pipeline.close();
      await copyFile(at("kept.bw"), at("signal.bw"));
    }
  });
});

describe("a genome too large to be held", () => {
  it("is read on demand without being asked for, with memory for its windows", async () => {
    // A 2bit file of 1.6 Gb of T that takes no room on the disk.
    const size = 1_600_000_000;
    const header = new Uint32Array([0x1a412743, 0, 1, 0]);
    const record = new Uint32Array([size, 0, 0, 0]);
    const file = at("large.2bit");
    const handle = await open(file, "w");
    await handle.write(new Uint8Array(header.buffer));
    await handle.write(Uint8Array.of(4, ...new TextEncoder().encode("chr1")));
    await handle.write(new Uint8Array(Uint32Array.of(25).buffer));
    await handle.write(new Uint8Array(record.buffer));
    await handle.close();
    await truncate(file, 25 + 16 + size / 4);
    const run = { chromosome: "chr1", starts: [1_500_000_000], ends: [1_500_000_050], values: [3] };
    await writeBigWigFile(at("large.bw"), [{ name: "chr1", size }], [run]);
    await writeFile(at("large.bedGraph"), "chr1\t10\t20\t1\n");
    await writeFile(at("large-peaks.bed"), "chr1\t2000\t2300\n");
    await writeFile(at("regions.bed"), "chr1\t9000\t90000\n");
    await writeFile(
      at("large.yaml"),
      `name: l
assembly: { name: l, genome: large.2bit }
cells: { C: { tracks: [{ name: t, file: large.bw }] }, P: { tracks: [{ name: t, file: large.bedGraph }] } }
experiments: [{ factor: F, cell: C, peaks: large-peaks.bed }]
holdOut: { validation: { regions: regions.bed }, test: { regions: large-peaks.bed } }
`,
    );
    const before = process.memoryUsage().rss;
    const study = await loadStudy(at("large.yaml"));
    expect(() => study.assembly.codes).toThrow("not in memory");
    const source = await study.loadCell("C");
    const largePlan: WindowPlan = { windowLength: 100, binSize: 100, tracks: ["t"], features: [] };
    const request = { segmentIndices: Uint32Array.of(0, 0), binStarts: Int32Array.of(1_499_999_950, 7) };
    const part = await withSourceReader(source, (reader) => reader.readWindows(largePlan, request));
    const { windows } = new WindowMaker(part.sources, largePlan).fill(part.request);
    const expected = new Float32Array(1000);
    expected.fill(1, 300, 400);
    expected.fill(3, 450, 500);
    expected.fill(1, 800, 900);
    expectSameArray(windows, expected);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    await expectError(() => study.loadCell("P"), "large.bedGraph", "held in memory", "1600000000", "convert");
  });
});
