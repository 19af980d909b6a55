import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { openBigWig } from "@bindscape/genome";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

async function runWell(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  for (const seed of ["1", "2"]) {
    await runWell([
      ...["train", study, "--factor", "F", "--out", at(`seed${seed}`), "--seed", seed, "--epochs", "4"],
      ...tinyNetwork,
      ...["--seed-kernels", "--learning-rate", "0.01"],
    ]);
  }
});

const onStudy = () => ["--study", study, "--threads", "1"];

describe("predict", () => {
  it("writes a bigWig of the chromosomes asked for, a value on every bin's central 50 bp", async () => {
    const out = at("chrC.bw");
    const stdout = await runWell([
      "predict",
      at("seed1"),
      ...onStudy(),
      "--chromosomes",
      "chrC",
      "--out",
      out,
      "--json",
    ]);
    expect(lastJson(stdout)).toMatchObject({
      out,
      factor: "F",
      cell: "cell",
      count: (80_000 - 200) / 50 + 1,
    });
    const { reader, close } = await openBigWig(out);
    expect(reader.chromosomes.map(({ name }) => name).sort()).toEqual(["chrA", "chrB", "chrC"]);
    const { starts, ends, values } = await reader.readIntervals("chrC", 0, 80_000);
    expect([starts[0], ends[0], starts.length]).toEqual([75, 125, 1597]);
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect((await reader.readIntervals("chrA", 0, 160_000)).starts.length).toBe(0);
    close();
    expect(JSON.parse(await readFile(`${out}.run.json`, "utf8"))).toMatchObject({ seed: 1 });
  });

  it("gives the same numbers window by window with --no-shared-overlap", async () => {
    const values = await Promise.all(
      [[], ["--no-shared-overlap"]].map(async (flags, i) => {
        const out = at(`shared${i}.bw`);
        await runWell([
          "predict",
          at("seed2"),
          ...onStudy(),
          "--chromosomes",
          "chrB",
          "--out",
          out,
          ...flags,
        ]);
        const { reader, close } = await openBigWig(out);
        const found = await reader.readIntervals("chrB", 0, 60_000);
        close();
        return found.values;
      }),
    );
    expect(values[0]).toHaveLength(1197);
    expect(Math.max(...values[0]) - Math.min(...values[0])).toBeGreaterThan(0.01);
    values[0].forEach((value, i) => {
      expect(Math.abs(value - values[1][i])).toBeLessThan(1e-5);
    });
  });

  it("scores regions one a line in the order of the BED file, as the bins are scored", async () => {
    const bins = [70_000, 150, 40_050, 9_950, 40_050];
    await writeFile(at("regions.bed"), bins.map((start) => `chrC\t${start}\t${start + 200}\n`).join(""));
    await runWell([
      "predict",
      at("seed1"),
      ...onStudy(),
      "--regions",
      at("regions.bed"),
      "--out",
      at("regions.tsv"),
    ]);
    const lines = (await readFile(at("regions.tsv"), "utf8")).trimEnd().split("\n");
    const { reader, close } = await openBigWig(at("chrC.bw"));
    const expected: number[] = [];
    for (const start of bins) expected.push((await reader.readValues("chrC", start + 75, start + 76))[0]);
    close();
    expect(lines.map(Number)).toHaveLength(bins.length);
    lines.forEach((line, i) => {
      expect(Number(line)).toBeCloseTo(expected[i], 5);
    });
    expect(new Set(lines).size).toBe(4);
  });

  it("writes a submission to ENCODE-DREAM, scored as the bins are", async () => {
    const bins = [70_000, 150, 40_050];
    await writeFile(at("ladder.bed"), bins.map((start) => `chrC\t${start}\t${start + 200}\n`).join(""));
    const out = at("L.F.cell.tab.gz");
    const args = ["predict", at("seed1"), ...onStudy(), "--dream-regions", at("ladder.bed"), "--out", out];
    expect(lastJson(await runWell([...args, "--json"]))).toMatchObject({ out, factor: "F", count: 3 });
    const lines = gunzipSync(await readFile(out))
      .toString()
      .trimEnd()
      .split("\n");
    const { reader, close } = await openBigWig(at("chrC.bw"));
    for (const [i, start] of bins.entries()) {
      const [value] = await reader.readValues("chrC", start + 75, start + 76);
      expect(lines[i]).toMatch(new RegExp(`^chrC\\t${start}\\t${start + 200}\\t\\d\\.\\d{3}e[-+]\\d\\d$`));
      expect(Number(lines[i].split("\t")[3]) / value).toBeCloseTo(1, 2);
    }
    close();
    expect(lines).toHaveLength(3);
  });

  it("writes whole bins as BED", async () => {
    await runWell(["predict", at("seed1"), ...onStudy(), "--chromosomes", "chrB", "--out", at("chrB.bed")]);
    const lines = (await readFile(at("chrB.bed"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength((60_000 - 200) / 50 + 1);
    expect(lines[1]).toMatch(/^chrB\t50\t250\tF\t[\d.e-]+\t\.$/);
  });

  it.each([
    [
      ["--chromosomes", "chrZ", "--out", "OUT.bw"],
      '--chromosomes names "chrZ"; expected names of tiny1: chrA, chrB, chrC.',
    ],
    [["--chromosomes", "chrC", "--out", "OUT.txt"], "an output of unknown kind"],
    [["--cell", "other", "--chromosomes", "chrC", "--out", "OUT.bw"], 'no cell named "other"'],
    [["--factor", "G", "--chromosomes", "chrC", "--out", "OUT.bw"], 'no output for the factor "G"'],
    [["--regions", "beyond.bed", "--out", "OUT.bw"], "--regions gives one score a line; expected a name"],
    [
      ["--regions", "beyond.bed", "--chromosomes", "chrC", "--out", "OUT.tsv"],
      "--regions and --chromosomes together; expected one of them.",
    ],
    [["--dream-regions", "beyond.bed", "--out", "OUT.bw"], "a name such as F.CTCF.iPSC.tab.gz"],
    [
      ["--dream-regions", "beyond.bed", "--chromosomes", "chrC", "--out", "OUT.tsv"],
      "--dream-regions and --chromosomes together; expected one of them.",
    ],
    [
      ["--dream-regions", "beyond.bed", "--out", "OUT.tsv"],
      "line 2: the region chrC:79900-80100; expected a region inside",
    ],
    [
      ["--regions", "beyond.bed", "--out", "OUT.tsv"],
      "line 2: the region chrC:79900-80100; expected a region inside",
    ],
  ])("refuses %j", async (args, message) => {
    await writeFile(at("beyond.bed"), "chrC\t0\t200\nchrC\t79900\t80100\n");
    const placed = args.map((word) => (/^OUT|\.bed$/.test(word) ? at(word) : word));
    const { code, stdout, stderr } = await runHere(["predict", at("seed1"), ...onStudy(), ...placed]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^bindscape: [^\n]*\n$/);
    expect(stderr).toContain(message);
    for (const ending of ["bw", "txt", "tsv"]) expect(existsSync(at(`OUT.${ending}`))).toBe(false);
  });
});

describe("evaluate", () => {
  it("--json has the metrics of the model and its baselines", async () => {
    const result = lastJson(await runWell(["evaluate", at("seed1"), ...onStudy(), "--json"])) as {
      split: string;
      factors: Record<
        string,
        Record<string, { auroc: number; auprc: number; recallAtFdr: Record<string, number> }>
      >;
    };
    expect(result.split).toBe("test");
    expect(Object.keys(result.factors)).toEqual(["F"]);
    for (const method of ["model", "pwm", "signal", "regression"]) {
      const { auroc, auprc, recallAtFdr } = result.factors.F[method];
      for (const metric of [auroc, auprc]) expect(metric).toBeGreaterThan(0);
      expect(Object.keys(recallAtFdr).sort()).toEqual(["0.01", "0.05", "0.1", "0.25", "0.5"]);
    }
    // The sites are planted and the track is raised over them: anything that works is far from chance.
    expect(result.factors.F.pwm.auroc).toBeGreaterThan(0.95);
    expect(result.factors.F.model.auroc).toBeGreaterThan(0.9);
  });

  it("prints a table, and joins several bundles", async () => {
    const table = await runWell([
      "evaluate",
      at("seed1"),
      at("seed2"),
      ...onStudy(),
      "--split",
      "validation",
    ]);
    expect(table).toMatch(/^factor, method +auROC +auPR +recall@FDR 1 %/);
    expect(table).toMatch(/^F {2}FactorNet, 2 networks +0\.\d{3}/m);
  });
});

describe("ensemble, info and report", () => {
  it("joins two tracks by their ranks", async () => {
    await runWell(["predict", at("seed2"), ...onStudy(), "--chromosomes", "chrC", "--out", at("second.bw")]);
    await runWell(["predict", at("seed1"), ...onStudy(), "--chromosomes", "chrC", "--out", at("first.bw")]);
    const stdout = await runWell([
      "ensemble",
      at("first.bw"),
      at("second.bw"),
      "--out",
      at("joined.bw"),
      "--json",
    ]);
    expect(lastJson(stdout)).toEqual({ out: at("joined.bw"), tracks: 2, bins: 1597 });
    const [first, second, joined] = await Promise.all(
      ["first.bw", "second.bw", "joined.bw"].map(async (name) => {
        const { reader, close } = await openBigWig(at(name));
        const { values } = await reader.readIntervals("chrC", 0, 80_000);
        close();
        return values;
      }),
    );
    const rank = (values: Float32Array, value: number) => {
      const below = values.filter((other) => other < value).length;
      const same = values.filter((other) => other === value).length;
      return (below + (same + 1) / 2) / values.length;
    };
    for (let i = 0; i < joined.length; i += 97) {
      expect(joined[i]).toBeCloseTo((rank(first, first[i]) + rank(second, second[i])) / 2, 6);
    }
  });

  it("describes the study and the bundle", async () => {
    const described = lastJson(await runWell(["info", study, "--json"]));
    expect(described).toMatchObject({
      kind: "study",
      assembly: "tiny1",
      bases: 300_000,
      cells: { cell: ["open"] },
      experiments: [
        {
          factor: "F",
          cell: "cell",
          motif: "F",
          peaks: { total: 300, training: 160, validation: 60, test: 80 },
        },
      ],
      warnings: [],
    });
    const { bins, experiments } = described as unknown as {
      bins: Record<"training" | "validation" | "test" | "atBorders" | "total", number>;
      experiments: { bound: Record<string, number> }[];
    };
    // Chromosomes that are held out whole have no borders with others.
    expect(bins).toMatchObject({ training: 3197, validation: 1197, test: 1597, atBorders: 0, total: 5991 });
    // A 200-bp peak covers 101 bp of the three or four bins that start within 99 bp of its start.
    expect(experiments[0].bound.training).toBeGreaterThanOrEqual(3 * 160);
    expect(experiments[0].bound.training).toBeLessThanOrEqual(4 * 160);
    expect(lastJson(await runWell(["info", at("seed1"), "--json"]))).toMatchObject({
      kind: "model bundle",
      model: "factornet",
      tasks: [{ factor: "F", cell: "cell" }],
      windowLength: 200,
      seededKernels: 2,
      epochs: 4,
      training: { seed: 1, assembly: "tiny1" },
      citation: expect.stringContaining("FactorNet"),
    });
    const plain = await runWell(["info", at("seed1")]);
    expect(plain).toMatch(/^ {2}best epoch +\d of 4, validation loss 0\.\d+$/m);
  });

  it("writes a report of one file", async () => {
    await runWell(["report", at("seed1"), ...onStudy(), "--out", at("report.html")]);
    const html = await readFile(at("report.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).not.toMatch(/(src|href)="https?:/);
  });
});
