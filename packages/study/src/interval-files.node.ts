import {
  type BedRecord,
  fileNameOf,
  type Interval,
  type NarrowPeak,
  readBed,
  readNarrowPeak,
  withSource,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Assembly } from "./assembly.js";
import { ChromosomeNames } from "./chromosome-names.js";

/**
 * Intervals of a BED file, on chromosomes of the assembly; others are passed over with a warning.
 * @param warnings what was odd is added
 * @throws BindscapeError for a damaged file, and for one of another assembly
 */
export async function readIntervalFile(
  file: string,
  assembly: Assembly,
  warnings: string[],
): Promise<Interval[]> {
  const records = await withSource(file, (source) => readBed(source));
  return placeOnAssembly(records, file, assembly, warnings).map(({ chromosome, start, end }) => ({
    chromosome,
    start,
    end,
  }));
}

/** As {@link readIntervalFile}, with all columns: narrowPeak by its ending, BED otherwise. In the order of the file. */
export async function readPeakFile(
  file: string,
  assembly: Assembly,
  warnings: string[],
): Promise<(BedRecord | NarrowPeak)[]> {
  const narrow = /\.narrowpeak(\.gz)?$/i.test(fileNameOf(file));
  const records = await withSource(file, (source) => (narrow ? readNarrowPeak(source) : readBed(source)));
  return placeOnAssembly(records, file, assembly, warnings);
}

/** `flank` bp on either side of a peak's summit; of its middle where no summit was called. */
export function aroundSummit(peak: BedRecord | NarrowPeak, flank: number): Interval {
  const called = "peak" in peak && peak.peak >= 0;
  const summit = called ? peak.start + (peak as NarrowPeak).peak : Math.floor((peak.start + peak.end) / 2);
  return { chromosome: peak.chromosome, start: Math.max(0, summit - flank), end: summit + flank };
}

/** Renames records to the assembly's chromosomes and checks that they end within them. */
function placeOnAssembly<T extends BedRecord>(
  records: readonly T[],
  file: string,
  assembly: Assembly,
  warnings: string[],
): T[] {
  if (records.length === 0) return [];
  const names = ChromosomeNames.match([...new Set(records.map((r) => r.chromosome))], assembly, file);
  const sizes = new Map(assembly.chromosomes.map(({ name, size }) => [name, size]));
  const kept: T[] = [];
  for (const record of records) {
    const chromosome = names.inAssembly(record.chromosome);
    if (chromosome === undefined) continue;
    // The ends of chromosomes are not known where the assembly is made of pieces.
    if (assembly.isWhole && record.end > sizes.get(chromosome)!) {
      throw new BindscapeError({
        source: file,
        line: record.line,
        found: `${record.chromosome}:${record.start}-${record.end} ends beyond the chromosome`,
        expected: `an end of at most ${sizes.get(chromosome)} on ${chromosome}`,
        next: "Check that the file is of the study's assembly",
      });
    }
    kept.push({ ...record, chromosome });
  }
  warnings.push(...names.finish());
  return kept;
}
