import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeSequence, writeBigWigFile, writeFileAtomically, writeTwoBit } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { buildAssembly } from "../src/assembly.js";
import { loadStudy } from "../src/load-study.node.js";
import { loadTrack, openTrack } from "../src/tracks.node.js";
import { expectError, temporaryFolder } from "./helpers.js";
import { servePart, startServer } from "./local-server.js";

const folder = temporaryFolder();
const records = ["chr1", "chr2", "chrUn"].map((name, i) => ({
  name,
  description: "",
  codes: encodeSequence("ACGTN".repeat(200 + 40 * i)),
}));
let url: string;

beforeAll(async () => {
  const at = (name: string) => join(folder, name);
  await writeFileAtomically(at("genome.2bit"), (sink) => writeTwoBit(sink, records));
  const sizes = records.map(({ name, codes }) => ({ name, size: codes.length }));
  const run = { chromosome: "chr1", starts: [10], ends: [20], values: [3] };
  await writeBigWigFile(at("open.bw"), sizes, [run]);
  await writeFile(at("peaks.narrowPeak.gz"), gzipSync("chr1\t200\t500\t.\t9\t.\t1\t2\t3\t77\n"));
  await writeFile(at("regions.bed"), "chr2\t0\t900\n");
  ({ url } = await startServer((request, response) => {
    const name = new URL(request.url!, "http://x").pathname.slice(1);
    readFile(at(name)).then(
      (bytes) => servePart(bytes, request, response),
      () => response.writeHead(404).end(),
    );
  }));
});

async function writeStudy(name: string, files: { genome: string; rest?: string; data?: string }) {
  const { genome, rest = "", data } = files;
  const path = join(folder, `${name}.yaml`);
  await writeFile(
    path,
    `name: remote
${data === undefined ? "" : `data: ${data}\n`}assembly: { name: a, genome: "${genome}", chromosomes: [chr1, chr2] }
cells: { C: { tracks: [{ name: open, file: "${rest}open.bw" }] } }
experiments: [{ factor: F, cell: C, peaks: "${rest}peaks.narrowPeak.gz", summitFlank: 50 }]
holdOut: { validation: { chromosomes: [chr1] }, test: { regions: "${rest}regions.bed" } }
`,
  );
  return path;
}

describe("a study of files on a web server", () => {
  it("is what it is with the files here, by whole addresses or an address for the folder", async () => {
    const local = await loadStudy(await writeStudy("local", { genome: "genome.2bit" }));
    const paths = [
      await writeStudy("remote", { genome: `${url}/genome.2bit?key=1`, rest: `${url}/` }),
      await writeStudy("folder", { genome: "genome.2bit", data: url }),
    ];
    for (const path of paths) {
      const study = await loadStudy(path);
      expect(study.assembly.segments).toEqual(local.assembly.segments);
      expect(study.assembly.codes).toEqual(local.assembly.codes);
      expect(study.holdOuts).toEqual(local.holdOuts);
      expect(study.experiments[0].peaks).toEqual([{ chromosome: "chr1", start: 227, end: 327 }]);
      const { tracks } = await study.loadCell("C");
      expect(tracks).toEqual((await local.loadCell("C")).tracks);
      const [first, ...others] = study.inputs;
      expect(first).toBe(path);
      expect(others.every((input) => input.startsWith(`${url}/`))).toBe(true);
    }
  });

  it("names the address that is missing", async () => {
    const path = await writeStudy("missing", { genome: `${url}/none.2bit` });
    await expectError(() => loadStudy(path), `${url}/none.2bit: the server answers 404`, "check the address");
  });
});

describe("a bedGraph with a tabix index", () => {
  it("has in every part what the whole has, here and on a server", async () => {
    // Made by htslib: 5 columns, of which the fourth is a number; intervals overlap, and the last of them counts.
    const fixtures = resolve(import.meta.dirname, "../../genome/test/fixtures");
    await copyFile(join(fixtures, "tabix.bed.gz"), join(folder, "t.bedGraph.gz"));
    await copyFile(join(fixtures, "tabix.bed.gz.tbi"), join(folder, "t.bedGraph.gz.tbi"));
    const chromosomes = { "1": 3_060_000, "2": 9_000, X: 500 };
    const assembly = buildAssembly(
      Object.entries(chromosomes).map(([name, size]) => ({
        name,
        description: "",
        codes: new Uint8Array(size),
      })),
      { name: "a", source: "a.fa" },
    );
    const entry = {
      name: "t",
      file: "t",
      unit: "u",
      transform: { mask: ["1:5000-9000"], cap: 900, log: true },
    };
    const { track } = await loadTrack(entry, join(folder, "t.bedGraph.gz"), assembly);
    expect(track.values.filter((value) => value > 0).length).toBeGreaterThan(1_000_000);
    for (const place of [join(folder, "t.bedGraph.gz"), `${url}/t.bedGraph.gz`]) {
      const reader = (await openTrack(entry, place, assembly))!;
      const random = new Random(place.length);
      const values = new Float32Array(200_000);
      for (let i = 0; i < 15; i++) {
        const segment = assembly.segments[i < 10 ? 0 : random.integer(3)];
        const start = random.integer(segment.end);
        const end = Math.min(segment.end, start + 1 + random.integer(200_000));
        await reader.read([{ ...segment, start, end, offset: 0 }], values.subarray(0, end - start));
        const expected = track.values.subarray(segment.offset + start, segment.offset + end);
        expect(Buffer.compare(bytesOf(values.subarray(0, end - start)), bytesOf(expected))).toBe(0);
      }
      await reader.close();
    }
    await copyFile(join(folder, "t.bedGraph.gz"), join(folder, "bare.bedGraph.gz"));
    expect(await openTrack(entry, join(folder, "bare.bedGraph.gz"), assembly)).toBeNull();
  });
});

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

describe("a cell read part by part", () => {
  it("has sequence and tracks of the part, and the numbers of all segments", async () => {
    const path = await writeStudy("parts", { genome: "genome.2bit" });
    const study = await loadStudy(path, { sequence: "later" });
    expect(() => study.assembly.codes).toThrow("not in memory");
    expect(study.assembly.size).toBe(1000 + 1200);
    const reader = (await study.openCell("C"))!;
    const whole = await study.loadCell("C");
    for (const [segmentIndex, start, end] of [
      [0, 5, 300],
      [1, 1000, 1200],
      [0, 15, 17],
      [0, 0, 1000],
    ]) {
      const part = await reader.read(segmentIndex, start, end);
      const segment = whole.segments[segmentIndex];
      const [from, to] = [segment.offset + start, segment.offset + end];
      expect(part.codes).toEqual(whole.codes.slice(from, to));
      expect(part.tracks[0].values).toEqual(whole.tracks[0].values.slice(from, to));
      expect(part.segments[segmentIndex]).toEqual({
        chromosome: segment.chromosome,
        start,
        end,
        offset: 0,
      });
      expect(part.segments[1 - segmentIndex]).toEqual(whole.segments[1 - segmentIndex]);
    }
    await reader.close();
    await expectError(() => study.openCell("D"), 'no cell named "D"');
  });
});
