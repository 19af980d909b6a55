import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Interval, readBed, withSource, writeFileAtomically } from "@bindscape/genome";
import { BINDSCAPE_VERSION, makeRunRecord, renderPipelinePage } from "@bindscape/models";
import {
  formatMotifsJson,
  formatOccurrences,
  keepDiscovery,
  type Motif,
  type MotifFinder,
  makeMotifFinder,
  PEAK_ORDERS,
  type PeakOrder,
  type PipelineResult,
  readCalledPeaks,
  readMotifFile,
  runChipSeqPipeline,
  selectPeaks,
  writeMotifs,
  writeTomtomTsv,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { openReadableGenome } from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber } from "../shared-options.js";

/** How motifs are found, in words. */
const METHODS = {
  meme: "MEME's zoops model",
  streme: "STREME's enrichment over shuffled sequences",
} as const;

export function addMotifsPipelineCommand(parent: Command): void {
  parent
    .command("pipeline")
    .description(
      "Factorbook's ChIP-seq pipeline: motifs of the strongest peaks, tested on the next, with all sites",
    )
    .argument("<peaks>", "narrowPeak, or BED of which the order counts, plain or gzip")
    .requiredOption("--genome <file>", "genome: 2bit or FASTA")
    .requiredOption("--motifs <file>", "database that motifs found are compared with, of any format")
    .requiredOption("--out <folder>", "folder to write")
    .addOption(
      new Option("--rank <order>", "order of the peaks (default: q for narrowPeak, given for BED)").choices([
        ...PEAK_ORDERS,
      ]),
    )
    .option("--min-peaks <number>", "refuse fewer peaks", parseWholeNumber, 1000)
    .option("--top <number>", "peaks to find motifs in, and as many after them to test on", parseThreads, 500)
    .option("--exclude <bed>", "leave out peaks in these regions, such as a blacklist")
    .option("--chromosomes <names>", "only peaks on these, separated by commas", parseList)
    .option("--exclude-chromosomes <names>", "no peaks on these", parseList)
    .addOption(
      new Option("--method <name>", "how motifs are found").choices(Object.keys(METHODS)).default("meme"),
    )
    .option("--nmotifs <number>", "motifs to find", parseThreads, 5)
    .option("--minw <bp>", "least width of a motif", parseThreads, 6)
    .option("--maxw <bp>", "largest width of a motif", parseThreads, 30)
    .option("--discovered <file>", "test the motifs of this file in place of finding some")
    .option("--site-thresh <p>", "p-value of a site", parseShare, 1e-4)
    .option("--random <number>", "random genomic sequences for each tested peak", parseThreads, 100)
    .option("--match-thresh <number>", "largest q-value (or E-value) of a match", parseThreshold, 0.5)
    .option("--evalue", "the threshold of matches is on the E-value")
    .option("--seed <number>", "of random and shuffled sequences", parseWholeNumber, 0)
    .option("--resume", "take motifs that an earlier run found, where nothing they depend on has changed")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Motifs are found in the 100 bp around the summits of the strongest peaks. Their sites (p < 0.0001) are then counted in the
same window of the peaks that come next, in the 100 bp on either side of it, and in random genomic sequences of 100 bp with
the GC share of the peaks, and compared by two-proportion z tests. Motifs not more frequent than in the flanks have poor
centrality, those not more frequent than in random sequences poor enrichment.

Written are motifs.json and occurrences.tsv as Factorbook's, motifs.meme, tomtom.tsv, pipeline.html and run.json.

Examples:
  bindscape motifs pipeline CTCF.narrowPeak.gz --genome hg38.2bit --motifs JASPAR.meme --exclude blacklist.bed --out ctcf
  bindscape motifs pipeline summits.bed --genome sacCer3.fa.gz --motifs fungi.pfm --min-peaks 300 --top 150 --out reb1`,
    )
    .action(async (peaksFile: string, given: PipelineFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const database = await readMotifFile(given.motifs);
      const called = await withSource(peaksFile, readCalledPeaks);
      const exclude: readonly Interval[] =
        given.exclude === undefined ? [] : await withSource(given.exclude, readBed);
      const find = await chooseFinder(given, () =>
        bar.say("motifs of the earlier run are used again (discovery.json)"),
      );
      const genome = await openReadableGenome(given.genome);
      try {
        const selection = selectPeaks(called, genome.chromosomes, {
          order: given.rank,
          minimum: given.minPeaks,
          exclude,
          chromosomes: given.chromosomes,
          excludedChromosomes: given.excludeChromosomes,
          source: peaksFile,
        });
        const stopped = `Nothing was written but ${join(given.out, "discovery.json")}, if motifs were found: --resume goes on from there`;
        const result = await withInterrupt(stopped, (signal) =>
          runChipSeqPipeline(selection, genome, {
            findMotifs: find,
            database,
            topPeaks: given.top,
            randomPerPeak: given.random,
            exclude,
            siteThreshold: given.siteThresh,
            matchThreshold: given.matchThresh,
            matchThresholdOn: given.evalue ? "E-value" : "q-value",
            seed: given.seed,
            onProgress: bar.listener,
            signal,
          }),
        );
        bar.clear();
        const page = renderPipelinePage({
          result,
          selection,
          database,
          peaksName: basename(peaksFile),
          genomeName: basename(given.genome),
          databaseName: basename(given.motifs),
          finder: given.discovered === undefined ? METHODS[given.method] : basename(given.discovered),
          matchThreshold: `${given.evalue ? "E-value" : "q-value"} at most ${given.matchThresh}`,
          siteThreshold: given.siteThresh,
          command: commandText(),
        });
        const seconds = (performance.now() - started) / 1000;
        await writeResults(given.out, result, database, page);
        const inputs = [peaksFile, given.genome, given.motifs, given.exclude, given.discovered];
        const record = await makeRunRecord(
          commandText(),
          given.seed,
          inputs.filter((file) => file !== undefined),
          seconds,
        );
        await writeFileAtomically(join(given.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
        for (const line of describeMotifs(result, database)) bar.say(line);
        bar.say(
          `wrote motifs.json, occurrences.tsv, motifs.meme, tomtom.tsv, pipeline.html to ${given.out}, ${formatDuration(seconds)}`,
        );
        if (given.json) printJson({ out: given.out, ...summarise(result, database), seconds });
      } finally {
        await genome.close();
      }
    });
}

interface PipelineFlags {
  readonly genome: string;
  readonly motifs: string;
  readonly out: string;
  readonly rank?: PeakOrder;
  readonly minPeaks: number;
  readonly top: number;
  readonly exclude?: string;
  readonly chromosomes?: string[];
  readonly excludeChromosomes?: string[];
  readonly method: keyof typeof METHODS;
  readonly nmotifs: number;
  readonly minw: number;
  readonly maxw: number;
  readonly discovered?: string;
  readonly siteThresh: number;
  readonly random: number;
  readonly matchThresh: number;
  readonly evalue?: boolean;
  readonly seed: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** What finds the motifs; that of a run that goes on takes what is kept. */
async function chooseFinder(given: PipelineFlags, onReuse: () => void): Promise<MotifFinder> {
  const { method, nmotifs, minw, maxw, seed, discovered } = given;
  if (discovered !== undefined) {
    const motifs = await readMotifFile(discovered);
    return async () => motifs;
  }
  if (minw > maxw) {
    throw new BindscapeError({
      source: "motifs pipeline",
      found: `widths from ${minw} to ${maxw}`,
      expected: "--minw not above --maxw",
    });
  }
  const find = makeMotifFinder({ method, motifs: nmotifs, minimumWidth: minw, maximumWidth: maxw, seed });
  return keepDiscovery(
    find,
    join(given.out, "discovery.json"),
    {
      version: BINDSCAPE_VERSION,
      ...{ method, nmotifs, minw, maxw, seed },
    },
    given.resume === true,
    onReuse,
  );
}

async function writeResults(
  out: string,
  result: PipelineResult,
  database: readonly Motif[],
  page: string,
): Promise<void> {
  const found = result.motifs.map(({ motif }) => motif);
  const matches = result.motifs.flatMap((one) => one.matches);
  await mkdir(out, { recursive: true });
  await writeFileAtomically(join(out, "occurrences.tsv"), formatOccurrences(result));
  await writeFileAtomically(
    join(out, "motifs.meme"),
    found.length === 0 ? "" : writeMotifs(found, "meme", { replaceSpaces: true }),
  );
  await writeFileAtomically(
    join(out, "tomtom.tsv"),
    writeTomtomTsv(matches, found, database, [
      `bindscape motifs pipeline: Version ${BINDSCAPE_VERSION}`,
      commandText(),
    ]),
  );
  await writeFileAtomically(join(out, "pipeline.html"), page);
  await writeFileAtomically(join(out, "motifs.json"), formatMotifsJson(result));
}

/** One line a motif. */
function describeMotifs({ motifs }: PipelineResult, database: readonly Motif[]): string[] {
  return motifs.map((one, index) => {
    const { motif, flanks, random, matches } = one;
    const flags = [
      one.hasPoorCentrality ? "poor centrality" : "",
      one.hasPoorEnrichment ? "poor enrichment" : "",
    ].filter((text) => text !== "");
    const best = matches.length === 0 ? "no match" : `like ${database[matches[0].target].name}`;
    return [
      `${index + 1}  ${motif.name}`,
      `centres ${percent(flanks.hits, flanks.total)}, flanks ${percent(flanks.controlHits, flanks.controlTotal)} (z ${flanks.zScore.toFixed(1)}), random ${percent(random.controlHits, random.controlTotal)} (z ${random.zScore.toFixed(1)})`,
      best,
      ...flags,
    ].join("; ");
  });
}

function summarise(
  { motifs, peaks, topPeaks, testedPeaks, occurrences }: PipelineResult,
  database: readonly Motif[],
) {
  return {
    peaks,
    topPeaks,
    testedPeaks,
    occurrences: occurrences.length,
    motifs: motifs.map(
      ({ motif, flanks, random, hasPoorCentrality, hasPoorEnrichment, matches, peaksWithSites }) => ({
        name: motif.name,
        eValue: motif.eValue ?? null,
        sites: motif.sites ?? null,
        peaksWithSites,
        ratio: flanks.hits / flanks.total,
        flanks: {
          ratio: flanks.controlHits / flanks.controlTotal,
          zScore: flanks.zScore,
          pValue: flanks.pValue,
        },
        random: {
          ratio: random.controlHits / random.controlTotal,
          zScore: random.zScore,
          pValue: random.pValue,
        },
        hasPoorCentrality,
        hasPoorEnrichment,
        best:
          matches.length === 0
            ? null
            : {
                id: database[matches[0].target].id,
                name: database[matches[0].target].name,
                eValue: matches[0].eValue,
              },
      }),
    ),
  };
}

function percent(hits: number, total: number): string {
  return `${((100 * hits) / total).toFixed(1)} %`;
}

function parseShare(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("Expected a number above 0, at most 1.");
  return value;
}

function parseThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number of at least 0.");
  }
  return value;
}
