import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openFile, readNpz } from "@bindscape/genome";
import { saveAttributionFile } from "@bindscape/interpret";
import { motifFromConsensus, readMotifFile, writeMotifs } from "@bindscape/motifs";
import { beforeAll, describe, expect, it } from "vitest";
import { plantWords } from "../../interpret/test/seqlet-helpers.js";
import { makeWordFile } from "../../interpret/test/words-helpers.js";
import { findData, temporaryFolder } from "../../study/test/helpers.js";
import { lastJson, runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const read = (...names: string[]) => readFileSync(file(join(...names)), "utf8");

/** Contributions of positions as attributions of the bases that are there. */
function spread({ count, length, codes, scores }: ReturnType<typeof plantWords>): Float32Array {
  const attributions = new Float32Array(count * 4 * length);
  codes.forEach((code, at) => {
    attributions[(Math.floor(at / length) * 4 + code) * length + (at % length)] = scores[at];
  });
  return attributions;
}

beforeAll(async () => {
  const known = ["ATGACTCATC", "NNGATTANN", "GGGGCGGGG", "TTGCGCAA", "CACGTG", "GATAAG", "CCAATC"].map(
    (text) => motifFromConsensus(text, { id: text, sites: 50 }),
  );
  writeFileSync(file("known.meme"), writeMotifs(known, "meme"));
  const places = Array.from({ length: 300 }, (_, i) => ({
    chromosome: "chrIV",
    start: i < 150 ? 1000 + i : 60_000 + i,
    end: (i < 150 ? 1000 + i : 60_000 + i) + 100,
    strand: "+" as const,
  }));
  await saveAttributionFile(file("made.npz"), { ...makeWordFile({ count: 300 }), places });
  await saveAttributionFile(file("other.npz"), {
    ...makeWordFile({ count: 200, seed: 5, word: "CCGAA" }),
    tasks: [{ factor: "Other", cell: "" }],
  });
  writeFileSync(file("starts.bed"), "IV\t1100\t1101\ta\t0\t+\n");
  const planted = plantWords([{ word: "ATGACTCATC", weight: 1, chance: 0.8 }], { count: 200, noise: 0.1 });
  const { count, length, codes } = planted;
  await saveAttributionFile(file("planted.npz"), {
    source: "",
    method: "deeplift",
    of: "logit",
    count,
    length,
    codes,
    attributions: spread(planted),
    target: 0,
    tasks: [],
    places: Array.from({ length: count }, (_, i) => ({
      chromosome: "chr2",
      start: 500 * i,
      end: 500 * i + length,
      strand: "+" as const,
    })),
  });
  const noise = plantWords([], { count: 100, noise: 0.1, seed: 8 });
  await saveAttributionFile(file("null.npz"), {
    source: "",
    method: "deeplift",
    of: "logit",
    count: noise.count,
    length: noise.length,
    codes: noise.codes,
    attributions: spread(noise),
    target: 0,
    tasks: [],
  });
});

describe("words", () => {
  it("writes tables, pictures, a page and the run's record", async () => {
    const { code, stdout, stderr } = await runHere([
      ...["words", file("made.npz"), file("other.npz"), "--motifs", file("known.meme")],
      ...[
        "--tss",
        file("starts.bed"),
        "--tss-distance",
        "500",
        "--thresh",
        "0.5",
        "--out",
        file("words"),
        "--json",
      ],
    ]).catch((error) => error);
    // The second file has no places.
    expect(code).toBe(2);
    expect(stderr).toMatch(/other.npz: no places of the sequences/);
    expect(existsSync(file("words"))).toBe(false);
    expect(stdout).toBe("");
    const found = await runHere([
      ...["words", file("made.npz"), "--motifs", file("known.meme"), "--tss", file("starts.bed")],
      ...["--tss-distance", "500", "--thresh", "0.5", "--out", file("words"), "--json"],
    ]);
    expect(found.stderr).toMatch(/Made, proximal: .* in 150 sequences/);
    expect(found.code).toBe(0);
    const said = lastJson(found.stdout) as { runs: { subset: string; best: { word: string }[] }[] };
    expect(said.runs.map(({ subset }) => subset)).toEqual(["all", "proximal", "distal"]);
    expect(said.runs[0].best[0].word).toBe("GATTA");
    expect(read("words", "words.tsv").split("\n")[1]).toMatch(/^Made\tall\tGATTA\t/);
    expect(read("words", "spacing.tsv")).toMatch(/^Made\tGATTA\t/m);
    const page = read("words", "words.html");
    expect(page).toContain("Proximal sites (within 500 bp");
    expect(page).toContain("NNGATTANN");
    expect(read("words", "heat-map.svg")).toMatch(/^<svg/);
    const motifs = await readMotifFile(file("words/words.meme"));
    expect(motifs[0].id).toMatch(/^Made_[ACGT]{5}$/);
    expect(JSON.parse(read("words", "run.json")).inputs).toHaveLength(3);
  });

  it("compares with an earlier analysis, in its order", async () => {
    const { code } = await runHere([
      ...["words", file("other.npz"), "--sequences", "all", "--against", file("words")],
      ...["--order-from", file("words"), "--out", file("compared")],
    ]);
    expect(code).toBe(0);
    const earlier = JSON.parse(read("words", "words.json")).order.words as string[];
    const order = JSON.parse(read("compared", "words.json")).order.words as string[];
    expect(order.slice(0, earlier.length)).toEqual(earlier);
    expect(order).toContain("CCGAA");
    const page = read("compared", "words.html");
    expect(page).toContain("Other: this analysis against words");
    expect(page).toContain("order of words");
  });

  it("refuses what it cannot use, and writes nothing", async () => {
    const cases: [string[], RegExp][] = [
      [[file("planted.npz")], /planted.npz: no core motifs.*--core/s],
      [[file("absent.npz")], /absent.npz/],
      [[file("known.meme")], /known.meme/],
      [[file("made.npz"), "--k", "6", "--against", file("words")], /words of 5 letters.*6/s],
      [[file("made.npz"), "--against", file("starts.bed")], /starts.bed: no record of enriched words/],
      [[file("made.npz"), "--tss-distance", "5"], /--tss-distance without --tss/],
      [[file("made.npz"), "--assembly", "hg99", "--tss", file("starts.bed")], /hg99.*hg38/s],
      [[file("made.npz"), "--names", "a,b"], /2 names.*1 files/s],
      [[file("made.npz"), "--core", "90-20"], /START-END/],
      [[file("made.npz"), "--top", "2"], /below 1/],
      [[file("made.npz"), "--top", "0.0001"], /300 sequences.*at least/s],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runHere(["words", ...args, "--out", file("refused")]);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
      expect(existsSync(file("refused"))).toBe(false);
    }
  });

  it("looks at whole sequences or a core of one place, and at all where nothing is labelled", async () => {
    const { code, stderr } = await runHere([
      "words",
      file("planted.npz"),
      "--core",
      "none",
      "--out",
      file("none"),
    ]);
    expect(stderr).toMatch(/no labels: all of its 200 sequences/);
    expect(code).toBe(0);
    const middle = await runHere([
      "words",
      file("planted.npz"),
      "--core",
      "55-65",
      "--names",
      "AP1",
      "--out",
      file("middle"),
    ]);
    expect(middle.code).toBe(0);
    expect(middle.stderr).toMatch(/AP1: /);
  });
});

describe("seqlets", () => {
  it("writes motifs, sites, matrices, a page and the run's record", async () => {
    const { code, stdout } = await runHere([
      ...["seqlets", file("planted.npz"), "--motifs", file("known.meme"), "--threads", "1"],
      ...["--out", file("seqlets"), "--json"],
    ]);
    expect(code).toBe(0);
    const said = lastJson(stdout) as { motifs: { consensus: string; matches: { target: string }[] }[] };
    expect(said.motifs).toHaveLength(1);
    expect(["ATGACTCATC", "GATGAGTCAT"]).toContain(said.motifs[0].consensus);
    expect(said.motifs[0].matches[0].target).toBe("ATGACTCATC");
    const [motif] = await readMotifFile(file("seqlets/motifs.meme"));
    expect(motif).toMatchObject({ id: "pos_1", length: 10 });
    expect(read("seqlets", "hits.bed").split("\n")[0]).toMatch(/^chr2\t\d+\t\d+\tpos_1\t\d+\t[+-]$/);
    expect(read("seqlets", "tomtom.tsv")).toContain("pos_1\tATGACTCATC");
    const source = await openFile(file("seqlets/patterns.npz"));
    const arrays = await readNpz(source);
    await source.close();
    expect(arrays.get("pos_1/contributions")?.shape).toEqual([41, 4]);
    expect(read("seqlets", "seqlets.html")).toContain("Mean contributions (CWM)");
    expect(JSON.parse(read("seqlets", "run.json")).seed).toBe(0);

    // Again without known motifs: no table of another run stays beside the new motifs.
    const again = await runHere(["seqlets", file("planted.npz"), "--out", file("seqlets")]);
    expect(again.code).toBe(0);
    expect(existsSync(file("seqlets/tomtom.tsv"))).toBe(false);
    expect(existsSync(file("seqlets/hits.bed"))).toBe(true);
  });

  it("takes its null from attributions of sequences without motifs", async () => {
    const { code } = await runHere([
      ...[
        "seqlets",
        file("planted.npz"),
        "--null",
        file("null.npz"),
        "--max-share",
        "1",
        "--out",
        file("nulled"),
      ],
    ]);
    expect(code).toBe(0);
    expect(read("nulled", "seqlets.html")).toContain("windows of the null file");
  });

  it("refuses what it cannot use, and writes nothing", async () => {
    const cases: [string[], RegExp][] = [
      [[file("planted.npz"), "--sequences", "bound"], /planted.npz: no labels/],
      [[file("planted.npz"), "--min-seqlets", "150"], /200 sequences.*at least 300/s],
      [[file("planted.npz"), "--window", "200"], /sequences of 120 bp.*200 bp/s],
      [[file("planted.npz"), "--fdr", "0"], /false discovery rate of 0/],
      [[file("planted.npz"), "--fdr", "2"], /from 0 to 1/],
      [[file("planted.npz"), "--motifs", file("absent.meme")], /absent.meme/],
      [[file("absent.npz")], /absent.npz/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runHere(["seqlets", ...args, "--out", file("refused")]);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
      expect(existsSync(file("refused"))).toBe(false);
    }
  });
});

const simulation = findData("gold/interpretation/sequences.simdata.gz");
const encode = findData("motifs/encode_motifs.txt.gz");

describe.skipIf(simulation === null || encode === null)("seqlets of the TAL1/GATA1 model", () => {
  it("show both motifs, at the sites that were planted", { timeout: 240_000 }, async () => {
    const gold = join(simulation as string, "..");
    const test = new Set(
      gunzipSync(readFileSync(join(gold, "test.txt.gz")))
        .toString()
        .split("\n"),
    );
    const rows = gunzipSync(readFileSync(simulation as string))
      .toString()
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t"))
      .filter(([name]) => test.has(name));
    expect(rows).toHaveLength(800);
    writeFileSync(file("gold.fa"), rows.map(([name, sequence]) => `>${name}\n${sequence}\n`).join(""));
    for (const args of [
      ["import", "keras", gold, "--out", file("gold")],
      [
        "interpret",
        file("gold"),
        "--method",
        "gradient-input",
        "--fasta",
        file("gold.fa"),
        "--threads",
        "1",
        "--out",
        file("gold.npz"),
      ],
      [
        "seqlets",
        file("gold.npz"),
        "--motifs",
        encode as string,
        "--threads",
        "1",
        "--out",
        file("gold-motifs"),
      ],
    ]) {
      const { code, stderr } = await runHere(args);
      expect(stderr).not.toMatch(/defect/);
      expect(code).toBe(0);
    }
    const { motifs } = JSON.parse(read("gold-motifs", "seqlets.json")) as {
      motifs: { id: string; matches: { target: string; qValue: number }[] }[];
    };
    const best = motifs.slice(0, 2).map(({ matches }) => matches[0]);
    expect(best.map(({ target }) => target).sort()).toEqual(["GATA_disc1", "TAL1_known1"]);
    for (const { qValue } of best) expect(qValue).toBeLessThan(1e-4);
    // Sites against what the simulation planted.
    const planted = new Map(rows.map(([name, , embeddings]) => [name, embeddings]));
    const hits = read("gold-motifs", "seqlets.tsv").trimEnd().split("\n").slice(1);
    for (const [id, name] of [
      [motifs.find(({ matches }) => matches[0].target === "GATA_disc1")?.id, "GATA_disc1"],
      [motifs.find(({ matches }) => matches[0].target === "TAL1_known1")?.id, "TAL1_known1"],
    ] as const) {
      const own = hits.map((line) => line.split("\t")).filter(([motif]) => motif === id);
      // The background has the same words by chance, which the model takes for sites as it should: only sequences in
      // which some were planted tell right from wrong.
      const sitesIn = (sequence: string) =>
        [...(planted.get(sequence) ?? "").matchAll(/pos-(\d+)_(\w+)-([ACGT]+)/g)].filter(
          ([, , motif]) => motif === name,
        );
      const among = own.filter(([, sequence]) => sitesIn(sequence).length > 0);
      const right = among.filter(([, sequence, start, end]) =>
        sitesIn(sequence).some(
          ([, at, , site]) => Number(at) < Number(end) && Number(at) + site.length > Number(start),
        ),
      );
      expect(own.length).toBeGreaterThan(250);
      expect(right.length / among.length).toBeGreaterThan(0.85);
    }
  });
});
