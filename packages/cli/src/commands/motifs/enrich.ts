import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { openSource, type SequenceRecord, streamFasta, writeFileAtomically } from "@bindscape/genome";
import { makeRunRecord, renderEnrichmentPage } from "@bindscape/models";
import {
  type CalledPeak,
  enrich,
  enrichPeaks,
  formatEnrichment,
  type Motif,
  type MotifEnrichment,
  type PeakEnrichment,
  readCalledPeaks,
  readMotifFile,
  selectPeaks,
} from "@bindscape/motifs";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { openReadableGenome } from "@bindscape/study";
import { type Command, InvalidArgumentError } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "../shared-options.js";
import { requireKnownLetters } from "./known-letters.js";

export function addMotifsEnrichCommand(parent: Command): void {
  parent
    .command("enrich")
    .description("rank motifs by enrichment and tell where their sites lie (SEA, CentriMo, Factorbook)")
    .argument("<motifs>", "motif file, plain or gzip, of any format `motifs convert` reads")
    .argument("<sequences>", "FASTA; or peaks (narrowPeak, BED) with --genome")
    .requiredOption("--out <folder>", "folder to write")
    .option("--genome <file>", "genome of the peaks: FASTA or 2bit")
    .option(
      "--control <fasta>",
      "control sequences (default: shuffled, or random genomic ones with --genome)",
    )
    .option("--order <number>", "shuffling keeps words of one letter more", parseWholeNumber, 2)
    .option("--hofract <share>", "share of sequences that the score is chosen on", parseShare, 0.1)
    .option("--local", "look for sites together anywhere, not in the middle alone")
    .option("--score <bits>", "lowest score of a site whose position counts", parseNumber, 5)
    .option("--thresh <p>", "p-value of a site against flanks and random sequences", parseShare, 1e-4)
    .option("--range <bp>", "with --genome: distance from the summits looked at", parseThreads, 300)
    .option("--random <number>", "with --genome: random sequences for each peak", parseThreads, 10)
    .option("--top <number>", "with --genome: only so many of the strongest peaks", parseThreads)
    .option("--norc", "look at the forward strand alone")
    .option("--seed <number>", "of shuffles, random sequences and the hold-out", parseWholeNumber, 0)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Writes enrichment.tsv (motifs by p-value), site_positions.tsv (best sites by offset from the middle) and enrich.html.
With --genome the 100 bp about each summit are tested against the 100 bp on either side and against random sequences
of the genome with about the same GC share; positions are taken within --range of the summits.

Examples:
  bindscape motifs enrich jaspar.meme peaks.fa --out enriched
  bindscape motifs enrich jaspar.meme peaks.fa --control background.fa --local --out enriched
  bindscape motifs enrich jaspar.meme peaks.narrowPeak --genome hg38.2bit --out enriched`,
    )
    .action(async (motifFile: string, sequenceFile: string, given: EnrichFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const motifs = await readMotifFile(motifFile);
      const { results, controls } = await withInterrupt("Nothing was written", (signal) =>
        given.genome === undefined
          ? enrichFasta(motifs, sequenceFile, given, bar.listener)
          : enrichInGenome(motifs, sequenceFile, given.genome, given, bar.listener, signal),
      );
      bar.clear();
      await mkdir(given.out, { recursive: true });
      await writeFileAtomically(join(given.out, "enrichment.tsv"), formatEnrichment(results, motifs));
      await writeFileAtomically(join(given.out, "site_positions.tsv"), formatPositions(results, motifs));
      const page = renderEnrichmentPage({
        motifs,
        results,
        motifsName: basename(motifFile),
        sequencesName: basename(sequenceFile),
        controls,
        isLocal: given.local ?? false,
        command: commandText(),
      });
      await writeFileAtomically(join(given.out, "enrich.html"), page);
      const seconds = (performance.now() - started) / 1000;
      const inputs = [motifFile, sequenceFile, given.genome, given.control].filter(
        (file) => file !== undefined,
      );
      const record = await makeRunRecord(commandText(), given.seed, inputs, seconds);
      await writeFileAtomically(join(given.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      const count = results.filter(({ eValue }) => eValue <= 0.05).length;
      bar.say(
        `wrote enrichment.tsv, site_positions.tsv, enrich.html to ${given.out}: ${count} of ${motifs.length} motifs enriched (E <= 0.05), ${formatDuration(seconds)}`,
      );
      if (given.json)
        printJson({
          out: given.out,
          motifs: motifs.length,
          enriched: count,
          best: results.slice(0, 5).map((result) => summarise(result, motifs)),
          seconds,
        });
    });
}

interface EnrichFlags {
  readonly out: string;
  readonly genome?: string;
  readonly control?: string;
  readonly order: number;
  readonly hofract: number;
  readonly local?: boolean;
  readonly score: number;
  readonly thresh: number;
  readonly range: number;
  readonly random: number;
  readonly top?: number;
  readonly norc?: boolean;
  readonly seed: number;
  readonly json?: boolean;
}

function commonOptions(given: EnrichFlags) {
  return {
    shuffleOrder: given.order,
    holdOut: given.hofract,
    isLocal: given.local,
    leastScore: given.score,
    siteThreshold: given.thresh,
    bothStrands: !given.norc,
    seed: given.seed,
  };
}

interface Enrichment {
  readonly results: readonly (MotifEnrichment | PeakEnrichment)[];
  readonly controls: string;
}

async function enrichFasta(
  motifs: readonly Motif[],
  file: string,
  given: EnrichFlags,
  onProgress: ProgressListener,
): Promise<Enrichment> {
  if (/\.(bed|narrowpeak)(\.gz)?$/i.test(file)) {
    throw new BindscapeError({
      source: file,
      found: "peaks without a genome",
      expected: "--genome with the FASTA or 2bit file they lie in, or FASTA in place of the peaks",
    });
  }
  const sequences = await readRecords(file, onProgress);
  const controls = given.control === undefined ? undefined : await readRecords(given.control, onProgress);
  return {
    results: enrich(motifs, sequences, { ...commonOptions(given), controls }),
    controls: given.control === undefined ? "shuffled sequences" : basename(given.control),
  };
}

async function enrichInGenome(
  motifs: readonly Motif[],
  peakFile: string,
  genomeFile: string,
  given: EnrichFlags,
  onProgress: ProgressListener,
  signal: AbortSignal,
): Promise<Enrichment> {
  if (given.control !== undefined) {
    throw new BindscapeError({
      source: "motifs enrich",
      found: "both --genome and --control",
      expected: "one of them: with --genome the controls are random sequences of it",
    });
  }
  const called = await readPeaks(peakFile);
  const genome = await openReadableGenome(genomeFile);
  try {
    const { peaks } = selectPeaks(called, genome.chromosomes, {
      minimum: 1,
      source: peakFile,
    });
    const results = await enrichPeaks(motifs, peaks.slice(0, given.top), genome, {
      ...commonOptions(given),
      range: given.range,
      randomPerPeak: given.random,
      onProgress,
      signal,
    });
    return { results, controls: "random genomic sequences of like GC share" };
  } finally {
    await genome.close();
  }
}

async function readRecords(file: string, onProgress: ProgressListener): Promise<SequenceRecord[]> {
  const source = await openSource(file);
  try {
    const records: SequenceRecord[] = [];
    for await (const record of streamFasta(source, { onProgress, uniqueNames: false })) records.push(record);
    requireKnownLetters(records, file);
    return records;
  } finally {
    await source.close();
  }
}

async function readPeaks(file: string): Promise<CalledPeak[]> {
  const source = await openSource(file);
  try {
    return await readCalledPeaks(source);
  } finally {
    await source.close();
  }
}

function formatPositions(results: readonly MotifEnrichment[], motifs: readonly Motif[]): string {
  const lines = results.flatMap(({ motif, central: { positions } }) =>
    Array.from(
      positions.offsets,
      (offset, i) =>
        `${motifs[motif].id.replace(/\s/g, " ")}\t${offset}\t${Number(positions.counts[i].toFixed(6))}`,
    ),
  );
  return `${["motif_id\toffset\tbest_sites", ...lines].join("\n")}\n`;
}

function summarise(result: MotifEnrichment, motifs: readonly Motif[]): Record<string, unknown> {
  const { hits, total, controlHits, controlTotal, ratio, eValue, qValue } = result;
  const { id, name } = motifs[result.motif];
  const log10PValue = result.logPValue / Math.LN10;
  return { id, name, hits, total, controlHits, controlTotal, ratio, log10PValue, eValue, qValue };
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to below 1.");
  }
  return value;
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}
