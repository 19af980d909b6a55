import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readVariantTable, type TableVariant, withSource, writeFileAtomically } from "@bindscape/genome";
import {
  type AssayedVariant,
  type AttributionScore,
  adjustPValues,
  renderMpraPage,
  testAssay,
} from "@bindscape/interpret";
import { makeRunRecord } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText } from "../shared-options.js";
import { readScoreTable, variantKey } from "./score-table.js";
import { attributionScoreOption, Mismatches, openAttributions, scoreVariant } from "./shared.js";

/** Columns of false discovery rates and of p-values that are looked for: Tewhey 2016, and saturation mutagenesis. */
const USUAL_FDR = ["C.Skew.fdr", "fdr", "FDR", "padj", "qvalue"];
const USUAL_P = ["pValue", "p_value", "p", "pvalue", "P"];

export function addVariantsMpraCommand(parent: Command): void {
  parent
    .command("mpra")
    .description("do variants that change a reporter's expression score higher?")
    .argument(
      "<table>",
      "table of the assay: a variant a row, with places, alleles and an FDR or p-value column",
    )
    .requiredOption("--out <folder>", "folder to write")
    .option("--attributions <files...>", "attribution files (.npz of `interpret`), one a factor")
    .option("--scores <files...>", "tables that `variants score` wrote, in place of --attributions")
    .addOption(attributionScoreOption())
    .option(
      "--fdr-column <name>",
      `column of false discovery rates (default: the first of ${USUAL_FDR.join(", ")})`,
    )
    .option(
      "--p-column <name>",
      `column of p-values, adjusted by Benjamini and Hochberg, where there are no rates (default: the first of ${USUAL_P.join(", ")})`,
    )
    .option("--fdr <rate>", "variants below this differ", parseRate, 0.05)
    .option("--chromosome-column <name>", "(default: chromosome, chrom or chr)")
    .option("--position-column <name>", "1-based (default: position or pos)")
    .option("--reference-column <name>", "(default: reference or ref)")
    .option("--alternate-column <name>", "(default: alternate or alt)")
    .option("--id-column <name>", "(default: id, snp or rsid)")
    .option("--skip-mismatch", "leave out variants whose reference allele is not the sequence's")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
|score| of SNPs with a difference between the alleles is held against that of the others by a two-sided Mann-Whitney
test; the score of a SNP is that of the factor where it is furthest from 0. Rows without a rate (NA) are left out, as
the paper leaves out SNPs of which no allele drove expression. Writes mpra.tsv, mpra.json, mpra.html and run.json.

Examples:
  bindscape variants mpra tewhey.tsv --attributions ctcf.npz yy1.npz --out mpra
  bindscape variants mpra saturation_mpra_GRCh38.tsv.gz --scores effects.tsv --out mpra`,
    )
    .action(async (tableFile: string, given: MpraFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      if ((given.attributions === undefined) === (given.scores === undefined))
        throw new BindscapeError({
          found: given.scores === undefined ? "nothing to score by" : "--attributions and --scores together",
          expected: "one of --attributions FILE... and --scores FILE...",
        });
      let unplaced = 0;
      const rows = await readRows(tableFile, given, () => {
        unplaced++;
      });
      const rates = readRates(rows, tableFile, given);
      const scorer = await openScorer(given);
      const counts: Record<string, number> = { "rows of the table": rows.length + unplaced };
      if (unplaced > 0) counts["without a place (NA), left out"] = unplaced;
      const count = (what: string) => {
        counts[what] = (counts[what] ?? 0) + 1;
      };
      const mismatches = new Mismatches();
      const variants: AssayedVariant[] = [];
      await withInterrupt("Nothing was written", async (signal) => {
        for (const [i, row] of rows.entries()) {
          signal.throwIfAborted();
          const scored = scorer.score(row);
          if ("status" in scored) {
            count(STATUS_TEXTS[scored.status] ?? scored.status);
            if (scored.status === "reference-differs") mismatches.add(row, scored.found);
            continue;
          }
          if (Number.isNaN(rates.values[i])) {
            count("scored, but without a rate (NA), left out");
            continue;
          }
          count("compared");
          const { chromosome, position, id, reference, alternate } = row;
          variants.push({ chromosome, position, id, reference, alternate, fdr: rates.values[i], ...scored });
        }
      });
      mismatches.settle(tableFile, given.skipMismatch ?? false, (line) => bar.say(line));
      if (variants.length === 0)
        throw new BindscapeError({
          source: tableFile,
          found: `no variant with both a score and a rate (${Object.entries(counts)
            .map(([what, number]) => `${what}: ${number}`)
            .join("; ")})`,
          expected: "some that lie in the scored sequences",
          next: "Check that both are of the same assembly",
        });
      const test = testAssay(variants, given.fdr);
      await mkdir(given.out, { recursive: true });
      const seconds = (performance.now() - started) / 1000;
      const inputs = [tableFile, ...(given.attributions ?? []), ...(given.scores ?? [])];
      const record = await makeRunRecord(commandText(), null, inputs, seconds);
      const write = (name: string, text: string) => writeFileAtomically(join(given.out, name), text);
      const facts = { fdrFrom: rates.from, threshold: given.fdr, counts, test };
      await write("mpra.tsv", formatVariants(variants, given.fdr));
      await write("mpra.json", `${JSON.stringify(facts, null, 2)}\n`);
      await write(
        "mpra.html",
        renderMpraPage({
          variants,
          test,
          threshold: given.fdr,
          tableName: basename(tableFile),
          scoresName: scorer.name,
          counts: Object.entries(counts),
          command: commandText(),
        }),
      );
      await write("run.json", `${JSON.stringify(record, null, 2)}\n`);
      bar.say(
        `wrote mpra.tsv, mpra.json, mpra.html to ${given.out}: ${test.significant} variants with a difference (${rates.from}, FDR < ${given.fdr}) against ${test.insignificant}; auROC of |score| ${test.auroc.toFixed(3)}, Mann-Whitney p ${test.pValue.toPrecision(3)}; ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, ...facts, seconds });
    });
}

interface MpraFlags {
  readonly out: string;
  readonly attributions?: string[];
  readonly scores?: string[];
  readonly score: AttributionScore;
  readonly fdrColumn?: string;
  readonly pColumn?: string;
  readonly fdr: number;
  readonly chromosomeColumn?: string;
  readonly positionColumn?: string;
  readonly referenceColumn?: string;
  readonly alternateColumn?: string;
  readonly idColumn?: string;
  readonly skipMismatch?: boolean;
  readonly json?: boolean;
}

const STATUS_TEXTS: Readonly<Record<string, string>> = {
  "not-a-snp": "insertions, deletions and longer substitutions, left out",
  "no-letters": "without letters of both alleles, left out",
  outside: "outside all windows, left out",
  "no-chromosome": "on chromosomes without windows, left out",
  unscored: "without a score, left out",
  "reference-differs": "reference allele differs from the sequence, left out",
};

/** @param onUnplaced called for each row that has no place */
async function readRows(file: string, given: MpraFlags, onUnplaced: () => void): Promise<TableVariant[]> {
  const rows: TableVariant[] = [];
  await withSource(file, async (source) => {
    const columns = {
      chromosome: given.chromosomeColumn,
      position: given.positionColumn,
      id: given.idColumn,
      reference: given.referenceColumn,
      alternate: given.alternateColumn,
    };
    for await (const row of readVariantTable(source, { columns, onUnplaced })) rows.push(row);
  });
  if (rows.length === 0)
    throw new BindscapeError({ source: file, found: "a header without rows", expected: "a variant a row" });
  return rows;
}

/** False discovery rates by row, NaN where there is none. */
function readRates(
  rows: readonly TableVariant[],
  source: string,
  given: MpraFlags,
): { from: string; values: ArrayLike<number> } {
  const has = (name: string) => rows[0].column(name) !== undefined;
  const missing = [given.fdrColumn, given.pColumn].find((name) => name !== undefined && !has(name));
  const fdrColumn = given.fdrColumn ?? (given.pColumn === undefined ? USUAL_FDR.find(has) : undefined);
  const pColumn = fdrColumn === undefined ? (given.pColumn ?? USUAL_P.find(has)) : undefined;
  const column = fdrColumn ?? pColumn;
  if (missing !== undefined || column === undefined)
    throw new BindscapeError({
      source,
      found: missing === undefined ? "no column of rates or p-values" : `no column ${missing}`,
      expected: "a column of false discovery rates or p-values",
      next: "Name it with --fdr-column or --p-column",
    });
  const values = rows.map((row) => {
    const text = row.column(column)!;
    if (text === "" || /^(na|nan|null)$/i.test(text)) return Number.NaN;
    const value = Number(text);
    if (value >= 0 && value <= 1) return value;
    throw new BindscapeError({
      source,
      line: row.line,
      found: `${JSON.stringify(text)} in the column ${column}`,
      expected: "a number from 0 to 1, or NA",
    });
  });
  if (fdrColumn !== undefined) return { from: fdrColumn, values };
  const known = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
  const adjusted = adjustPValues(known.map((i) => values[i]));
  const rates = new Float64Array(values.length).fill(Number.NaN);
  known.forEach((i, at) => {
    rates[i] = adjusted[at];
  });
  return { from: `${column}, adjusted by Benjamini and Hochberg`, values: rates };
}

interface FactorScore {
  readonly value: number;
  readonly factor: string;
}

interface Scorer {
  readonly name: string;
  /** Value and factor, or why there is none. */
  score(row: TableVariant): FactorScore | { readonly status: string; readonly found?: string };
}

async function openScorer(given: MpraFlags): Promise<Scorer> {
  if (given.scores !== undefined) {
    const tables = await Promise.all(given.scores.map(readScoreTable));
    return {
      name: given.scores.map((file) => basename(file)).join(", "),
      score(row) {
        const key = variantKey(row);
        const all = tables.flatMap(({ columns, values }) =>
          (values.get(key) ?? []).map((value, i) => ({ value, factor: columns[i] })),
        );
        return furthest(all) ?? { status: "unscored" };
      },
    };
  }
  const factors = await openAttributions(given.attributions!, given.score, "all");
  return {
    name: `attributions of ${factors.map(({ name }) => name).join(", ")}`,
    score(row) {
      const results = factors.map((factor) => scoreVariant(factor, row));
      const differing = results.find(({ status }) => status === "reference-differs");
      if (differing !== undefined) return differing as { status: string; found?: string };
      const scored = results.flatMap((result, f) =>
        result.status === "scored" ? [{ value: result.value, factor: factors[f].name }] : [],
      );
      const statuses = ["no-letters", "not-a-snp", "outside", "no-chromosome"];
      const status = statuses.find((one) => results.some((result) => result.status === one))!;
      return furthest(scored) ?? { status };
    },
  };
}

function furthest(scores: readonly FactorScore[]): FactorScore | undefined {
  return scores
    .filter(({ value }) => !Number.isNaN(value))
    .reduce<FactorScore | undefined>(
      (best, one) => (best === undefined || Math.abs(one.value) > Math.abs(best.value) ? one : best),
      undefined,
    );
}

function formatVariants(variants: readonly AssayedVariant[], threshold: number): string {
  const header = "chromosome\tposition\tid\treference\talternate\tfdr\tdiffers\tscore\tfactor";
  const lines = variants.map((one) =>
    [
      one.chromosome,
      one.position,
      one.id,
      one.reference,
      one.alternate,
      Number(one.fdr.toPrecision(6)),
      one.fdr < threshold ? 1 : 0,
      Number(one.value.toPrecision(7)),
      one.factor,
    ].join("\t"),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

function parseRate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a number between 0 and 1.");
  return value;
}
