import type { Interval } from "@bindscape/genome";
import { type ProgressListener, Random } from "@bindscape/numerics";
import { type ReadableGenome, sampleMatchedRegions } from "../matched-regions.js";
import type { Motif } from "../motif.js";
import { centreOf, flanksOf, readWindows } from "../pipeline/peak-windows.js";
import type { RankedPeak } from "../pipeline/select-peaks.js";
import { scan } from "../scan/scan.js";
import { type CentralityHistogram, countByOffset } from "./centrality.js";
import { type EnrichOptions, enrich, type MotifEnrichment } from "./enrich.js";

/** A motif's enrichment in peaks, and where all its sites lie around the summits. */
export interface PeakEnrichment extends MotifEnrichment {
  readonly centrality: CentralityHistogram;
}

export interface EnrichPeaksOptions extends Omit<EnrichOptions, "around" | "flanks" | "random" | "controls"> {
  /** bp on either side of summits in which sites are counted; 300 when left out. */
  readonly range?: number;
  /** Random genomic sequences for each peak; 10 when left out. */
  readonly randomPerPeak?: number;
  /** Largest difference of their GC shares from a peak's; 0.1 when left out. */
  readonly gcTolerance?: number;
  /** Regions that random sequences keep off. */
  readonly exclude?: readonly Interval[];
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Tests motifs in the 100-bp centres of peaks, as {@link enrich} does: against the 100 bp on either side, and against
 * random genomic sequences of about the same GC share, which are the controls of the ranking too. Positions of best
 * sites and the histogram of all sites are taken within `range` of the summits.
 *
 * @param peaks see `selectPeaks`; of those closer than `range` to an end of their chromosome the histogram counts what is
 *   there, the positions of best sites nothing
 * @returns by p-value of enrichment
 */
export async function enrichPeaks(
  motifs: readonly Motif[],
  peaks: readonly RankedPeak[],
  genome: ReadableGenome,
  options: EnrichPeaksOptions = {},
): Promise<PeakEnrichment[]> {
  const { range = 300, randomPerPeak = 10, gcTolerance = 0.1, exclude = [], seed = 0 } = options;
  const { onProgress, signal, siteThreshold = 1e-4, bothStrands } = options;
  const read = (task: string, windows: Parameters<typeof readWindows>[1]) =>
    readWindows(genome, windows, { task, onProgress, signal });
  const centres = await read("reading peaks", peaks.map(centreOf));
  const flanks = await read("reading flanks", peaks.flatMap(flanksOf));
  const around = await read(
    "reading around peaks",
    peaks.map(({ chromosome, summit }) => ({ chromosome, start: summit - range, end: summit + range + 1 })),
  );
  onProgress?.({ task: "drawing random sequences", done: 0, total: peaks.length, unit: "peaks" });
  const random = await sampleMatchedRegions(genome, {
    sequences: centres.map(({ codes }) => codes),
    perSequence: randomPerPeak,
    tolerance: gcTolerance,
    avoid: [...exclude, ...centres],
    random: new Random(`random sequences ${seed}`),
    signal,
  });
  onProgress?.({ task: "testing motifs", done: 0, total: motifs.length, unit: "motifs" });
  const results = enrich(motifs, centres, {
    ...options,
    around,
    flanks,
    random: random.map(({ codes }) => ({ name: "random", codes })),
  });
  signal?.throwIfAborted();
  const { sites } = scan(motifs, around, {
    threshold: siteThreshold,
    bothStrands,
    computeQValues: false,
    parseGenomicCoordinates: false,
  });
  const byMotif = motifs.map((): { start: number; end: number; strand: "+" | "-"; summit: number }[] => []);
  for (const { motif, start, end, strand } of sites)
    byMotif[motif].push({ start, end, strand, summit: range });
  onProgress?.({ task: "testing motifs", done: motifs.length, total: motifs.length, unit: "motifs" });
  return results.map((result) => ({ ...result, centrality: countByOffset(byMotif[result.motif], range) }));
}
