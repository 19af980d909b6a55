import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readVcf, variantKind, withSource, writeFileAtomically } from "@bindscape/genome";
import {
  type AttributionScore,
  type FactorSingletons,
  type FactorSnps,
  groupName,
  poolFactors,
  renderSingletonPage,
  SINGLETON_SHARES,
  testSingletons,
} from "@bindscape/interpret";
import { makeRunRecord } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { formatTable, printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseWholeNumber } from "../shared-options.js";
import {
  attributionScoreOption,
  Mismatches,
  openAttributions,
  requireKnownChromosomes,
  scoreVariant,
} from "./shared.js";

export function addVariantsSingletonsCommand(parent: Command): void {
  parent
    .command("singletons")
    .description("are SNPs rarer where a model says that they matter? singleton rates from allele counts")
    .requiredOption("--vcf <file>", "VCF file with allele counts, plain, gzip or bgzip")
    .requiredOption("--attributions <files...>", "attribution files (.npz of `interpret`), one a factor")
    .requiredOption("--out <folder>", "folder to write")
    .addOption(attributionScoreOption())
    .addOption(
      new Option("--sequences <which>", "look at bound sequences alone, where the files have labels")
        .choices(["bound", "all"])
        .default("bound"),
    )
    .option("--ac-field <name>", "INFO field of the alternative allele's count", "AC")
    .option("--an-field <name>", "INFO field of the number of alleles looked at", "AN")
    .option(
      "--least-an <number>",
      "leave out SNPs of which fewer alleles were looked at",
      parseWholeNumber,
      1000,
    )
    .option("--pass-only", "leave out variants that fail a filter")
    .addOption(
      new Option("--top <percents>", "groups of the highest scores, in % of the context's SNPs")
        .argParser(parsePercents)
        .default([...SINGLETON_SHARES], "5,0.5"),
    )
    .option("--skip-mismatch", "leave out variants whose reference allele is not the sequence's")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
A SNP is a singleton where its alternative allele was counted once. Rates are those of all SNPs in windows outside the
core motif, of those with the highest |score|, and of those in core motifs; each is compared with the other context
SNPs by a one-sided two-proportion z test. Writes singletons.tsv, singletons.json, singletons.html and run.json.

Examples:
  bindscape variants singletons --vcf gnomad.vcf.gz --attributions ctcf.npz yy1.npz --out singletons
  bindscape variants singletons --vcf gnomad.vcf.bgz --ac-field controls_AC --an-field controls_AN \\
    --attributions ctcf.npz --out singletons`,
    )
    .action(async (given: SingletonFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const opened = await openAttributions(given.attributions, given.score, given.sequences);
      const found = opened.map(() => ({
        scores: [] as number[],
        singletons: [] as number[],
        cores: [] as number[],
        keys: [] as string[],
      }));
      const counts = {
        "alternative alleles in the file": 0,
        "insertions, deletions and other non-SNPs, left out": 0,
        "without letters (such as <DEL>), left out": 0,
        "failing a filter, left out": 0,
        "without allele counts, left out": 0,
        "never seen (count 0), left out": 0,
        "with too few alleles looked at, left out": 0,
        "reference allele differs from the sequence, left out": 0,
        "outside all windows": 0,
        "SNPs in windows": 0,
      };
      const mismatches = new Mismatches();
      let snpCount = 0;
      let unknown = 0;
      await withInterrupt("Nothing was written", (signal) =>
        withSource(given.vcf, async (source) => {
          const onOffset = (done: number, total: number) =>
            bar.listener({ task: "reading variants", done, total, unit: "bytes" });
          for await (const variant of readVcf(source, { onOffset })) {
            signal.throwIfAborted();
            counts["alternative alleles in the file"]++;
            const kind = variantKind(variant);
            if (kind === "other") counts["without letters (such as <DEL>), left out"]++;
            else if (kind !== "snp") counts["insertions, deletions and other non-SNPs, left out"]++;
            if (kind !== "snp") continue;
            snpCount++;
            const results = opened.map((factor) => scoreVariant(factor, variant));
            const differing = results.find(({ status }) => status === "reference-differs");
            if (differing !== undefined) {
              counts["reference allele differs from the sequence, left out"]++;
              mismatches.add(variant, "found" in differing ? differing.found : undefined);
              continue;
            }
            if (!results.some(({ status }) => status === "scored")) {
              if (results.every(({ status }) => status === "no-chromosome")) unknown++;
              counts["outside all windows"]++;
              continue;
            }
            if (given.passOnly && variant.filter !== "PASS" && variant.filter !== ".") {
              counts["failing a filter, left out"]++;
              continue;
            }
            const alternate = readCount(variant.info(given.acField));
            const alleles = readCount(variant.info(given.anField));
            if (alternate === undefined || alleles === undefined) {
              counts["without allele counts, left out"]++;
              continue;
            }
            if (alleles < given.leastAn) {
              counts["with too few alleles looked at, left out"]++;
              continue;
            }
            if (alternate === 0) {
              counts["never seen (count 0), left out"]++;
              continue;
            }
            counts["SNPs in windows"]++;
            results.forEach((result, f) => {
              if (result.status !== "scored") return;
              found[f].scores.push(Math.abs(result.value));
              found[f].singletons.push(alternate === 1 ? 1 : 0);
              found[f].cores.push(result.isCore ? 1 : 0);
              found[f].keys.push(
                `${variant.chromosome}:${variant.position}:${variant.reference}:${variant.alternate}`,
              );
            });
          }
        }),
      );
      bar.clear();
      requireKnownChromosomes(
        given.vcf,
        counts["alternative alleles in the file"],
        snpCount,
        unknown,
        opened[0].matcher.unmatched,
        opened[0].positions.chromosomes,
      );
      mismatches.settle(given.vcf, given.skipMismatch ?? false, (line) => bar.say(line));
      if (counts["SNPs in windows"] === 0)
        throw new BindscapeError({
          source: given.vcf,
          found: `no SNP with counts in the windows of the attributions (${counts["without allele counts, left out"]} without ${given.acField} and ${given.anField}, ${counts["with too few alleles looked at, left out"]} with an ${given.anField} below ${given.leastAn})`,
          expected: "at least one",
          next: "See --ac-field, --an-field and --least-an",
        });
      const snps: FactorSnps[] = found.map((one, f) => ({ factor: opened[f].name, ...one }));
      const all =
        snps.length === 1
          ? snps
          : [
              ...snps,
              poolFactors(
                snps,
                found.map(({ keys }) => keys),
                "all factors",
              ),
            ];
      const factors = all.map((one) => testSingletons(one, given.top));
      await mkdir(given.out, { recursive: true });
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, [given.vcf, ...given.attributions], seconds);
      const write = (name: string, text: string) => writeFileAtomically(join(given.out, name), text);
      await write("singletons.tsv", formatSingletons(factors));
      await write("singletons.json", `${JSON.stringify({ counts, factors }, null, 2)}\n`);
      await write(
        "singletons.html",
        renderSingletonPage({
          factors,
          vcfName: basename(given.vcf),
          leastAlleles: given.leastAn,
          counts: Object.entries(counts),
          command: commandText(),
        }),
      );
      await write("run.json", `${JSON.stringify(record, null, 2)}\n`);
      bar.say(
        `wrote singletons.tsv, singletons.json, singletons.html to ${given.out}: ${counts["SNPs in windows"]} SNPs, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, counts, factors, seconds });
      else process.stdout.write(`${formatTable(tableOf(factors))}\n`);
    });
}

interface SingletonFlags {
  readonly vcf: string;
  readonly attributions: string[];
  readonly out: string;
  readonly score: AttributionScore;
  readonly sequences: "bound" | "all";
  readonly acField: string;
  readonly anField: string;
  readonly leastAn: number;
  readonly passOnly?: boolean;
  readonly top: number[];
  readonly skipMismatch?: boolean;
  readonly json?: boolean;
}

/** A count of alleles; undefined where there is none or it is no whole number. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Number(text);
}

function tableOf(factors: readonly FactorSingletons[]): string[][] {
  const rows = factors.flatMap(({ factor, groups }) =>
    groups.map((one) => [
      `${factor}  ${groupName(one)}`,
      `${one.snps}`,
      `${one.singletons}`,
      Number.isNaN(one.rate) ? "n/a" : `${(100 * one.rate).toFixed(2)} %`,
      one.zScore === null ? "" : one.zScore.toFixed(2),
      one.pValue === null ? "" : one.pValue.toPrecision(3),
    ]),
  );
  return [["factor, group", "SNPs", "singletons", "rate", "z", "p"], ...rows];
}

function formatSingletons(factors: readonly FactorSingletons[]): string {
  const header = "factor\tgroup\tsnps\tsingletons\trate\tstandard_error\tleast_score\tz\tp_value";
  const number = (value: number | null | undefined) =>
    value === null || value === undefined || Number.isNaN(value) ? "NA" : `${value}`;
  const lines = factors.flatMap(({ factor, groups }) =>
    groups.map((one) =>
      [
        factor,
        groupName(one),
        one.snps,
        one.singletons,
        number(one.rate),
        number(one.standardError),
        number(one.leastScore),
        number(one.zScore),
        number(one.pValue),
      ].join("\t"),
    ),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

function parsePercents(text: string): number[] {
  const values = text.split(",").map(Number);
  if (text.trim() === "" || !values.every((value) => value > 0 && value < 100))
    throw new InvalidArgumentError("Expected percents between 0 and 100, separated by commas.");
  return values.map((value) => value / 100);
}
