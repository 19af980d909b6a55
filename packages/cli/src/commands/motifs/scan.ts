import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  BINDSCAPE_VERSION,
  describeSettings,
  describeShard,
  isShardFinished,
  makeRunRecord,
  renderScanPage,
  type Shard,
  scanShard,
  writeShard,
} from "@bindscape/models";
import {
  type Motif,
  readMotifFile,
  readScanBackground,
  SCAN_FILES,
  type ScanFilesOptions,
  type ScanFormat,
  type ScanSummary,
  scanFiles,
  scanToText,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import {
  commandText,
  parseList,
  parseShardOption,
  parseThreads,
  parseWholeNumber,
} from "../shared-options.js";

export function addMotifsScanCommand(parent: Command): void {
  parent
    .command("scan")
    .description("find the sites of motifs in sequences (FIMO)")
    .argument("<motifs>", "motif file, plain or gzip, of any format `motifs convert` reads")
    .argument("<sequences>", "FASTA, plain, gzip or bgzip, or 2bit")
    .option("--out <folder>", "folder to write")
    .option("--text", "in place of --out: lines to standard output as sites are found, without q-values")
    .option("--thresh <p>", "report sites of p-values up to this (default: 0.0001)", parseProbability)
    .option("--qv-thresh", "let --thresh be one of q-values; sites of p-values above 0.001 stay out")
    .option("--bfile <background>", "--nrdb--, --uniform--, --motif--, --sequences--, or a file", "--nrdb--")
    .option(
      "--markov-order <number>",
      "letters that p-values look back, with a background of that order (0 to 5)",
      parseWholeNumber,
      0,
    )
    .option("--motif-pseudo <number>", "sites' worth of background added to motifs", parsePositive, 0.1)
    .option("--motif <ids>", "scan with these motifs only, separated by commas", parseList)
    .option("--norc", "scan the forward strand alone")
    .option("--max-strand", "of sites on both strands at a place report the better alone")
    .option("--best-site", "report the best site of a motif in a sequence alone")
    .option("--no-pgc", "do not read genomic coordinates from names such as chr1:100-200")
    .option("--no-qvalue", "leave q-values out")
    .option(
      "--max-stored-scores <number>",
      "report at most so many sites of a motif (default: all)",
      parseThreads,
    )
    .option("--formats <names>", `files to write, of ${Object.keys(SCAN_FILES).join(", ")}`, parseFormats, [
      "tsv",
    ] as ScanFormat[])
    .option("--shard <i/n>", "scan part i of n; then: bindscape merge OUT", parseShardOption)
    .option("--threads <number>", "scanning threads (default: all cores)", parseThreads)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Scores, p-values and q-values are FIMO's: log-odds in bits at its resolution, exact p-values by dynamic programming,
q-values after Benjamini and Hochberg with Storey's share of true nulls. Letters other than A, C, G, T have no score.
scan.html shows the motifs by sites over expected. fimo.tsv is sorted by p-value, 1-based and inclusive; sites.bed (BED6, score -10 log10 p, up to 1000) is sorted for
bedToBigBed, 0-based and half-open, as sites.narrowPeak and sites.parquet are.

Examples:
  bindscape motifs scan jaspar.meme peaks.fa --out scan
  bindscape motifs scan jaspar.meme hg38.2bit --thresh 1e-5 --formats tsv,bed --out hg38
  bindscape motifs scan ctcf.meme peaks.fa --best-site --bfile --motif-- --out best
  bindscape motifs scan jaspar.meme sacCer3.fa.gz --text | head
  bindscape motifs scan jaspar.meme hg38.2bit --out hg38 --shard 3/20
  bindscape merge hg38`,
    )
    .action(async (motifFile: string, sequences: string, given: ScanFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      checkOutput(given);
      const motifs = chooseMotifs(await readMotifFile(motifFile), given.motif, motifFile);
      const background = await readScanBackground(
        given.bfile,
        { motifs: motifFile, sequences },
        given.markovOrder,
      );
      const options = {
        threshold: given.qvThresh ? undefined : given.thresh,
        qThreshold: given.qvThresh ? (given.thresh ?? 0.05) : undefined,
        background,
        markovOrder: given.markovOrder,
        pseudocount: given.motifPseudo,
        bothStrands: !given.norc,
        maxStrand: given.maxStrand,
        bestSite: given.bestSite,
        computeQValues: given.qvalue,
        parseGenomicCoordinates: given.pgc,
        threads: given.threads ?? availableParallelism(),
        onProgress: bar.listener,
      };
      if (given.text) {
        const { sites } = await withInterrupt("Lines so far were written", (signal) =>
          scanToText(motifs, sequences, writeToOutput, { ...options, signal }),
        );
        bar.clear();
        if (given.json) console.error(JSON.stringify({ sites }));
        return;
      }
      const out = given.out!;
      const { formats, maxStoredScores } = given;
      if (given.shard !== undefined) {
        const work = { motifFile, sequences, out, shard: given.shard, given, started };
        await scanOneShard(work, motifs, { ...options, formats, maxStoredScores }, bar);
        return;
      }
      const summary = await withInterrupt("Nothing was written", (signal) =>
        scanFiles(motifs, sequences, out, {
          ...options,
          formats,
          maxStoredScores,
          version: BINDSCAPE_VERSION,
          command: commandText(),
          signal,
        }),
      );
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, [motifFile, sequences], seconds);
      await writeFileAtomically(join(out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      const sequencesName = basename(sequences);
      const page = renderScanPage({ motifs, summary, sequencesName, command: commandText() });
      await writeFileAtomically(join(out, "scan.html"), page);
      for (const warning of findWarnings(summary)) bar.say(`warning: ${warning}`);
      bar.say(
        `wrote ${[...summary.files, "scan.html"].join(", ")} to ${out}: ${summary.sites.toLocaleString("en-US")} sites of ${motifs.length} motifs in ${summary.sequences.toLocaleString("en-US")} sequences, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out, ...summary, seconds });
    });
}

interface ShardWork {
  readonly motifFile: string;
  readonly sequences: string;
  readonly out: string;
  readonly shard: Shard;
  readonly given: ScanFlags;
  readonly started: number;
}

/** Scans a shard, unless it is there already with the same inputs and options. */
async function scanOneShard(
  { motifFile, sequences, out, shard, given, started }: ShardWork,
  motifs: readonly Motif[],
  options: ScanFilesOptions,
  bar: ProgressBar,
): Promise<void> {
  // Threads change nothing, and the place of the output neither.
  const { threads: _threads, json: _json, shard: _shard, out: _out, ...choices } = given;
  const inputs = [motifFile, sequences, ...(/^--.*--$/.test(given.bfile) ? [] : [given.bfile])];
  const settings = await describeSettings("motifs scan", [], inputs, { options: JSON.stringify(choices) });
  const name = describeShard(shard);
  const skipped = await isShardFinished(out, shard, settings);
  if (!skipped) {
    const { content, arrays } = await withInterrupt(`${name} was not written`, (signal) =>
      scanShard(motifs, sequences, { ...options, signal }, shard),
    );
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    await writeShard(out, shard, settings, content, arrays, { command: commandText(), seconds });
  }
  bar.say(
    skipped
      ? `${name} of ${out} is there already, with the same inputs and options: nothing to do`
      : `wrote ${name} of ${out}, ${formatDuration((performance.now() - started) / 1000)}`,
  );
  if (given.json) printJson({ out, shard: shard.index, shards: shard.count, skipped });
}

interface ScanFlags {
  readonly shard?: Shard;
  readonly out?: string;
  readonly text?: boolean;
  readonly thresh?: number;
  readonly qvThresh?: boolean;
  readonly bfile: string;
  readonly markovOrder: number;
  readonly motifPseudo: number;
  readonly motif?: string[];
  readonly norc?: boolean;
  readonly maxStrand?: boolean;
  readonly bestSite?: boolean;
  readonly pgc: boolean;
  readonly qvalue: boolean;
  readonly maxStoredScores?: number;
  readonly formats: ScanFormat[];
  readonly threads?: number;
  readonly json?: boolean;
}

function checkOutput({ out, text, qvThresh, shard }: ScanFlags): void {
  if (shard !== undefined && text) {
    throw new BindscapeError({
      source: "motifs scan",
      found: "--shard with --text",
      expected: "--shard with --out",
    });
  }
  if ((out === undefined) === (text === undefined)) {
    throw new BindscapeError({
      source: "motifs scan",
      found: out === undefined ? "no place to write to" : "both --out and --text",
      expected: "--out FOLDER, or --text",
    });
  }
  if (text && qvThresh) {
    throw new BindscapeError({
      source: "motifs scan",
      found: "--qv-thresh with --text",
      expected: "--qv-thresh with --out: q-values are known only at the end",
    });
  }
}

function chooseMotifs(motifs: readonly Motif[], ids: readonly string[] | undefined, source: string): Motif[] {
  const missing = ids?.find((id) => !motifs.some((motif) => motif.id === id));
  if (missing !== undefined) {
    throw new BindscapeError({
      source,
      found: `no motif "${missing}"`,
      expected: `one of its ids, such as ${motifs[0].id}`,
    });
  }
  return motifs.filter(({ id }) => ids === undefined || ids.includes(id));
}

/** What a user would otherwise take for "no sites". */
function findWarnings({ motifs, bases }: ScanSummary): string[] {
  const list = (names: readonly string[]) =>
    `${names.slice(0, 5).join(", ")}${names.length > 5 ? " and others" : ""}`;
  const hopeless = motifs.filter(({ isReachable }) => !isReachable).map(({ id }) => id);
  const unfit = motifs.filter(({ tested }) => tested === 0).map(({ id }) => id);
  return [
    hopeless.length === 0
      ? ""
      : `${hopeless.length} motifs cannot reach the p-value threshold, whatever the sequence: ${list(hopeless)}`,
    unfit.length === 0
      ? ""
      : `${unfit.length} motifs fit nowhere in ${bases.toLocaleString("en-US")} bases, since stretches of known bases are shorter: ${list(unfit)}`,
  ].filter((text) => text !== "");
}

async function writeToOutput(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}

function parseProbability(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1)) {
    throw new InvalidArgumentError("Expected a number above 0, at most 1.");
  }
  return value;
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

function parseFormats(text: string): ScanFormat[] {
  const names = parseList(text.toLowerCase());
  if (!names.every((name): name is ScanFormat => Object.hasOwn(SCAN_FILES, name))) {
    throw new InvalidArgumentError(`Expected names of ${Object.keys(SCAN_FILES).join(", ")}.`);
  }
  return names;
}
