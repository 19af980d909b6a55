import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { motifFromConsensus, writeMotifs } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { run, runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const motifs = ["TTACCCGC", "CACGTGAC", "TGACTCAT", "GGAATTCA", "ACG"].map((text) =>
  motifFromConsensus(text, { id: text, name: text, sites: 50 }),
);
writeFileSync(file("motifs.meme"), writeMotifs(motifs, "meme"));

const random = new Random("motif-scan");
const letters = (length: number) => Array.from({ length }, () => "ACGT"[random.integer(4)]).join("");
const withSite = (length: number) => {
  const half = letters(length / 2 - 4);
  return `${half}TTACCCGC${letters(length - half.length - 8)}`;
};
/** A genome whose peaks, every 1,000 bp, have the first motif at their summit. */
const genome = Array.from({ length: 200 }, () => `${letters(450)}${withSite(100)}${letters(450)}`).join("");
writeFileSync(file("genome.fa"), `>chrI\n${genome.replace(/(.{100})/g, "$1\n")}\n`);
writeFileSync(
  file("peaks.bed"),
  Array.from({ length: 200 }, (_, i) => `chrI\t${i * 1000 + 499}\t${i * 1000 + 501}\n`).join(""),
);
writeFileSync(
  file("sequences.fa"),
  Array.from(
    { length: 120 },
    (_, i) => `>chrI:${i * 500 + 1}-${i * 500 + 100}\n${i < 60 ? withSite(100) : letters(100)}\n`,
  ).join(""),
);

describe("motifs scan", () => {
  it("writes fimo.tsv and the run's record, and warns of motifs that can have no site", async () => {
    const out = file("scan");
    const { code, stdout, stderr } = await runHere([
      ...[
        "motifs",
        "scan",
        file("motifs.meme"),
        file("sequences.fa"),
        "--out",
        out,
        "--threads",
        "1",
        "--json",
      ],
    ]);
    expect(code).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ sequences: 120, bases: 12_000, files: ["fimo.tsv"] });
    expect(stderr).toContain("1 motifs cannot reach the p-value threshold, whatever the sequence: ACG");
    expect(readdirSync(out).sort()).toEqual(["fimo.tsv", "run.json", "scan.html"]);
    const page = readFileSync(join(out, "scan.html"), "utf8");
    expect(page).toContain("Sites by p-value");
    expect(page).not.toContain("NaN");
    expect(said.motifs[0].expected).toBeLessThan(said.motifs[0].sites / 10);
    const lines = readFileSync(join(out, "fimo.tsv"), "utf8").split("\n");
    const rows = lines.slice(1, 1 + said.sites).map((line) => line.split("\t"));
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(rows[0][0]).toBe("TTACCCGC");
    expect(rows.every((row) => row[2] === "chrI" && Number(row[7]) <= 1e-4)).toBe(true);
    expect(rows.some((row) => Number(row[3]) > 20_000)).toBe(true);
    expect(lines.slice(said.sites + 1).filter((line) => line.startsWith("#")).length).toBe(3);
  });

  it("takes FIMO's options", async () => {
    const out = file("options");
    const { code } = await runHere([
      ...["motifs", "scan", file("motifs.meme"), file("sequences.fa"), "--out", out, "--threads", "1"],
      ...["--thresh", "0.2", "--qv-thresh", "--bfile", "--motif--", "--norc", "--no-pgc", "--best-site"],
      ...["--motif", "TTACCCGC,CACGTGAC", "--formats", "tsv,gff,bed,narrowpeak,parquet"],
    ]);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(
      [
        "best_site.narrowPeak",
        "fimo.gff",
        "fimo.tsv",
        "run.json",
        "scan.html",
        "sites.bed",
        "sites.parquet",
      ].sort(),
    );
    const rows = readFileSync(join(out, "fimo.tsv"), "utf8")
      .split("\n")
      .slice(1)
      .filter((line) => /^[^#]/.test(line))
      .map((line) => line.split("\t"));
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(rows.every((row) => row[2].startsWith("chrI:") && row[5] === "+" && Number(row[8]) <= 0.2)).toBe(
      true,
    );
    expect(new Set(rows.map((row) => row[0] + row[2])).size).toBe(rows.length);
  });

  it("streams lines with --text, the same from threads", async () => {
    const args = ["motifs", "scan", file("motifs.meme"), file("sequences.fa"), "--text", "--threads"];
    const one = await run([...args, "1"]);
    const two = await run([...args, "2"]);
    expect(one.code).toBe(0);
    expect(two.stdout).toBe(one.stdout);
    expect(one.stdout.split("\n").length).toBeGreaterThan(61);
  });

  it("scans in shards, which merge gives what one run gives", async () => {
    const long = file("long.fa");
    const block = letters(50_000);
    const bases = Array.from({ length: 56 }, (_, i) => block.slice(i * 701) + block.slice(0, i * 701)).join(
      "",
    );
    writeFileSync(long, `>chrA\n${bases}\n>chrB\n${withSite(100)}\n`);
    for (const extra of [["--formats", "tsv,bed"], ["--best-site"]]) {
      const whole = file(`whole${extra.length}`);
      const out = file(`parts${extra.length}`);
      const args = ["motifs", "scan", file("motifs.meme"), long, "--threads", "1", ...extra];
      expect((await runHere([...args, "--out", whole])).code).toBe(0);
      for (const shard of ["2/3", "1/3", "3/3"]) {
        const { code, stderr } = await runHere([...args, "--out", out, "--shard", shard]);
        expect([code, stderr]).toEqual([0, expect.stringContaining("wrote shard")]);
      }
      const again = await runHere([...args, "--out", out, "--shard", "2/3", "--json"]);
      expect(JSON.parse(again.stdout)).toMatchObject({ shard: 2, shards: 3, skipped: true });
      const { code, stdout } = await runHere(["merge", out, "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).shards).toBe(3);
      const sitesOf = (folder: string, name: string) =>
        readFileSync(join(folder, name), "utf8")
          .split("\n")
          .filter((line) => !line.startsWith("# "))
          .join("\n");
      expect(sitesOf(out, "fimo.tsv")).toBe(sitesOf(whole, "fimo.tsv"));
      expect(sitesOf(out, "fimo.tsv").split("\n").length).toBeGreaterThan(extra.length === 1 ? 4 : 200);
      expect(existsSync(join(out, "run.json"))).toBe(true);
      if (extra.length === 2) expect(sitesOf(out, "sites.bed")).toBe(sitesOf(whole, "sites.bed"));
    }
    const { code, stderr } = await runHere(["merge", file("parts2"), "--shards", "4"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("shard 1 of 4 is missing")]);
  });

  it("refuses what it cannot do with exit code 2, and leaves nothing half written", async () => {
    const out = file("refused");
    const refuse = async (args: readonly string[], message: RegExp) => {
      const { code, stderr } = await runHere(["motifs", "scan", ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    };
    const [m, s] = [file("motifs.meme"), file("sequences.fa")];
    await refuse([m, s], /--out FOLDER, or --text/);
    await refuse([m, s, "--out", out, "--text"], /both --out and --text/);
    await refuse([m, s, "--out", out, "--thresh", "0"], /above 0/);
    await refuse([m, s, "--out", out, "--formats", "tsv,xls"], /narrowpeak/);
    await refuse([m, s, "--out", out, "--motif", "none"], /no motif "none"/);
    await refuse([m, s, "--out", out, "--markov-order", "1"], /order 1 asked of a model of order 0/);
    await refuse([m, m, "--out", out], /motifs\.meme.*FASTA/);
    await refuse([s, m, "--out", out], /sequences\.fa/);
    expect(existsSync(join(out, "fimo.tsv"))).toBe(false);
  });
});

describe("motifs enrich", () => {
  it("tests sequences against shuffled and given controls", async () => {
    const out = file("enriched");
    const args = ["motifs", "enrich", file("motifs.meme"), file("sequences.fa"), "--out", out, "--json"];
    const { code, stdout } = await runHere(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).best[0]).toMatchObject({ id: "TTACCCGC", total: 108, controlTotal: 108 });
    expect(readdirSync(out).sort()).toEqual([
      "enrich.html",
      "enrichment.tsv",
      "run.json",
      "site_positions.tsv",
    ]);
    const [header, first] = readFileSync(join(out, "enrichment.tsv"), "utf8")
      .split("\n")
      .map((line) => line.split("\t"));
    expect(first.length).toBe(header.length);
    expect(first[header.indexOf("motif_id")]).toBe("TTACCCGC");
    expect(Number(first[header.indexOf("central_p_value")])).toBeLessThan(1e-20);
    expect(first[header.indexOf("flank_z_score")]).toBe("");
    const page = readFileSync(join(out, "enrich.html"), "utf8");
    expect(page).toContain("Positions of best sites");
    expect(page).not.toContain("NaN");
    const again = await runHere([...args, "--control", file("sequences.fa")]);
    expect(JSON.parse(again.stdout).enriched).toBe(0);
  });

  it("tests peaks against flanks and random sequences of their genome", async () => {
    const out = file("peaks");
    const { code, stdout } = await runHere([
      ...["motifs", "enrich", file("motifs.meme"), file("peaks.bed"), "--genome", file("genome.fa")],
      ...["--out", out, "--random", "3", "--range", "200", "--json"],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).best[0]).toMatchObject({ id: "TTACCCGC", controlTotal: 540 });
    const [header, first] = readFileSync(join(out, "enrichment.tsv"), "utf8")
      .split("\n")
      .map((line) => line.split("\t"));
    const cell = (name: string) => first[header.indexOf(name)];
    expect([cell("poor_centrality"), cell("poor_enrichment")]).toEqual(["no", "no"]);
    expect(Number(cell("flank_z_score"))).toBeGreaterThan(15);
    expect(Math.abs(Number(cell("central_offset")))).toBeLessThan(3);
    expect(readFileSync(join(out, "enrich.html"), "utf8")).toContain("All sites around summits");
    const { code: refused, stderr } = await runHere([
      ...["motifs", "enrich", file("motifs.meme"), file("peaks.bed"), "--out", file("none")],
    ]);
    expect([refused, existsSync(file("none"))]).toEqual([2, false]);
    expect(stderr).toContain("--genome");
  });
});
