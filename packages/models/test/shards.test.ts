import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically, writeTwoBit } from "@bindscape/genome";
import { loadStudy, type Study } from "@bindscape/study";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { requestBins } from "../src/evaluate/select-bins.js";
import { predictWindows } from "../src/network/network.node.js";
import { predictInParts } from "../src/predict/predict-in-parts.node.js";
import { parseShard, rowsOfShard } from "../src/shards/shard.js";
import { expectError, makeNetwork, randomCodes, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
const lengths = { one: 6_000, two: 900, three: 4_500 };
const network = makeNetwork(
  tinyOptions(),
  { binSize: 20 },
  { tasks: ["F", "G"].map((factor) => ({ factor, cell: "C" })) },
);
let study: Study;

beforeAll(async () => {
  const records = Object.entries(lengths).map(([name, size]) => {
    return { name, description: "", codes: randomCodes(size, name) };
  });
  await writeFileAtomically(join(folder, "genome.2bit"), (sink) => writeTwoBit(sink, records));
  await writeFile(join(folder, "peaks.bed"), "one\t100\t200\n");
  const path = join(folder, "study.yaml");
  await writeFile(
    path,
    `name: shards
assembly: { name: shards1, genome: genome.2bit }
bins: { size: 20, step: 10, boundOverlap: 11 }
cells: { C: {} }
experiments: [{ factor: F, cell: C, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [two] }, test: { chromosomes: [three] } }
`,
  );
  study = await loadStudy(path, { factors: [], sequence: "later" });
});

describe("rows of a request", () => {
  it.each([true, false])("have the bits that they have in the whole, overlaps shared: %s", async (shared) => {
    const source = await study.loadCell("C");
    const request = requestBins(study, study.bins.onChromosomes(["one", "two", "three"]));
    const options = { threads: 1, sharedOverlap: shared };
    const whole = await predictWindows(network, source, request, options);
    const windows = request.binStarts.length;
    const ranges = [
      [0, windows],
      [0, 1],
      [127, 129],
      [200, 461],
      [600, 690],
      [windows - 1, windows],
      [5, 5],
    ];
    for (const [from, to] of ranges) {
      const part = await predictWindows(network, source, request, { ...options, rows: { from, to } });
      expect(part).toEqual(whole.slice(2 * from, 2 * to));
    }
  });

  it("have them in predictions part by part too", async () => {
    const collect = async (rows?: { from: number; to: number }) => {
      const bins: number[] = [];
      const scores: number[] = [];
      const options = { threads: 1, partBases: 1000, rows };
      for await (const part of predictInParts(network, study, "C", ["one", "three"], options)) {
        expect(part.scores.length).toBe(2 * part.bins.length);
        bins.push(...part.bins);
        scores.push(...part.scores);
      }
      return { bins, scores };
    };
    const whole = await collect();
    expect(whole.bins.length).toBe(599 + 449);
    for (const [from, to] of [
      [0, 50],
      [99, 101],
      [150, 720],
      [1040, 1048],
      [7, 7],
    ]) {
      expect(await collect({ from, to })).toEqual({
        bins: whole.bins.slice(from, to),
        scores: whole.scores.slice(2 * from, 2 * to),
      });
    }
  });
});

describe("a shard", () => {
  it("has contiguous rows, and all shards together have every row once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1e9 }), (count, total) => {
        let at = 0;
        for (let index = 1; index <= count; index++) {
          const { from, to } = rowsOfShard({ index, count }, total);
          expect(from).toBe(at);
          expect(Math.abs(to - from - total / count)).toBeLessThan(1);
          at = to;
        }
        expect(at).toBe(total);
      }),
    );
  });

  it.each(["0/3", "4/3", "1/0", "a/b", "1", "1/3/5", "-1/3", "1/1000000"])("is not %s", async (text) => {
    await expectError(() => parseShard(text), `--shard ${text}; expected a part and the number of parts`);
  });
});
