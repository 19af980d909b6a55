import type { SequenceRecord } from "@bindscape/genome";
import type { ProgressListener } from "@bindscape/numerics";
import type { ReadableGenome } from "../matched-regions.js";
import type { RankedPeak } from "./select-peaks.js";

/** A stretch of the genome. */
export interface GenomicWindow {
  readonly chromosome: string;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
}

/** Windows between looks at the signal. */
const WINDOWS_PER_TURN = 4096;

/** bp of a peak's centre and of each of its flanks. */
const CENTRE_SIZE = 100;
/** bp on either side of a summit: centre and flanks, and what counts as the peak where it was called narrower. */
export const PEAK_FLANK = 150;

/** 100 bp around the summit, which is the first base of the second half. */
export function centreOf({ chromosome, summit }: RankedPeak): GenomicWindow {
  const start = summit - CENTRE_SIZE / 2;
  return { chromosome, start, end: start + CENTRE_SIZE };
}

/** The 100 bp on either side of the centre. */
export function flanksOf(peak: RankedPeak): [GenomicWindow, GenomicWindow] {
  const { chromosome, start, end } = centreOf(peak);
  return [
    { chromosome, start: start - CENTRE_SIZE, end: start },
    { chromosome, start: end, end: end + CENTRE_SIZE },
  ];
}

/** The peak as called, and at least `flank` bp on either side of its summit. */
export function extentOf({ chromosome, start, end, summit }: RankedPeak, flank: number): GenomicWindow {
  return { chromosome, start: Math.min(start, summit - flank), end: Math.max(end, summit + flank) };
}

/** Reads windows of a genome; those that run off a chromosome are cut. Names are chrom:start-end, 1-based and inclusive. */
export async function readWindows(
  genome: ReadableGenome,
  windows: readonly GenomicWindow[],
  options: { readonly task: string; readonly onProgress?: ProgressListener; readonly signal?: AbortSignal },
): Promise<(SequenceRecord & GenomicWindow)[]> {
  const { task, onProgress, signal } = options;
  const sizes = new Map(genome.chromosomes.map(({ name, size }) => [name, size]));
  const read: (SequenceRecord & GenomicWindow)[] = new Array(windows.length);
  // In genome order, which files like best.
  const order = [...windows.keys()].sort((i, j) => {
    const [a, b] = [windows[i], windows[j]];
    return a.chromosome === b.chromosome ? a.start - b.start : a.chromosome < b.chromosome ? -1 : 1;
  });
  for (const [done, index] of order.entries()) {
    if (done % WINDOWS_PER_TURN === 0) {
      signal?.throwIfAborted();
      onProgress?.({ task, done, total: windows.length, unit: "sequences" });
    }
    const { chromosome } = windows[index];
    const start = Math.max(0, windows[index].start);
    const end = Math.min(sizes.get(chromosome)!, windows[index].end);
    const codes = Uint8Array.from(await genome.readCodes(chromosome, start, end));
    read[index] = {
      name: `${chromosome}:${start + 1}-${end}`,
      description: "",
      codes,
      chromosome,
      start,
      end,
    };
  }
  onProgress?.({ task, done: windows.length, total: windows.length, unit: "sequences" });
  return read;
}
