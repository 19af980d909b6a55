import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BigWigReader, openFile, writeBigWigFile } from "@bindscape/genome";
import { Random, rankAverage } from "@bindscape/numerics";
import { WindowMaker } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { rankAverageTracks } from "../src/ensemble/rank-average-tracks.node.js";
import { scoreBins } from "../src/evaluate/score-bins.node.js";
import { predictWindows, splitRequest } from "../src/network/network.node.js";
import { predictRegions } from "../src/predict/predict-regions.node.js";
import { writePredictionBed, writePredictionTrack } from "../src/predict/write-predictions.node.js";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  temporaryFolder,
  tinyOptions,
} from "./helpers.js";
import { naiveFactorNet } from "./naive-factornet.js";

const folder = temporaryFolder();

// The order of the genome is not the order of the alphabet.
const SIZES = { chr2: 3_000, chr10: 1_500, chr1: 2_020 };
const study = makeStudy({
  chromosomes: Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => [name, randomCodes(size, name)]),
  ),
});

async function readTrack(path: string) {
  const source = await openFile(path);
  try {
    const reader = await BigWigReader.open(source);
    const values = new Map<string, Float32Array>();
    for (const { name, size } of reader.chromosomes) values.set(name, await reader.readValues(name, 0, size));
    return { sizes: Object.fromEntries(reader.chromosomes.map(({ name, size }) => [name, size])), values };
  } finally {
    await source.close();
  }
}

describe("prediction tracks", () => {
  it("hold every bin's value on its central 50 bp and nothing elsewhere", async () => {
    const bins = Uint32Array.from({ length: study.bins.count }, (_, bin) => bin);
    const random = new Random(1);
    const scores = Float32Array.from(bins, () => random.uniform());
    const path = join(folder, "all.bw");
    await writePredictionTrack(path, study.bins, bins, scores);
    const { sizes, values } = await readTrack(path);
    expect(sizes).toEqual(SIZES);
    let row = 0;
    for (const [name, size] of Object.entries(SIZES)) {
      const expected = new Float32Array(size).fill(Number.NaN);
      for (let start = 0; start + 200 <= size; start += 50)
        expected.fill(scores[row++], start + 75, start + 125);
      expectClose(values.get(name)!, expected, 0, name);
    }
    expect(row).toBe(bins.length);
  });

  it("hold only the bins that were scored", async () => {
    const bins = study.bins.onChromosomes(["chr10", "chr1"]).filter((_, i) => i % 3 !== 1);
    const scores = Float32Array.from(bins, (bin) => bin / 1000);
    const path = join(folder, "some.bw");
    await writePredictionTrack(path, study.bins, bins, scores);
    const { values } = await readTrack(path);
    expect(values.get("chr2")!.every(Number.isNaN)).toBe(true);
    let covered = 0;
    bins.forEach((bin, i) => {
      const { chromosome } = study.bins.partOf(bin).segment;
      const middle = study.bins.startOf(bin) + 100;
      expect(values.get(chromosome)![middle]).toBe(scores[i]);
    });
    for (const track of values.values()) covered += track.filter((value) => !Number.isNaN(value)).length;
    expect(covered).toBe(50 * bins.length);
  });

  it("stand on pieces of chromosomes where the study has pieces", async () => {
    const pieces = makeStudy({
      pieces: true,
      chromosomes: { "chr9:7030-7530": randomCodes(500, 1), "chr9:120-520": randomCodes(400, 2) },
    });
    const bins = Uint32Array.from({ length: pieces.bins.count }, (_, bin) => bin);
    const path = join(folder, "pieces.bw");
    await writePredictionTrack(
      path,
      pieces.bins,
      bins,
      Float32Array.from(bins, (bin) => bin + 1),
    );
    const { values, sizes } = await readTrack(path);
    expect(sizes).toEqual({ chr9: 7530 });
    const expected = new Float32Array(7530).fill(Number.NaN);
    // Bins start at multiples of 50 inside the pieces: 150 to 300, then 7050 to 7300.
    [150, 200, 250, 300, 7050, 7100, 7150, 7200, 7250, 7300].forEach((start, i) => {
      expected.fill(i + 1, start + 75, start + 125);
    });
    expectClose(values.get("chr9")!, expected, 0);
  });

  it("hold whole bins where bins do not overlap", async () => {
    const sparse = makeStudy({
      chromosomes: { a: randomCodes(1000, 1) },
      bins: { size: 100, step: 300, boundOverlap: 51 },
    });
    const path = join(folder, "sparse.bw");
    await writePredictionTrack(path, sparse.bins, Uint32Array.of(0, 1, 2, 3), Float32Array.of(1, 2, 3, 4));
    const expected = new Float32Array(1000).fill(Number.NaN);
    [0, 300, 600, 900].forEach((start, i) => {
      expected.fill(i + 1, start, start + 100);
    });
    expectClose((await readTrack(path)).values.get("a")!, expected, 0);
  });
});

describe("prediction BED", () => {
  it("has the whole bin, the factor and the score, in order", async () => {
    const bins = Uint32Array.of(0, 3, study.bins.parts[1].firstIndex);
    const path = join(folder, "bins.bed");
    await writePredictionBed(path, study.bins, bins, Float32Array.of(0.5, 1e-9, 1 / 3), "F");
    expect(await readFile(path, "utf8")).toBe(
      "chr2\t0\t200\tF\t0.500000\t.\nchr2\t150\t350\tF\t1.00000e-9\t.\nchr10\t0\t200\tF\t0.333333\t.\n",
    );
  });
});

const network = makeNetwork(
  tinyOptions(),
  { tracks: ["b", "a"], binSize: 20 },
  { tasks: ["F", "G"].map((factor) => ({ factor, cell: "C" })) },
);
const random = new Random("signal");
const small = makeStudy({
  chromosomes: { chr2: randomCodes(900, 1), chr10: randomCodes(700, 2) },
  tracks: ["a", "b"].map((name) => ({
    name,
    values: Float32Array.from({ length: 1600 }, () => random.integer(3)),
  })),
  bins: { size: 20, step: 10, boundOverlap: 11 },
});

describe("predicting windows", () => {
  it("gives what the naive network gives, tracks by name, in the order of the request", async () => {
    const source = await small.loadCell("C");
    // More than one batch, edges of chromosomes, bins off the grid.
    const request = {
      segmentIndices: Uint32Array.from({ length: 300 }, (_, i) => i % 2),
      binStarts: Int32Array.from({ length: 300 }, (_, i) => (i * 37) % 680),
    };
    const found = await predictWindows(network, source, request, { threads: 1 });
    const { windows } = new WindowMaker(source, network.file.plan).fill(request);
    const expected = naiveFactorNet(tinyOptions(), ["b", "a"], 2, network.parameters, windows, null);
    expectClose(found, expected, 1e-5);
  });

  it("cuts requests into parts in order", () => {
    const request = {
      segmentIndices: Uint32Array.of(0, 1, 2, 3, 4),
      binStarts: Int32Array.of(5, 6, 7, 8, 9),
    };
    expect([...splitRequest(request, 2)].map(({ binStarts }) => [...binStarts])).toEqual([
      [5, 6],
      [7, 8],
      [9],
    ]);
  });

  it("refuses a cell without the model's tracks", async () => {
    const bare = makeStudy({ chromosomes: { a: randomCodes(300, 1) } });
    const request = { segmentIndices: Uint32Array.of(0), binStarts: Int32Array.of(0) };
    const source = await bare.loadCell("C");
    await expectError(() => predictWindows(network, source, request), 'no track named "b"');
  });

  it("stops when told to", async () => {
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const source = await small.loadCell("C");
    const request = { segmentIndices: new Uint32Array(1000), binStarts: new Int32Array(1000).fill(40) };
    const seen: number[] = [];
    const work = predictWindows(network, source, request, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        seen.push(done);
        controller.abort(reason);
      },
    });
    await expect(work).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
  });
});

describe("scoring bins with several networks", () => {
  it("joins factors by the mean of their ranks, and leaves single ones as probabilities", async () => {
    const other = makeNetwork(tinyOptions(), { tracks: ["a"], binSize: 20 }, {}, 2);
    const bins = Uint32Array.from({ length: 60 }, (_, i) => 2 * i);
    const [both, one, two] = await Promise.all(
      [[network, other], [network], [other]].map((networks) =>
        scoreBins(networks, small, "C", bins, { threads: 1 }),
      ),
    );
    expect(both.map(({ factor, scale }) => [factor, scale])).toEqual([
      ["F", "rank"],
      ["G", "probability"],
    ]);
    expectClose(both[0].scores, rankAverage([one[0].scores, two[0].scores]), 1e-7);
    expectClose(both[1].scores, one[1].scores, 0);
    expect(one[0].scores).not.toEqual(one[1].scores);
  });

  it("refuses bins of another size than the network's", async () => {
    await expectError(
      () => scoreBins([network], study, "C", Uint32Array.of(0)),
      "200 bp",
      "20 bp",
      "bins.size",
    );
  });
});

describe("predicting regions of a BED file", () => {
  const bed = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  it("scores the middle of each region, in the order of the file", async () => {
    const path = await bed(
      "regions.bed",
      "# a comment\nchr10\t100\t120\tx\nchr2\t31\t532\nchr10\t0\t3\nchr2\t899\t900\n",
    );
    const { regions, scores } = await predictRegions(network, small, "C", path, { threads: 1 });
    expect(regions).toEqual([
      { chromosome: "chr10", start: 100, end: 120 },
      { chromosome: "chr2", start: 31, end: 532 },
      { chromosome: "chr10", start: 0, end: 3 },
      { chromosome: "chr2", start: 899, end: 900 },
    ]);
    const expected = await predictWindows(network, await small.loadCell("C"), {
      segmentIndices: Uint32Array.of(1, 0, 1, 0),
      binStarts: Int32Array.of(100, 271, -9, 889),
    });
    expectClose(scores, expected, 0);
  });

  it("scores a region that is a bin of the grid as that bin, also where bins have odd lengths", async () => {
    const odd = makeStudy({
      chromosomes: { a: randomCodes(400, 1) },
      bins: { size: 21, step: 10, boundOverlap: 11 },
    });
    const oddNetwork = makeNetwork(tinyOptions(), { binSize: 21 });
    const path = await bed("odd.bed", "a\t100\t121\na\t0\t21\na\t0\t1\n");
    const { scores } = await predictRegions(oddNetwork, odd, "C", path, { threads: 1 });
    const expected = await predictWindows(oddNetwork, await odd.loadCell("C"), {
      segmentIndices: new Uint32Array(3),
      binStarts: Int32Array.of(100, 0, -10),
    });
    expectClose(scores, expected, 0);
  });

  it.each([
    ["beyond.bed", "chr2\t0\t20\nchr10\t690\t701\n", 2, "chr10:690-701"],
    ["backwards.bed", "chr2\t0\t20\nchr2\t0\t20\nchr2\t50\t40\n", 3, "50"],
    ["letters.bed", "chr2\tzero\t20\n", 1, "zero"],
    ["short.bed", "chr2\t0\t20\nchr2\t5\n", 2, ""],
  ])("names the line: %s", async (name, text, line, says) => {
    const path = await bed(name, text);
    const error = await expectError(() => predictRegions(network, small, "C", path), name, says);
    expect(error.line).toBe(line);
  });

  it("refuses a file without regions, and chromosomes of another genome", async () => {
    await expectError(
      async () => predictRegions(network, small, "C", await bed("none.bed", "# nothing\n")),
      "no regions",
    );
    const path = await bed("other.bed", "chrUn_7\t0\t20\n");
    await expectError(() => predictRegions(network, small, "C", path), "other.bed");
  });
});

describe("joining prediction tracks", () => {
  const write = async (
    name: string,
    values: readonly number[],
    change: { shift?: number; sizes?: number } = {},
  ) => {
    const path = join(folder, name);
    const { shift = 0, sizes = 1000 } = change;
    const chromosomes = [
      { name: "chr2", size: sizes },
      { name: "chr10", size: sizes },
    ];
    const half = Math.ceil(values.length / 2);
    await writeBigWigFile(
      path,
      chromosomes,
      chromosomes.map(({ name: chromosome }, c) => {
        const part = c === 0 ? values.slice(0, half) : values.slice(half);
        const starts = part.map((_, i) => 75 + 50 * i + shift);
        return { chromosome, starts, ends: starts.map((start) => start + 50), values: part };
      }),
    );
    return path;
  };

  it("is the mean of the files' ranks over all bins, ties at their mean rank", async () => {
    // Adjacent equal values stay bins of their own.
    const a = [0.1, 0.1, 0.1, 0.9, 0.5, 0.2, 0.7];
    const b = [5, 4, 4, 3, 2, 1, 0];
    const paths = [await write("a.bw", a), await write("b.bw", b)];
    const out = join(folder, "joined.bw");
    expect(await rankAverageTracks(paths, out)).toEqual({ bins: 7 });
    const { values, sizes } = await readTrack(out);
    expect(sizes).toEqual({ chr2: 1000, chr10: 1000 });
    const joined = rankAverage([a, b]);
    const found = [0, 1, 2, 3]
      .map((i) => values.get("chr2")![100 + 50 * i])
      .concat([0, 1, 2].map((i) => values.get("chr10")![100 + 50 * i]));
    expectClose(found, joined, 1e-6);
    // By hand: the first bin of a shares ranks 1 to 3, and is the highest of b.
    expect(found[0]).toBeCloseTo((2 / 7 + 1) / 2, 6);
    expect(values.get("chr2")![74]).toBeNaN();
  });

  it("refuses files on other intervals, naming the first that differs, and writes nothing", async () => {
    const base = await write("base.bw", [1, 2, 3, 4]);
    const out = join(folder, "refused.bw");
    const shifted = await write("shifted.bw", [1, 2, 3, 4], { shift: 1 });
    await expectError(() => rankAverageTracks([base, shifted], out), "shifted.bw", "chr10:76-126", "75-125");
    const longer = await write("longer.bw", [1, 2, 3, 4, 5, 6]);
    await expectError(() => rankAverageTracks([base, longer], out), "longer.bw", "3 intervals on chr10");
    const fewer = await write("fewer.bw", [1]);
    await expectError(() => rankAverageTracks([base, fewer], out), "fewer.bw", "1 chromosomes");
    await expectError(() => rankAverageTracks([base], out), "1 input file", "at least two");
    const other = await write("other-sizes.bw", [1, 2, 3, 4], { sizes: 999 });
    await expectError(() => rankAverageTracks([base, other], out), "other-sizes.bw", "999");
    expect((await readdir(folder)).filter((name) => name.includes("refused"))).toEqual([]);
  });
});
