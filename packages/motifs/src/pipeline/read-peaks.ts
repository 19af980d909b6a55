import { type ByteSource, readBed, readNarrowPeak } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { CalledPeak } from "./select-peaks.js";

const NARROW_PEAK_COLUMNS = 10;

/**
 * Reads called peaks: narrowPeak where lines have its ten columns, else BED, of which places alone are taken.
 * @throws BindscapeError with the line for anything else, and for no peaks
 */
export async function readCalledPeaks(source: ByteSource): Promise<CalledPeak[]> {
  const records = await readBed(source);
  if (records.length === 0) {
    throw new BindscapeError({
      source: source.name,
      found: "no peaks",
      expected: "narrowPeak or BED: chromosome, start and end on each line",
    });
  }
  if (records[0].fields.length === NARROW_PEAK_COLUMNS) return readNarrowPeak(source);
  return records.map(({ chromosome, start, end }) => ({ chromosome, start, end }));
}
