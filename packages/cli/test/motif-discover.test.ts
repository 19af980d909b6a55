import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeSequence } from "@bindscape/genome";
import { readMotifs } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();

beforeAll(async () => {
  const random = new Random("command line");
  const site = [2, 0, 3, 3, 0, 1, 0, 2, 0, 3];
  const text = Array.from({ length: 120 }, (_, i) => {
    const codes = Uint8Array.from({ length: 60 }, () => random.integer(4));
    if (random.integer(2) === 0) codes.set(site, random.integer(50));
    return `>peak${i}\n${decodeSequence(codes)}\n`;
  }).join("");
  await writeFile(join(folder, "peaks.fa"), text);
});

describe("bindscape motifs discover", () => {
  it("writes motifs, sites, sequences, a page and a record", async () => {
    const out = join(folder, "found");
    const args = ["--nmotifs", "1", "--maxw", "11", "--out", out, "--json"];
    const { code, stdout } = await runHere(["motifs", "discover", join(folder, "peaks.fa"), ...args]);
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(json.motifs[0].consensus).toMatch(/GATTACAG|ATCTGTAA|TCTGTAATC/);
    const [motif] = readMotifs(await readFile(join(out, "motifs.meme"), "utf8"), "motifs.meme");
    expect(motif.id).toBe(json.motifs[0].id);
    const sites = (await readFile(join(out, "sites.tsv"), "utf8")).trim().split("\n");
    expect(sites.length).toBe(json.motifs[0].sites + 1);
    expect(sites[0]).toMatch(/^motif_ID\tseq_ID\tsite_Start/);
    expect(await readFile(join(out, "sequences.tsv"), "utf8")).toContain("\ttp\t");
    const page = await readFile(join(out, "discover.html"), "utf8");
    expect(page).toContain("Positions of the sites");
    expect(page).not.toMatch(/NaN|undefined/);
    expect(JSON.parse(await readFile(join(out, "run.json"), "utf8")).seed).toBe(0);
  });

  it("takes peaks with their genome", async () => {
    const random = new Random("genome");
    const genome = Uint8Array.from({ length: 40_000 }, () => random.integer(4));
    const peaks: string[] = [];
    for (let summit = 300; summit < 39_000; summit += 500) {
      genome.set([2, 0, 3, 3, 0, 1, 0, 2, 0, 3], summit - 5 + random.integer(20));
      peaks.push(`chr1\t${summit}\t${summit + 1}`);
    }
    await writeFile(join(folder, "genome.fa"), `>chr1\n${decodeSequence(genome)}\n`);
    await writeFile(join(folder, "summits.bed"), `${peaks.join("\n")}\n`);
    const args = ["--genome", join(folder, "genome.fa"), "--width", "60", "--nmotifs", "1", "--maxw", "10"];
    const out = join(folder, "from-peaks");
    const file = join(folder, "summits.bed");
    const { code, stdout } = await runHere(["motifs", "discover", file, ...args, "--out", out, "--json"]);
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(json.sequences).toBe(peaks.length);
    expect(json.motifs[0].sites).toBeGreaterThan(peaks.length * 0.9);
    expect(await readFile(join(out, "sites.tsv"), "utf8")).toContain("chr1:270-330\t");
  });

  it("fits by expectation maximisation too", async () => {
    const out = join(folder, "em");
    const args = ["--method", "meme", "--maxw", "12", "--out", out, "--json"];
    const { code, stdout } = await runHere(["motifs", "discover", join(folder, "peaks.fa"), ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).motifs[0].log10E).toBeLessThan(-30);
    expect(existsSync(join(out, "sequences.tsv"))).toBe(false);
  });

  it("refuses bad input with code 2 and leaves nothing", async () => {
    const motifFile = join(folder, "motifs.meme");
    await writeFile(motifFile, "MEME version 4\n");
    await writeFile(join(folder, "peaks.bed"), "chr1\t1\t2\n");
    const out = join(folder, "nothing");
    for (const [file, message, ...more] of [
      [motifFile, /line 1: "MEME version 4".*file of motifs/s],
      [join(folder, "absent.fa"), /absent.fa/],
      [join(folder, "peaks.bed"), /peaks without a genome/],
      [join(folder, "peaks.fa"), /maximum width: 90/, "--maxw", "90"],
      [join(folder, "peaks.fa"), /alphabet/, "--method", "meme", "--alph", "methylated"],
    ] as const) {
      const { code, stderr } = await runHere(["motifs", "discover", file, "--out", out, ...more]);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(existsSync(out)).toBe(false);
    }
  });
});

describe("bindscape motifs shuffle", () => {
  it("keeps words, and gives the same for the same seed", async () => {
    const counts = (text: string) => {
      const words = new Map<string, number>();
      for (const sequence of text.split(/>.*\n/).slice(1)) {
        const letters = sequence.replace(/\s/g, "");
        for (let i = 0; i + 3 <= letters.length; i++) {
          const word = letters.slice(i, i + 3);
          words.set(word, (words.get(word) ?? 0) + 1);
        }
      }
      return [...words].sort();
    };
    const files = ["a.fa", "b.fa"].map((name) => join(folder, name));
    for (const out of files) {
      const args = ["--kmer", "3", "--seed", "4", "--out", out];
      const { code } = await runHere(["motifs", "shuffle", join(folder, "peaks.fa"), ...args]);
      expect(code).toBe(0);
    }
    const [a, b] = await Promise.all(files.map((file) => readFile(file, "utf8")));
    expect(a).toBe(b);
    expect(a).toContain(">peak0_shuf1\n");
    expect(counts(a)).toEqual(counts(await readFile(join(folder, "peaks.fa"), "utf8")));
  });
});
