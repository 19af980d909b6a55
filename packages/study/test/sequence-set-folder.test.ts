import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import type { SequenceSet } from "../src/sequence-set.js";
import { findCore, placeCore } from "../src/sequence-set-files.js";
import { readSequenceSetFolder, writeSequenceSetFolder } from "../src/sequence-set-folder.node.js";
import { expectError, expectSameArray, randomCodes, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
let made = 0;
const newFolder = () => join(folder, `set${made++}`);

function makeSet(seed: string, count = 7, length = 33): SequenceSet {
  const random = new Random(seed);
  const tasks = [
    { factor: "Reb1", cell: "" },
    { factor: "CTCF", cell: "K562|treated" },
  ];
  return {
    source: "test",
    count,
    length,
    tasks,
    codes: randomCodes(count * length, seed, 0.1),
    labels: Float32Array.from({ length: count * 2 }, () => [0, 1, Number.NaN][random.integer(3)]),
    splits: Array.from(
      { length: count },
      () => (["training", "validation", "test"] as const)[random.integer(3)],
    ),
    names: Array.from({ length: count }, (_, i) => `site-${i}`),
    places: Array.from({ length: count }, () => {
      const start = random.integer(200) - 10;
      return { chromosome: "chr:1", start, end: start + length, strand: random.uniform() < 0.5 ? "+" : "-" };
    }),
    cores: Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 12 : 20)),
  };
}

describe("the folder of a sequence set", () => {
  it.each(["a", "b", "c"])("is read as it was written (seed %s)", async (seed) => {
    const set = makeSet(seed);
    // Places that begin before the chromosome cannot be written to sites.bed only where the core does too.
    const path = newFolder();
    const places = set.places!.map((place) => ({ ...place, start: place.start + 10, end: place.end + 10 }));
    await writeSequenceSetFolder(
      path,
      { ...set, places },
      { details: { note: 1 }, files: { "run.json": "{}" } },
    );
    const read = await readSequenceSetFolder(path);
    expect(read.source).toBe(path);
    expectSameArray(read.codes, set.codes);
    expectSameArray(read.labels, set.labels);
    expectSameArray(read.cores!, set.cores!);
    expect({ ...read, codes: 0, labels: 0, cores: 0, source: "" }).toEqual({
      ...set,
      places,
      codes: 0,
      labels: 0,
      cores: 0,
      source: "",
    });
    const description = JSON.parse(readFileSync(join(path, "dataset.json"), "utf8"));
    expect(description).toMatchObject({
      note: 1,
      sequences: 7,
      length: 33,
      tasks: ["Reb1", "CTCF|K562|treated"],
    });
    const total = Object.values(description.counts.Reb1 as Record<string, Record<string, number>>)
      .flatMap(Object.values)
      .reduce((sum: number, n) => sum + (n as number), 0);
    expect(total).toBe(7);
    expect(existsSync(join(path, "run.json"))).toBe(true);
  });

  it("needs neither names, splits, places nor cores; cores without places lie on the sequence", async () => {
    const { source, count, length, tasks, codes, labels, cores } = makeSet("bare");
    const path = newFolder();
    await writeSequenceSetFolder(path, { source, count, length, tasks, codes, labels });
    const read = await readSequenceSetFolder(path);
    expect(read.names?.[2]).toBe("sequence3");
    expect([read.splits, read.places, read.cores]).toEqual([undefined, undefined, undefined]);
    await writeSequenceSetFolder(
      path,
      { source, count, length, tasks, codes, labels, cores },
      { overwrite: true },
    );
    expect((await readSequenceSetFolder(path)).cores).toEqual(cores);
    expect(readFileSync(join(path, "sites.bed"), "utf8").split("\n")[0]).toBe(
      "sequence1\t12\t20\tsequence1\t0\t+",
    );
  });

  it("has the core of a sequence from the reverse strand where the bases of the core lie", () => {
    // Window [100, 110) of the reverse strand: its base k is the complement of base 109 - k.
    const place = { chromosome: "c", start: 100, end: 110, strand: "-" } as const;
    const core = placeCore([2, 5], place);
    expect(core).toMatchObject({ start: 105, end: 108 });
    expect(Array.from({ length: 3 }, (_, k) => 109 - (2 + k)).toSorted()).toEqual([105, 106, 107]);
    expect(findCore(core, place)).toEqual([2, 5]);
  });

  it("keeps a window that begins before its chromosome", async () => {
    const set = makeSet("edge", 1);
    const path = newFolder();
    const places = [{ chromosome: "I", start: -9, end: 24, strand: "+" as const }];
    await writeSequenceSetFolder(path, { ...set, places });
    expect((await readSequenceSetFolder(path)).places).toEqual(places);
  });

  it("refuses what does not fit, with the line", async () => {
    const path = newFolder();
    await writeSequenceSetFolder(path, { ...makeSet("bad"), places: undefined });
    await expectError(() => writeSequenceSetFolder(path, makeSet("bad")), "stands there already");
    const damage = async (name: string, change: (text: string) => string, ...parts: (string | RegExp)[]) => {
      const file = join(path, name);
      const before = readFileSync(file, "utf8");
      writeFileSync(file, change(before));
      await expectError(() => readSequenceSetFolder(path), file, ...parts);
      writeFileSync(file, before);
    };
    await damage("labels.tsv", (text) => text.replace(/\t(0|1|NA)\n/, "\t2\n"), "line 2", 'label "2"');
    await damage(
      "labels.tsv",
      (text) => text.replace(/\t(training|validation|test)\t/, "\tother\t"),
      "line 2",
    );
    await damage("labels.tsv", (text) => text.replace(/\t(training|validation|test)\t/, "\tNA\t"), "1 of 7");
    await damage("labels.tsv", (text) => text.split("\n").slice(0, 4).join("\n"), "3 sequences");
    await damage("labels.tsv", (text) => text.replace("site-2\t", "site-2\t1\t"), "line 4", "5 columns");
    await damage("labels.tsv", (text) => text.replace("name\t", "id\t"), "line 1");
    await damage("sequences.fa", (text) => text.replace(">site-3", ">site-x"), "site-x", "site-3");
    await damage("sequences.fa", (text) => text.replace(/\n>site-4/, "A\n>site-4"), "34 bases");
    await damage("sequences.fa", (text) => text.slice(0, text.indexOf(">site-6")), "6 sequences");
    await damage("sites.bed", (text) => text.replace("\t20\t", "\t44\t"), "line 1", "33 bp");
    await damage("sites.bed", (text) => text.split("\n").slice(1).join("\n"), "line 1", "site-0");
    await damage("dataset.json", () => "{}", "no description of a data set");
    await damage("dataset.json", () => "{", "no JSON");
    await readSequenceSetFolder(path);
    await expectError(() => readSequenceSetFolder(join(folder, "nothing")), "dataset.json", "no such file");
  });

  it("refuses sets whose parts do not fit", async () => {
    const set = { ...makeSet("fit"), places: undefined };
    const write = (changes: Partial<SequenceSet>) => () =>
      writeSequenceSetFolder(newFolder(), { ...set, ...changes });
    await expectError(write({ names: ["a"] }), "1 names for 7");
    await expectError(write({ names: Array(7).fill("a") }), "two sequences named a");
    await expectError(write({ tasks: [set.tasks[0], { factor: "a|b", cell: "" }] }), "a|b");
  });
});
