import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  buildFastaIndex,
  formatFastaIndex,
  openBigWig,
  openFile,
  writeBigWigFile,
  writeFasta,
  writeFileAtomically,
  writeTwoBit,
} from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { loadStudy } from "@bindscape/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRunRecord } from "../src/bundle/run-record.node.js";
import { requestBins } from "../src/evaluate/select-bins.js";
import { predictWindows } from "../src/network/network.node.js";
import { predictInParts, predictRequestInParts } from "../src/predict/predict-in-parts.node.js";
import {
  writePredictionBed,
  writePredictionBedInParts,
  writePredictionTrack,
  writePredictionTrackInParts,
} from "../src/predict/write-predictions.node.js";
import { expectClose, makeNetwork, randomCodes, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
const random = new Random("parts");
const lengths = { chr2: 3_000, chr10: 1_234, short: 15, chr1: 700 };
const sizes = Object.entries(lengths).map(([name, size]) => ({ name, size }));
const records = sizes.map(({ name, size }) => {
  const codes = randomCodes(size, name);
  if (size > 500) codes.fill(4, 300, 420);
  return { name, description: "", codes };
});

// A network that sees bases, two tracks (one transformed), a motif and signal wider than its window.
const network = makeNetwork(
  tinyOptions(),
  {
    tracks: ["open", "raw"],
    binSize: 20,
    features: [
      { kind: "motif", name: "m", logOdds: [2, -1, -1, -1, -1, 2, -1, -1], length: 2, sites: "middle" },
      { kind: "signal", name: "s", track: "open", width: 500, log: true },
      { kind: "covariate", name: "age" },
    ],
  },
  {
    tasks: ["F", "G"].map((factor) => ({ factor, cell: "C" })),
    featureScaling: { mean: [0, 0, 0], scale: [1, 1, 1] },
  },
);

function studyText(genome: string, track: string): string {
  return `name: parts
assembly: { name: parts1, genome: ${JSON.stringify(genome)}, chromosomes: [chr10, chr2, short] }
bins: { size: 20, step: 10, boundOverlap: 11 }
cells:
  C:
    covariates: { age: 0.3 }
    tracks:
      - { name: raw, file: ${JSON.stringify(track)} }
      - { name: open, file: ${JSON.stringify(track)}, transform: { mask: ["chr2:1000-1300"], cap: 5, log: true } }
experiments: [{ factor: F, cell: C, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [chr2] }, test: { chromosomes: [short] } }
`;
}

let url = "";
const server = createServer((request, response) => {
  const name = new URL(request.url!, "http://x").pathname.slice(1);
  readFile(join(folder, name)).then(
    (bytes) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")!;
      const part = bytes.subarray(Number(from), Number(to) + 1);
      const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
      response.writeHead(206, { "content-range": range, "content-length": part.length }).end(part);
    },
    () => response.writeHead(404).end(),
  );
});

beforeAll(async () => {
  await writeFileAtomically(join(folder, "genome.2bit"), (sink) => writeTwoBit(sink, records));
  await writeFileAtomically(join(folder, "genome.fa"), (sink) => writeFasta(sink, records));
  await writeFileAtomically(join(folder, "indexed.fa"), (sink) => writeFasta(sink, records));
  const fasta = await openFile(join(folder, "genome.fa"));
  await writeFile(join(folder, "indexed.fa.fai"), formatFastaIndex(await buildFastaIndex(fasta)));
  await fasta.close();
  const runs = sizes
    .filter(({ name }) => name !== "chr1")
    .map(({ name, size }) => {
      const starts = Array.from({ length: Math.floor(size / 7) }, (_, i) => 7 * i);
      const ends = starts.map((start) => start + 1 + random.integer(6));
      return { chromosome: name, starts, ends, values: starts.map(() => random.integer(9)) };
    });
  await writeBigWigFile(join(folder, "track.bw"), sizes, runs);
  const lines = runs.flatMap(({ chromosome, starts, ends, values }) =>
    starts.map((start, i) => `${chromosome}\t${start}\t${ends[i]}\t${values[i]}\n`),
  );
  await writeFile(join(folder, "track.bedGraph"), lines.join(""));
  await writeFile(join(folder, "peaks.bed"), "chr2\t100\t200\n");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function load(genome: string, track: string, sequence: "now" | "later") {
  const path = join(folder, "study.yaml");
  await writeFile(path, studyText(genome, track));
  return loadStudy(path, { factors: [], sequence });
}

describe("prediction part by part", () => {
  it("gives what whole windows give, wherever genome and tracks lie and however small the parts", async () => {
    const whole = await load("genome.fa", "track.bw", "now");
    const chromosomes = ["chr2", "chr10", "short"];
    const bins = whole.bins.onChromosomes(chromosomes);
    const source = await whole.loadCell("C");
    const expected = await predictWindows(network, source, requestBins(whole, bins), { threads: 1 });
    expect(bins.length).toBe(299 + 122);
    const places: [string, string, "now" | "later", number | undefined, number][] = [
      ["genome.2bit", "track.bw", "later", 1_600, 3],
      ["genome.2bit", "track.bw", "later", 100_000, 2],
      ["genome.2bit", "track.bw", "later", undefined, 1],
      ["indexed.fa", "track.bw", "later", 1_600, 3],
      ["genome.fa", "track.bw", "later", 1_600, 3],
      ["genome.2bit", "track.bw", "now", 1_600, 3],
      ["genome.2bit", "track.bedGraph", "later", 1_600, 1],
      [`${url}/genome.2bit`, `${url}/track.bw?version=1`, "later", 1_600, 3],
      [`${url}/indexed.fa`, `${url}/track.bedGraph`, "later", 1_600, 1],
    ];
    for (const [genome, track, sequence, partBases, count] of places) {
      const study = await load(genome, track, sequence);
      const seen: number[] = [];
      const parts = [];
      const options = {
        threads: 1,
        partBases,
        onProgress: (progress: { done: number; total?: number | null }) => {
          seen.push(progress.done);
          expect(progress.total).toBe(bins.length);
        },
      };
      for await (const part of predictInParts(network, study, "C", chromosomes, options)) parts.push(part);
      expect([genome, track, parts.length]).toEqual([genome, track, count]);
      expect(parts.flatMap((part) => [...part.bins])).toEqual([...bins]);
      const scores = Float32Array.from(parts.flatMap((part) => [...part.scores]));
      expectClose(scores, expected, 2e-6, `${genome} ${track} ${partBases}`);
      expect(seen.at(-1)).toBe(bins.length);
      expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    }
  });

  it("gives windows anywhere and in any order what the whole gives them", async () => {
    const whole = await load("genome.fa", "track.bw", "now");
    const request = {
      segmentIndices: Uint32Array.from({ length: 90 }, () => random.integer(2)),
      binStarts: Int32Array.from({ length: 90 }, () => random.integer(1_234 - 20)),
    };
    const expected = await predictWindows(network, await whole.loadCell("C"), request, { threads: 1 });
    const study = await load("genome.2bit", "track.bw", "later");
    for (const partBases of [undefined, 1_100]) {
      const options = { threads: 1, partBases };
      const scores = await predictRequestInParts(network, study, "C", request, options);
      expectClose(scores, expected, 2e-6, `${partBases}`);
    }
  });

  it("writes the bytes that the whole writes", async () => {
    const study = await load("genome.2bit", "track.bw", "later");
    const bins = study.bins.onChromosomes(["chr10", "chr2", "short"]);
    const scores = Float32Array.from(bins, () => random.uniform());
    const cut = [0, 5, 100, 130, 300, bins.length];
    const parts = cut.slice(1).map((to, i) => ({
      bins: bins.subarray(cut[i], to),
      scores: scores.subarray(cut[i], to),
    }));
    const at = (name: string) => join(folder, name);
    await writePredictionTrack(at("whole.bw"), study.bins, bins, scores);
    await writePredictionTrackInParts(at("parts.bw"), study.bins, parts);
    expect(await readFile(at("parts.bw"))).toEqual(await readFile(at("whole.bw")));
    await writePredictionBed(at("whole.bed"), study.bins, bins, scores, "F");
    await writePredictionBedInParts(at("parts.bed"), study.bins, parts, "F");
    expect(await readFile(at("parts.bed"), "utf8")).toBe(await readFile(at("whole.bed"), "utf8"));
    const { reader, close } = await openBigWig(at("parts.bw"));
    expect(reader.chromosomes.map(({ name }) => name)).toEqual(["chr10", "chr2", "short"]);
    close();
  });

  it("of files on a server: the record has their addresses", async () => {
    const study = await load(`${url}/genome.2bit`, `${url}/track.bw`, "later");
    await (await study.openCell("C"))!.close();
    const { inputs } = await makeRunRecord("bindscape predict", 1, study.inputs, 1);
    expect(inputs).toEqual([
      expect.objectContaining({ file: study.source, sha256: expect.any(String) }),
      { file: `${url}/genome.2bit`, bytes: null, sha256: null },
      { file: `${url}/track.bw`, bytes: null, sha256: null },
    ]);
  });
});
