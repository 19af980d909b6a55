import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  formatDreamProbability,
  MemorySink,
  MemorySource,
  readDreamSubmission,
  writeGzip,
} from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureScores } from "../src/evaluate/metrics.js";
import { scoreSubmission } from "../src/evaluate/score-submission.node.js";
import { predictWindows } from "../src/network/network.node.js";
import { writeDreamSubmission } from "../src/predict/dream-submission.node.js";
import { expectError, makeNetwork, makeStudy, randomCodes, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
const bare = makeStudy({
  chromosomes: { chr2: randomCodes(4000, 1), chr10: randomCodes(2000, 2) },
  bins: { size: 20, step: 10, boundOverlap: 11 },
});
const study = {
  ...bare,
  holdOuts: { ...bare.holdOuts, blacklist: [{ chromosome: "chr10", start: 95, end: 100 }] },
};
const network = makeNetwork(
  tinyOptions(),
  { binSize: 20 },
  {
    tasks: [
      { factor: "F", cell: "C" },
      { factor: "G", cell: "C" },
    ],
  },
);

async function submit(rows: string, out = "F.G.C.tab.gz") {
  const regions = join(folder, "ladder.bed");
  await writeFile(regions, rows);
  const path = join(folder, out);
  const submission = { network, study, cell: "C", task: 1, regions, out: path };
  return { path, ...(await writeDreamSubmission(submission, { threads: 1 })) };
}

describe("a submission", () => {
  // Neither sorted nor as the genome is ordered; chr10 is written 10; a fourth column is not handed on.
  const random = new Random(5);
  const rows = Array.from({ length: 500 }, () =>
    random.uniform() < 0.5
      ? { name: "10", segmentIndex: 1, start: 10 * random.integer(199) }
      : { name: "2", segmentIndex: 0, start: 10 * random.integer(399) },
  );

  it("has every region in the order of the file with its probability, 0 in the blacklist", async () => {
    const text = rows.map(({ name, start }) => `${name}\t${start}\t${start + 20}\tx\n`).join("");
    const { path, regions, blacklisted } = await submit(text);
    const scores = await predictWindows(
      network,
      await study.loadCell("C"),
      {
        segmentIndices: Uint32Array.from(rows, ({ segmentIndex }) => segmentIndex),
        binStarts: Int32Array.from(rows, ({ start }) => start),
      },
      { threads: 1 },
    );
    const isBlacklisted = rows.map(({ name, start }) => name === "10" && start > 75 && start < 100);
    expect(isBlacklisted.filter((is) => is).length).toBe(blacklisted);
    expect(blacklisted).toBeGreaterThan(0);
    expect(regions).toBe(500);
    const lines = gunzipSync(await readFile(path))
      .toString()
      .split("\n");
    expect(lines.pop()).toBe("");
    expect(lines).toEqual(
      rows.map(
        ({ name, start }, i) =>
          `${name}\t${start}\t${start + 20}\t${isBlacklisted[i] ? "0.000e+00" : formatDreamProbability(scores[2 * i + 1])}`,
      ),
    );
    const read: number[] = [];
    for await (const { probability } of readDreamSubmission(new MemorySource(await readFile(path), path))) {
      read.push(probability);
    }
    expect(read.every((value, i) => isBlacklisted[i] || Math.abs(value / scores[2 * i + 1] - 1) < 6e-4)).toBe(
      true,
    );
    // The same again is the same file, and a name without .gz is plain text.
    const bytes = await readFile(path);
    expect((await readFile((await submit(text)).path)).equals(bytes)).toBe(true);
    expect(await readFile((await submit(text, "plain.tab")).path, "utf8")).toBe(`${lines.join("\n")}\n`);
  });

  it.each([
    ["chr2\t0\t20\nchr2\t0\t200\n", "line 2: the region chr2:0-200 of 200 bp; expected 20 bp"],
    ["chr2\t0\t20\nchr2\t3990\t4010\n", "line 2: the region chr2:3990-4010; expected a region inside"],
    ["chr2\t0\t20\nchr3\t0\t20\n", "line 2: the region chr3:0-20"],
    ["# nothing\n", "no regions"],
  ])("is not begun where a region cannot be predicted: %j", async (text, message) => {
    await expectError(() => submit(text, "never.tab.gz"), "ladder.bed", message);
    expect(existsSync(join(folder, "never.tab.gz"))).toBe(false);
  });
});

describe("scoring", () => {
  /** Bins of two chromosomes with labels and scores; the submission in another order than the labels. */
  const random = new Random(11);
  const bins = ["chr8", "chr21"].flatMap((chromosome) =>
    Array.from({ length: 300 }, (_, i) => {
      const label = "BUUUA"[random.integer(5)];
      return { chromosome, start: 50 * (i + 7), label, score: Math.round(1000 * random.uniform()) / 1000 };
    }),
  );
  const write = async (name: string, lines: readonly string[]) => {
    await writeFile(join(folder, name), `${lines.join("\n")}\n`);
    return join(folder, name);
  };
  const submissionLines = bins.map(
    ({ chromosome, start, score }) =>
      `${chromosome}\t${start}\t${start + 200}\t${formatDreamProbability(score)}`,
  );
  const labelLines = [
    "chr\tstart\tstop\tother\tC",
    ...bins.map(({ chromosome, start, label }) => `${chromosome}\t${start}\t${start + 200}\tU\t${label}`),
  ];

  it("pairs bins with labels whatever the order, and leaves ambiguous ones out", async () => {
    const shuffled = new Random(3).shuffle([...submissionLines]);
    const labels = await write("labels.tsv", labelLines);
    const scored = await scoreSubmission(await write("shuffled.tab", shuffled), labels, "C");
    const used = bins.filter(({ label }) => label !== "A");
    const expected = measureScores(
      Float32Array.from(used, ({ score }) => score),
      used.map(({ label }) => (label === "B" ? 1 : 0)),
    );
    expect(scored.evaluation.pooled).toEqual(expected);
    expect(Object.keys(scored.evaluation.perChromosome)).toEqual(["chr8", "chr21"]);
    const bound = used.filter(({ label }) => label === "B").length;
    expect(scored).toMatchObject({
      bound,
      unbound: used.length - bound,
      ambiguous: 600 - used.length,
      missing: 0,
    });
    const half = await write("half.tab", submissionLines.slice(0, 300));
    expect((await scoreSubmission(half, labels, "C")).missing).toBe(
      used.filter(({ chromosome }) => chromosome === "chr21").length,
    );
  });

  it("refuses bins that are there twice or are none of the challenge, and files without common bins", async () => {
    const good = await write("good.tab", submissionLines);
    const labels = await write("labels.tsv", labelLines);
    const last = bins.findLastIndex(({ label }) => label !== "A");
    const repeated = await write("repeated.tsv", [...labelLines, labelLines[last + 1]]);
    await expectError(() => scoreSubmission(good, repeated, "C"), "repeated.tsv, line 602: a second line");
    const twice = await write("twice.tab", [...submissionLines, submissionLines[0]]);
    await expectError(
      () => scoreSubmission(twice, labels, "C"),
      "twice.tab, line 601: a second line for the bin chr8:350",
    );
    for (const row of ["chr8\t10\t210\t0.5", "chr8\t0\t100\t0.5", "chr8\t249250600\t249250800\t0.5"]) {
      const other = await write("other.tab", [row]);
      await expectError(
        () => scoreSubmission(other, labels, "C"),
        "other.tab, line 1",
        "a bin of the challenge",
      );
    }
    const far = await write("far.tab", ["chr9\t0\t200\t0.5"]);
    await expectError(() => scoreSubmission(far, labels, "C"), "far.tab: no bin with a label of C");
    await expectError(() => scoreSubmission(good, labels, "D"), 'no column for the cell "D"', "other, C");
  });
});

describe("the format", () => {
  it("writes probabilities as C's %.3e", () => {
    const cases = [
      [0, "0.000e+00"],
      [1, "1.000e+00"],
      [0.01234567, "1.235e-02"],
      [9.9996e-5, "1.000e-04"],
      [3e-12, "3.000e-12"],
      [2.5e-101, "2.500e-101"],
    ] as const;
    for (const [value, text] of cases) expect(formatDreamProbability(value)).toBe(text);
  });

  it("refuses lines that are no prediction", async () => {
    const read = async (text: string) => {
      for await (const _ of readDreamSubmission(new MemorySource(new TextEncoder().encode(text), "F.tab")));
    };
    await expectError(() => read("chr1\t0\t200\n"), "F.tab, line 1: the line has only 3 columns");
    await expectError(() => read("chr1\t0\t200\t0.5\nchr1\t50\t250\t1.5\n"), 'line 2: the probability "1.5"');
    await expectError(() => read("chr1\t0\t200\tnan\n"), 'line 1: the probability "nan"');
    await expectError(() => read("chr1\t0\t200\t\n"), 'line 1: the probability ""');
  });

  it("gzip holds what was written, whatever the pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.boolean()), { maxLength: 4 }),
        async (pieces) => {
          const random = new Random(pieces.length);
          const parts = pieces.map(([length, isRandom]) =>
            Uint8Array.from({ length }, () => (isRandom ? random.integer(256) : 65)),
          );
          const sink = new MemorySink();
          await writeGzip(sink, async (compressed) => {
            for (const part of parts) {
              await compressed.write(part);
            }
            expect(compressed.position).toBe(parts.reduce((sum, part) => sum + part.length, 0));
          });
          expect(gunzipSync(sink.toBytes()).equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });
});
