import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { motifFromConsensus, readMotifs, writeMotifs } from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const CONSENSUS = [
  "TTACCCGG",
  "CCGGGTAAT",
  "RTCAYTNNNNACG",
  "TGACTCA",
  "CACGTG",
  "CACGTGAC",
  "CCCCTTAA",
  "GATAAG",
];
const motifs = CONSENSUS.map((text, i) =>
  motifFromConsensus(text, { id: `m${i}`, name: `name ${i}`, sites: 30 }),
);
writeFileSync(file("set.meme"), writeMotifs(motifs, "meme", { replaceSpaces: true }));
const HEADER =
  "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQuery_consensus\tTarget_consensus\tOrientation";

describe("motifs compare", () => {
  it("writes tomtom.tsv, a page and the run's record", async () => {
    const out = file("compared");
    const { code, stdout } = await runHere([
      ...["motifs", "compare", file("set.meme"), file("set.meme"), "--dist", "pearson", "--min-overlap", "5"],
      ...[
        "--evalue",
        "--thresh",
        "0.5",
        "--motif-pseudo",
        "0.2",
        "--bfile",
        "--uniform--",
        "--out",
        out,
        "--json",
      ],
    ]);
    expect(code).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ queries: 8, targets: 8 });
    expect(said.best[0]).toMatchObject({ query: "m0", target: "m0" });
    const lines = readFileSync(join(out, "tomtom.tsv"), "utf8").split("\n");
    expect(lines[0]).toBe(HEADER);
    expect(lines).toHaveLength(said.matches + 6);
    const other = lines.find((line) => line.startsWith("m0\tm1\t"))!.split("\t");
    // TTACCCGG on ATTACCCGG, which is m1's reverse complement.
    expect([other[2], other[6], other[9]]).toEqual(["1", "8", "-"]);
    expect(lines.at(-2)).toMatch(/^# bindscape/);
    expect(readFileSync(join(out, "compare.html"), "utf8")).toContain("E-value at most 0.5");
    expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8")).inputs).toHaveLength(2);
  });

  it("takes a consensus or expression for the queries", async () => {
    const out = file("consensus");
    const text = "C[A][C]GTG";
    expect(
      (await runHere(["motifs", "compare", text, file("set.meme"), "--thresh", "1", "--norc", "--out", out]))
        .code,
    ).toBe(0);
    const [, first] = readFileSync(join(out, "tomtom.tsv"), "utf8").split("\n");
    expect(first.split("\t").slice(0, 2)).toEqual([text, "m4"]);
  });

  it("has the same answers from threads", async () => {
    const many = Array.from({ length: 90 }, (_, i) => ({ ...motifs[i % 8], id: `q${i}`, name: `q${i}` }));
    writeFileSync(file("many.meme"), writeMotifs(many, "meme"));
    const read = async (threads: number) => {
      const out = file(`threads${threads}`);
      const args = [
        "motifs",
        "compare",
        file("many.meme"),
        file("set.meme"),
        "--threads",
        `${threads}`,
        "--out",
        out,
      ];
      expect((await runHere(args)).code).toBe(0);
      return readFileSync(join(out, "tomtom.tsv"), "utf8").split("\n# ")[0];
    };
    expect(await read(2)).toBe(await read(1));
  });

  it.each([
    [["absent.meme", "set.meme"], /absent.meme.*no such file/],
    [["set.meme", "set.meme", "--thresh", "2"], /threshold of 2 on the q-value.*--evalue/],
    [["set.meme", "set.meme", "--dist", "cosine"], /Allowed choices are allr, ed/],
    [["set.meme", "bad.meme"], /bad.meme/],
  ])("says what is wrong with %j, and writes nothing", async ([queries, targets, ...options], message) => {
    writeFileSync(file("bad.meme"), ">chr1\nACGTTTGACA\n");
    const out = file("refused");
    const args = ["motifs", "compare", file(queries), file(targets), ...options, "--out", out];
    const { code, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });
});

describe("motifs cluster", () => {
  it("writes families, root motifs, the tree and what else is asked for", async () => {
    const out = file("families");
    const { code, stdout } = await runHere([
      ...["motifs", "cluster", file("set.meme"), "--similarity", "2", "--non-redundant", "0.01"],
      ...["--kmers", "6", "--out", out, "--json"],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ motifs: 8 });
    const rows = readFileSync(join(out, "clusters.tsv"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows).toHaveLength(9);
    const family = new Map(rows.slice(1).map(([number, id]) => [id, number]));
    expect(family.get("m0")).toBe(family.get("m1"));
    expect(family.get("m4")).toBe(family.get("m5"));
    expect(family.get("m0")).not.toBe(family.get("m7"));
    const roots = readMotifs(readFileSync(join(out, "roots.meme"), "utf8"), "roots.meme");
    expect(roots).toHaveLength(new Set(family.values()).size);
    const tree = readFileSync(join(out, "tree.nwk"), "utf8");
    for (let i = 0; i < 8; i++) expect(tree).toContain(`m${i}`);
    const kept = readMotifs(readFileSync(join(out, "nonredundant.meme"), "utf8"), "nonredundant.meme");
    expect(kept.map(({ id }) => id)).not.toContain("m1");
    expect(readFileSync(join(out, "kmers.tsv"), "utf8")).toMatch(/CACGTG/);
    expect(readFileSync(join(out, "cluster.html"), "utf8")).toContain("Family 1");
  });

  it("refuses odd wishes", async () => {
    const run = (...options: string[]) =>
      runHere(["motifs", "cluster", file("set.meme"), "--out", file("none"), ...options]);
    expect((await run("--similarity", "11")).stderr).toMatch(/from 0 to 10/);
    expect((await run("--kmers", "13")).code).toBe(2);
    expect((await run("--non-redundant", "0")).code).toBe(2);
    expect(existsSync(file("none"))).toBe(false);
  });
});
