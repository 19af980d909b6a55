import type { Interval, SequenceRecord } from "@bindscape/genome";
import { BindscapeError, type ProgressListener, Random } from "@bindscape/numerics";
import { compare, type MotifMatch } from "../compare/compare.js";
import { type CentralityHistogram, countByOffset, type SiteAtSummit } from "../enrich/centrality.js";
import {
  countSequencesWithSites,
  isPoorlyEnriched,
  type OccurrenceTest,
  testOccurrences,
} from "../enrich/occurrence-ratio.js";
import { type ReadableGenome, sampleMatchedRegions } from "../matched-regions.js";
import type { Motif } from "../motif.js";
import { scan } from "../scan/scan.js";
import { centreOf, extentOf, flanksOf, PEAK_FLANK, readWindows } from "./peak-windows.js";
import type { PeakSelection, RankedPeak } from "./select-peaks.js";

/** Finds motifs in the centres of the strongest peaks: MEME's zoops model in Factorbook. */
export type MotifFinder = (
  centres: readonly SequenceRecord[],
  options: { readonly onProgress?: ProgressListener; readonly signal?: AbortSignal },
) => Promise<readonly Motif[]>;

/** The pipeline's choices; when left out they are those of Factorbook (Pratt et al. 2022). */
export interface ChipSeqPipelineOptions {
  readonly findMotifs: MotifFinder;
  /** Motifs that those found are compared with. */
  readonly database: readonly Motif[];
  /** Peaks that motifs are found in, and peaks after them that motifs are tested on; 500. */
  readonly topPeaks?: number;
  /** Random genomic sequences for each centre that is tested; 100. */
  readonly randomPerPeak?: number;
  /** Largest difference of their GC shares; 0.1. */
  readonly gcTolerance?: number;
  /** Regions that random sequences keep off. */
  readonly exclude?: readonly Interval[];
  /** p-value of a site; 0.0001. */
  readonly siteThreshold?: number;
  /** Threshold of matches in the database, on the q-value unless said otherwise; 0.5. */
  readonly matchThreshold?: number;
  readonly matchThresholdOn?: "q-value" | "E-value";
  /** bp on either side of summits in which sites are counted by their offset; 300. */
  readonly centralityRange?: number;
  /** Of the random sequences; 0. */
  readonly seed?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A site of a motif in a peak. */
export interface PeakOccurrence {
  /** Index of the motif. */
  readonly motif: number;
  readonly chromosome: string;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  readonly qValue: number;
}

/** A motif that was found, and what the pipeline says of it. */
export interface PipelineMotif {
  readonly motif: Motif;
  /** Peaks of all with at least one site. */
  readonly peaksWithSites: number;
  /** Centres of the peaks tested against their flanks. */
  readonly flanks: OccurrenceTest;
  /** The same against random genomic sequences of like GC share. */
  readonly random: OccurrenceTest;
  readonly centrality: CentralityHistogram;
  /** Not more frequent in centres than in flanks. */
  readonly hasPoorCentrality: boolean;
  /** Not more frequent in centres than in random sequences. */
  readonly hasPoorEnrichment: boolean;
  /** Its matches in the database, best first. */
  readonly matches: readonly MotifMatch[];
}

export interface PipelineResult {
  readonly motifs: readonly PipelineMotif[];
  /** Each site once, also where peaks overlap: by motif, chromosome as the genome orders them, and start. */
  readonly occurrences: readonly PeakOccurrence[];
  readonly peaks: number;
  /** Peaks that motifs were found in, and tested on. */
  readonly topPeaks: number;
  readonly testedPeaks: number;
}

/**
 * Factorbook's ChIP-seq pipeline: motifs from the centres of the strongest peaks; their sites in the centres of the next
 * strongest, in the flanks of these and in random genomic sequences of the same length and about the same GC share; all
 * sites in all peaks and where they lie around the summits; and the motifs of a database that they resemble.
 *
 * @throws BindscapeError for fewer peaks than `topPeaks` and one to test on
 */
export async function runChipSeqPipeline(
  selection: Pick<PeakSelection, "peaks">,
  genome: ReadableGenome,
  options: ChipSeqPipelineOptions,
): Promise<PipelineResult> {
  const { topPeaks = 500, siteThreshold = 1e-4, onProgress, signal } = options;
  const { peaks } = selection;
  const top = peaks.slice(0, topPeaks);
  const tested = peaks.slice(topPeaks, 2 * topPeaks);
  if (tested.length === 0) {
    throw new BindscapeError({
      source: "pipeline",
      found: `${peaks.length} peaks`,
      expected: `more than the ${topPeaks} that motifs are found in, since they are tested on those that come after`,
      next: "Lower the number of top peaks (--top)",
    });
  }
  const read = (task: string, windows: Parameters<typeof readWindows>[1]) =>
    readWindows(genome, windows, { task, onProgress, signal });
  const centres = await read(
    "reading top peaks",
    top.map((peak) => centreOf(peak)),
  );
  const found = await options.findMotifs(centres, { onProgress, signal });
  signal?.throwIfAborted();
  const testedCentres = await read(
    "reading tested peaks",
    tested.map((peak) => centreOf(peak)),
  );
  const flanks = await read(
    "reading flanks",
    tested.flatMap((peak) => flanksOf(peak)),
  );
  const { randomPerPeak = 100, gcTolerance = 0.1, exclude = [], seed = 0 } = options;
  onProgress?.({ task: "drawing random sequences", done: 0, total: 1, unit: "steps" });
  const random = await sampleMatchedRegions(genome, {
    sequences: testedCentres.map(({ codes }) => codes),
    perSequence: randomPerPeak,
    tolerance: gcTolerance,
    avoid: exclude,
    random: Random.forPart(seed, "random genomic sequences"),
    signal,
  });
  const countSites = (sequences: readonly { readonly codes: Uint8Array }[]) =>
    countSequencesWithSites(
      found,
      sequences.map(({ codes }) => ({ name: "", codes })),
      { threshold: siteThreshold },
    );
  const centreHits = countSites(testedCentres);
  const flankHits = countSites(flanks);
  const randomHits = countSites(random);
  const { occurrences, peaksWithSites } = await findOccurrences(found, peaks, genome, siteThreshold, read);
  const centrality = await measureCentrality(
    found,
    peaks,
    siteThreshold,
    options.centralityRange ?? 300,
    read,
  );
  signal?.throwIfAborted();
  onProgress?.({ task: "comparing motifs", done: 0, total: found.length, unit: "motifs" });
  const matches =
    found.length === 0
      ? []
      : compare(found, options.database, {
          threshold: options.matchThreshold ?? 0.5,
          thresholdOn: options.matchThresholdOn ?? "q-value",
          onProgress,
        });
  return {
    motifs: found.map((motif, index) => {
      const againstFlanks = testOccurrences(
        centreHits[index],
        testedCentres.length,
        flankHits[index],
        flanks.length,
      );
      const againstRandom = testOccurrences(
        centreHits[index],
        testedCentres.length,
        randomHits[index],
        random.length,
      );
      return {
        motif,
        peaksWithSites: peaksWithSites[index],
        flanks: againstFlanks,
        random: againstRandom,
        centrality: centrality[index],
        hasPoorCentrality: isPoorlyEnriched(againstFlanks),
        hasPoorEnrichment: isPoorlyEnriched(againstRandom),
        matches: matches.filter(({ query }) => query === index),
      };
    }),
    occurrences,
    peaks: peaks.length,
    topPeaks: top.length,
    testedPeaks: tested.length,
  };
}

type Read = (task: string, windows: Parameters<typeof readWindows>[1]) => ReturnType<typeof readWindows>;

/** All sites in all peaks. */
async function findOccurrences(
  motifs: readonly Motif[],
  peaks: readonly RankedPeak[],
  genome: ReadableGenome,
  threshold: number,
  read: Read,
): Promise<{ occurrences: PeakOccurrence[]; peaksWithSites: number[] }> {
  const sequences = await read(
    "reading all peaks",
    peaks.map((peak) => extentOf(peak, PEAK_FLANK)),
  );
  const { sites } = scan(motifs, sequences, { threshold, parseGenomicCoordinates: false });
  const withSites = motifs.map(() => new Set<number>());
  const occurrences = new Map<string, PeakOccurrence>();
  for (const { motif, sequence, start, end, strand, qValue } of sites) {
    withSites[motif].add(sequence);
    const { chromosome, start: from } = sequences[sequence];
    const key = `${motif} ${chromosome} ${from + start} ${strand}`;
    if (occurrences.has(key)) continue;
    occurrences.set(key, {
      motif,
      chromosome,
      start: from + start,
      end: from + end,
      strand,
      qValue: qValue!,
    });
  }
  const rank = new Map(genome.chromosomes.map(({ name }, index) => [name, index]));
  return {
    occurrences: [...occurrences.values()].sort(
      (a, b) =>
        a.motif - b.motif ||
        rank.get(a.chromosome)! - rank.get(b.chromosome)! ||
        a.start - b.start ||
        Number(a.strand === "-") - Number(b.strand === "-"),
    ),
    peaksWithSites: withSites.map(({ size }) => size),
  };
}

/**
 * Sites by their offset from summits, in windows of one width about all summits: in peaks as called the curve would
 * show how wide peaks are besides where sites lie.
 */
async function measureCentrality(
  motifs: readonly Motif[],
  peaks: readonly RankedPeak[],
  threshold: number,
  range: number,
  read: Read,
): Promise<CentralityHistogram[]> {
  const longest = Math.max(0, ...motifs.map(({ length }) => length));
  const sequences = await read(
    "reading around summits",
    peaks.map((peak) => extentOf({ ...peak, start: peak.summit, end: peak.summit }, range + longest)),
  );
  const { sites } = scan(motifs, sequences, {
    threshold,
    computeQValues: false,
    parseGenomicCoordinates: false,
  });
  const byMotif = motifs.map((): SiteAtSummit[] => []);
  for (const { motif, sequence, start, end, strand } of sites) {
    const from = sequences[sequence].start;
    byMotif[motif].push({ start: from + start, end: from + end, strand, summit: peaks[sequence].summit });
  }
  return byMotif.map((one) => countByOffset(one, range));
}
