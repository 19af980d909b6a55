import { openBigWig, type Variant, variantKind, writeFileAtomically } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  type AttributionScore,
  ChromosomeMatcher,
  type GenomeReader,
  readFromAssembly,
  scoreByModel,
} from "@bindscape/interpret";
import { type DeviceChoice, makeRunRecord, readBundle } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { buildAssembly, loadStudy, openReadableGenome, readGenome, writeTask } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, deviceOption, parseThreads, readDevice } from "../shared-options.js";
import {
  attributionScoreOption,
  Mismatches,
  openAttributions,
  requireKnownChromosomes,
  scoreVariant,
  visitVariants,
} from "./shared.js";

/** Variants that go through a network together. */
const PART = 2000;

export function addVariantsScoreCommand(parent: Command): void {
  parent
    .command("score")
    .description("score variants by a network's prediction with either allele, or by attributions")
    .option("--vcf <file>", "VCF file, plain, gzip or bgzip")
    .option("--table <file>", "table with columns chromosome, position (1-based), reference, alternate")
    .requiredOption("--out <file>", "TSV file to write")
    .option("--bundle <bundle>", "network that sees sequence alone: predicts each variant with either allele")
    .option("--genome <file>", "with --bundle: FASTA or 2bit; names such as chr1:1000-2000 are pieces")
    .option("--study <file>", "with --bundle: study whose genome to use, in place of --genome")
    .option("--data <folder>", "folder the study's files lie in, in place of the one the study names")
    .addOption(
      new Option("--output <kind>", "with --bundle: what alleles are compared by")
        .choices(["logit", "probability"])
        .default("logit"),
    )
    .addOption(
      new Option("--strands <rule>", "with --bundle: average both strands, or take the forward one")
        .choices(["mean", "forward"])
        .default("mean"),
    )
    .option("--attributions <files...>", "attribution files (.npz of `interpret`), or one bigWig track")
    .addOption(attributionScoreOption())
    .option("--skip-mismatch", "leave out variants whose reference allele is not the genome's")
    .option("--threads <number>", "threads for networks (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Every alternative allele is a row: chromosome, position (1-based, alleles cut to what differs), id, reference,
alternate, kind, status, and the scores. With --bundle these are, by output, the prediction with the reference allele,
with the alternative one, and effect, their difference; insertions and deletions are scored in windows centred on
either allele. With --attributions they are what stands at the SNP's position, in the window where it is furthest from
0; other kinds are counted as not-a-snp. A run.json is written beside the TSV.

Examples:
  bindscape variants score --bundle models/factor --vcf snps.vcf.gz --genome hg38.2bit --out effects.tsv
  bindscape variants score --attributions reb1.npz abf1.npz --vcf snps.vcf --out scores.tsv
  bindscape variants score --attributions reb1.bw --table snps.tsv --out scores.tsv`,
    )
    .action(async (given: ScoreFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      if ((given.bundle === undefined) === (given.attributions === undefined))
        throw new BindscapeError({
          found: given.bundle === undefined ? "nothing to score by" : "--bundle and --attributions together",
          expected: "one of --bundle BUNDLE and --attributions FILE...",
        });
      const source = given.vcf ?? given.table ?? "";
      const scored = await withInterrupt("Nothing was written", (signal) =>
        given.bundle !== undefined
          ? scoreWithNetwork(given, bar, signal)
          : given.attributions!.some((file) => /\.(bw|bigwig)$/i.test(file))
            ? scoreWithTrack(given, signal)
            : scoreWithAttributions(given, signal),
      );
      bar.clear();
      const { rows, matcher, known } = scored;
      requireKnownChromosomes(
        source,
        rows.length,
        rows.filter(({ status }) => status !== "no-letters" && status !== "not-a-snp").length,
        rows.filter(({ status }) => status === "no-chromosome").length,
        matcher.unmatched,
        known,
      );
      const mismatches = new Mismatches();
      for (const { variant, status, found } of rows)
        if (status === "reference-differs") mismatches.add(variant, found);
      mismatches.settle(source, given.skipMismatch ?? false, (line) => bar.say(line));
      await writeFileAtomically(given.out, formatRows(scored));
      const seconds = (performance.now() - started) / 1000;
      const inputs = [source, given.genome, given.study, ...(given.attributions ?? [])];
      const record = await makeRunRecord(
        commandText(),
        null,
        inputs.filter((file): file is string => file !== undefined),
        seconds,
      );
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      const counts = countBy(rows, ({ status }) => status);
      const kinds = countBy(rows, ({ variant }) => variantKind(variant));
      const multiallelic = rows.filter(({ variant }) => variant.alternates > 1).length;
      const list = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
      bar.say(
        `wrote ${given.out}: ${rows.length} alternative alleles (${multiallelic} at multi-allelic sites): ${list.join(", ")}; ${formatDuration(seconds)}`,
      );
      if (given.json)
        printJson({
          out: given.out,
          variants: rows.length,
          status: counts,
          kinds,
          multiallelic,
          columns: scored.columns,
          seconds,
        });
    });
}

interface ScoreFlags {
  readonly vcf?: string;
  readonly table?: string;
  readonly out: string;
  readonly bundle?: string;
  readonly genome?: string;
  readonly study?: string;
  readonly data?: string;
  readonly output: "logit" | "probability";
  readonly strands: "mean" | "forward";
  readonly attributions?: string[];
  readonly score: AttributionScore;
  readonly skipMismatch?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}

interface ScoredRow {
  readonly variant: Variant;
  readonly status: string;
  readonly found?: string;
  /** One a column; NaN where there is none. */
  readonly values: readonly number[];
}

interface Scored {
  readonly columns: readonly string[];
  readonly rows: readonly ScoredRow[];
  readonly matcher: ChromosomeMatcher;
  readonly known: readonly string[];
}

async function scoreWithNetwork(given: ScoreFlags, bar: ProgressBar, signal: AbortSignal): Promise<Scored> {
  const { network } = await readBundle(given.bundle!);
  const names = network.file.tasks.map((task) => writeTask(task) || "output");
  const columns = names.flatMap((name) => [`${name} reference`, `${name} alternate`, `${name} effect`]);
  const variants: Variant[] = [];
  let unplaced = 0;
  await visitVariants(
    given,
    (variant) => void variants.push(variant),
    () => void unplaced++,
  );
  if (unplaced > 0)
    bar.say(`warning: ${given.table}: ${unplaced} rows without a place (NA) were passed over`);
  const genome = await openGenome(given);
  try {
    const known = genome.chromosomes.map(({ name }) => name);
    const matcher = new ChromosomeMatcher(known);
    const device = await readDevice(given.device, (line) => bar.say(line));
    const rows: ScoredRow[] = [];
    for (let from = 0; from < variants.length; from += PART) {
      const part = variants
        .slice(from, from + PART)
        .map((variant) => ({ variant, chromosome: matcher.find(variant.chromosome) }));
      const results = await scoreByModel(network, genome, part, {
        runtime: nodeRuntime(device.device),
        output: given.output,
        strands: given.strands,
        threads: given.threads,
        signal,
      });
      results.forEach((result, i) => {
        const { variant } = part[i];
        rows.push(
          result.status === "scored"
            ? {
                variant,
                status: "scored",
                values: names.flatMap((_, t) => [
                  result.reference[t],
                  result.alternate[t],
                  result.alternate[t] - result.reference[t],
                ]),
              }
            : { variant, ...result, values: columns.map(() => Number.NaN) },
        );
      });
      bar.listener({ task: "scoring", done: rows.length, total: variants.length, unit: "variants" });
    }
    return { columns, rows, matcher, known };
  } finally {
    await genome.close();
  }
}

async function openGenome(given: ScoreFlags): Promise<GenomeReader & { close(): Promise<void> }> {
  if ((given.genome === undefined) === (given.study === undefined))
    throw new BindscapeError({
      found: given.genome === undefined ? "no genome" : "--genome and --study together",
      expected: "one of --genome FILE and --study FILE with --bundle",
    });
  const close = async () => {};
  if (given.study !== undefined) {
    const study = await loadStudy(given.study, { dataFolder: given.data, factors: [], tracks: "memory" });
    return { ...readFromAssembly(study.assembly), close };
  }
  const file = given.genome!;
  const genome = await openReadableGenome(file);
  const isPieced =
    genome.chromosomes.length > 0 && genome.chromosomes.every(({ name }) => /^\S+:\d+-\d+$/.test(name));
  if (!isPieced) return genome;
  await genome.close();
  const assembly = buildAssembly(await readGenome(file), { name: file, source: file, pieces: true });
  return { ...readFromAssembly(assembly), close };
}

async function scoreWithAttributions(given: ScoreFlags, signal: AbortSignal): Promise<Scored> {
  const factors = await openAttributions(given.attributions!, given.score, "all");
  const known = [...new Set(factors.flatMap(({ positions }) => positions.chromosomes))];
  const matcher = new ChromosomeMatcher(known);
  const rows: ScoredRow[] = [];
  await visitVariants(given, (variant) => {
    signal.throwIfAborted();
    matcher.find(variant.chromosome);
    const results = factors.map((factor) => scoreVariant(factor, variant));
    const best = ["scored", "reference-differs", "no-letters", "not-a-snp", "outside", "no-chromosome"].find(
      (status) => results.some((result) => result.status === status),
    )!;
    const differing = results.find(({ status }) => status === "reference-differs");
    const status = differing === undefined ? best : "reference-differs";
    rows.push({
      variant,
      status,
      ...(differing !== undefined && "found" in differing && { found: differing.found }),
      values: results.map((result) =>
        result.status === "scored" && status === "scored" ? result.value : Number.NaN,
      ),
    });
  });
  return { columns: factors.map(({ name }) => name), rows, matcher, known };
}

/** A bigWig track does not say its sequence: reference alleles cannot be checked against it. */
async function scoreWithTrack(given: ScoreFlags, signal: AbortSignal): Promise<Scored> {
  const [file, ...others] = given.attributions!;
  if (others.length > 0 || given.score !== "value")
    throw new BindscapeError({
      found: others.length > 0 ? "a bigWig track among other files" : "differences of a bigWig track",
      expected: "one track, scored by value",
    });
  const track = await openBigWig(file);
  try {
    const sizes = new Map(track.reader.chromosomes.map(({ name, size }) => [name, size]));
    const known = [...sizes.keys()];
    const matcher = new ChromosomeMatcher(known);
    const rows: ScoredRow[] = [];
    await visitVariants(given, async (variant) => {
      signal.throwIfAborted();
      const chromosome = matcher.find(variant.chromosome);
      const kind = variantKind(variant);
      const at = variant.position - 1;
      let value = Number.NaN;
      const isInside = chromosome !== undefined && at < sizes.get(chromosome)!;
      if (kind === "snp" && isInside) [value] = await track.reader.readValues(chromosome, at, at + 1);
      const unscored =
        kind === "other"
          ? "no-letters"
          : kind !== "snp"
            ? "not-a-snp"
            : chromosome
              ? "outside"
              : "no-chromosome";
      rows.push({ variant, status: Number.isNaN(value) ? unscored : "scored", values: [value] });
    });
    return { columns: ["score"], rows, matcher, known };
  } finally {
    track.close();
  }
}

function formatRows({ columns, rows }: Scored): string {
  const header = ["chromosome", "position", "id", "reference", "alternate", "kind", "status", ...columns];
  const lines = rows.map(({ variant, status, values }) =>
    [
      variant.chromosome,
      variant.position,
      variant.id,
      variant.reference,
      variant.alternate,
      variantKind(variant),
      status,
      ...values.map((value) => (Number.isNaN(value) ? "NA" : Number(value.toPrecision(7)))),
    ].join("\t"),
  );
  return `${[header.join("\t"), ...lines].join("\n")}\n`;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
