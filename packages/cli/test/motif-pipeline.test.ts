import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSequence, encodeSequence, reverseComplementCodes } from "@bindscape/genome";
import { motifFromConsensus, writeMotifs } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const WORD = "TTACCCGGAT";
const PEAKS = 160;

/** Three chromosomes of random sequence with the word near four of five summits. */
function writeInputs(): void {
  const random = new Random("pipeline CLI");
  const chromosomes = ["chrI", "chrII", "chrIII"].map((name) => ({
    name,
    codes: Uint8Array.from({ length: 60_000 }, () => random.integer(4)),
  }));
  const peaks: string[] = [];
  const forward = encodeSequence(WORD);
  for (let i = 0; i < PEAKS; i++) {
    const { name, codes } = chromosomes[i % 3];
    const summit = 500 + Math.floor(i / 3) * 1050 + random.integer(200);
    if (i % 5 < 4) {
      codes.set(i % 2 === 0 ? forward : reverseComplementCodes(forward), summit - 5 + random.integer(15));
    }
    // The strongest last, so that the order matters; names as another source has them.
    peaks.push(
      [name.replace("chr", ""), summit - 120, summit + 120, `p${i}`, 500, ".", i, i / 10, i / 10, 120].join(
        "\t",
      ),
    );
  }
  writeFileSync(file("peaks.narrowPeak"), `${peaks.join("\r\n")}\r\n`);
  writeFileSync(
    file("genome.fa"),
    chromosomes.map(({ name, codes }) => `>${name}\n${decodeSequence(codes)}\n`).join(""),
  );
  const database = [WORD, "CACGTGAC", "TGACTCA", "GATAAGA", "RTCAYTNNNNACG"].map((text, i) =>
    motifFromConsensus(text, { id: `D${i}`, name: i === 0 ? "REB1" : `other ${i}` }),
  );
  writeFileSync(file("database.meme"), writeMotifs(database, "meme", { replaceSpaces: true }));
}

const common = () => [
  ...["motifs", "pipeline", file("peaks.narrowPeak"), "--genome", file("genome.fa")],
  ...["--motifs", file("database.meme"), "--min-peaks", "100", "--top", "80", "--random", "10"],
  ...["--method", "streme", "--nmotifs", "1", "--minw", "8", "--maxw", "12", "--evalue"],
];

describe("motifs pipeline", () => {
  const out = file("out");
  let said: Record<string, unknown> & { motifs: Record<string, unknown>[] };
  beforeAll(async () => {
    writeInputs();
    const { code, stdout } = await runHere([...common(), "--out", out, "--json"]);
    expect(code).toBe(0);
    said = JSON.parse(stdout);
  });

  it("finds the planted motif, tests it and names it", () => {
    expect(said).toMatchObject({ out, peaks: PEAKS, topPeaks: 80, testedPeaks: 80 });
    const [first] = said.motifs;
    expect(first).toMatchObject({
      hasPoorCentrality: false,
      hasPoorEnrichment: false,
      best: { name: "REB1" },
    });
    expect(first.ratio).toBeGreaterThan(0.7);
    expect(
      `${first.name} ${decodeSequence(reverseComplementCodes(encodeSequence(`${first.name}`)))}`,
    ).toMatch(/TTACCCGG|CCGGGTAA/);
  });

  it("writes Factorbook's files, the motifs, their matches, a page and the record", () => {
    expect(readdirSync(out).sort()).toEqual([
      "discovery.json",
      "motifs.json",
      "motifs.meme",
      "occurrences.tsv",
      "pipeline.html",
      "run.json",
      "tomtom.tsv",
    ]);
    const { motifs } = JSON.parse(readFileSync(join(out, "motifs.json"), "utf8"));
    expect(motifs[0]).toMatchObject({ name: said.motifs[0].name, original_peaks: PEAKS });
    const lines = readFileSync(join(out, "occurrences.tsv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("#motif_id\tchromosome\tstart\tend\tstrand\tq_value");
    expect(lines).toHaveLength(Number(said.occurrences) + 1);
    // 0-based and half-open: the letters there are a site.
    const [, chromosome, start, end, strand] = lines[1].split("\t");
    const sequence = readFileSync(file("genome.fa"), "utf8").split(`>${chromosome}\n`)[1].split("\n")[0];
    const letters = sequence.slice(Number(start), Number(end));
    const site = strand === "+" ? letters : decodeSequence(reverseComplementCodes(encodeSequence(letters)));
    expect(site).toHaveLength((said.motifs[0].name as string).length);
    expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8")).inputs).toHaveLength(3);
    const page = readFileSync(join(out, "pipeline.html"), "utf8");
    expect(page).toContain("160 peaks");
    expect(page).toContain("Peaks are ordered by q-value");
  });

  it("goes on from the motifs it found, and gives the same", async () => {
    const before = readFileSync(join(out, "motifs.json"), "utf8");
    rmSync(join(out, "motifs.json"));
    const { code, stderr } = await runHere([...common(), "--out", out, "--resume"]);
    expect(code).toBe(0);
    expect(stderr).toContain("used again");
    expect(readFileSync(join(out, "motifs.json"), "utf8")).toBe(before);
    // Other choices are another discovery.
    const other = await runHere([...common(), "--maxw", "11", "--out", out, "--resume"]);
    expect(other.stderr).not.toContain("used again");
  });

  it("tests given motifs", async () => {
    const args = [...common(), "--discovered", file("database.meme"), "--out", file("given"), "--json"];
    const { code, stdout } = await runHere(args);
    expect(code).toBe(0);
    const { motifs } = JSON.parse(stdout);
    expect(motifs).toHaveLength(5);
    expect(motifs[0]).toMatchObject({ name: "REB1", hasPoorCentrality: false });
    expect(existsSync(join(file("given"), "discovery.json"))).toBe(false);
  });

  it("leaves out regions and chromosomes, and says how many peaks that leaves", async () => {
    writeFileSync(file("blacklist.bed"), "chrI\t0\t60000\n");
    const run = (...more: string[]) => runHere([...common(), ...more, "--out", file("none")]);
    for (const more of [
      ["--exclude", file("blacklist.bed"), "--min-peaks", "150"],
      ["--exclude-chromosomes", "chrI", "--min-peaks", "150"],
      ["--chromosomes", "II,III", "--min-peaks", "150"],
    ]) {
      const { code, stderr } = await run(...more);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /peaks\.narrowPeak: 106 peaks of 160 \(54 (in excluded regions|on chromosomes left out)\)/,
      );
    }
    const { code, stderr } = await run("--min-peaks", "1000");
    expect(code).toBe(2);
    expect(stderr).toContain("160 peaks; expected at least 1000");
    expect(existsSync(file("none"))).toBe(false);
  });

  it("refuses what it cannot read, before anything is written", async () => {
    writeFileSync(file("bad.bed"), "chrI\t10\n");
    writeFileSync(file("empty.bed"), "");
    const refuse = async (args: string[], ...parts: string[]) => {
      const { code, stderr } = await runHere([...args, "--out", file("none")]);
      expect(code).toBe(2);
      for (const part of parts) expect(stderr).toContain(part);
      expect(existsSync(file("none"))).toBe(false);
    };
    const withPeaks = (name: string) =>
      common().map((word) => (word.endsWith("narrowPeak") ? file(name) : word));
    await refuse(withPeaks("bad.bed"), "bad.bed, line 1");
    await refuse(withPeaks("empty.bed"), "no peaks");
    await refuse(withPeaks("database.meme"), "database.meme, line 1");
    await refuse(withPeaks("absent.bed"), "absent.bed");
    await refuse(
      common().map((word) => word.replace("database.meme", "genome.fa")),
      "genome.fa",
      "FASTA",
    );
    await refuse(
      common().map((word) => word.replace("genome.fa", "database.meme")),
      "database.meme",
    );
    await refuse([...common(), "--top", "160"], "--top");
    await refuse([...common(), "--minw", "13"], "widths from 13 to 12");
    await refuse([...common(), "--site-thresh", "2"], "above 0");
  });
});
