import {
  type BedRecord,
  mergeIntervals,
  type NarrowPeak,
  openFile,
  readBed,
  readFragments,
  readNarrowPeak,
  totalLength,
} from "@bindscape/genome";
import { quantile } from "@bindscape/numerics";
import { type Contents, count, formatNames, formatNumber, formatValue } from "./description.js";

/** Distinct barcodes that are told apart: a set of more would fill the memory. */
const mostBarcodes = 2_000_000;

/** A BED file's regions. */
export async function describeBed(file: string): Promise<Contents> {
  const source = await openFile(file);
  const records = await readBed(source).finally(() => source.close());
  const columns = records.length === 0 ? 0 : records[0].fields.length;
  return describeRegions("BED regions", records, { columns }, [["columns", String(columns)]]);
}

/** A narrowPeak file's peaks. */
export async function describeNarrowPeak(file: string): Promise<Contents> {
  const source = await openFile(file);
  const peaks: NarrowPeak[] = await readNarrowPeak(source).finally(() => source.close());
  const withSummit = peaks.filter(({ peak }) => peak >= 0).length;
  const signal =
    peaks.length === 0
      ? Number.NaN
      : quantile(
          peaks.map(({ signalValue }) => signalValue),
          0.5,
        );
  const facts = { withSummit, medianSignalValue: peaks.length === 0 ? null : signal };
  return describeRegions("narrowPeak peaks", peaks, facts, [
    ["with a summit", formatNumber(withSummit)],
    ["median signal", formatValue(signal)],
  ]);
}

function describeRegions(
  kind: string,
  records: readonly BedRecord[],
  facts: Contents["facts"],
  rows: Contents["rows"],
): Contents {
  const chromosomes = new Map<string, number>();
  for (const { chromosome } of records) chromosomes.set(chromosome, (chromosomes.get(chromosome) ?? 0) + 1);
  const median =
    records.length === 0
      ? Number.NaN
      : quantile(
          records.map(({ start, end }) => end - start),
          0.5,
        );
  const covered = totalLength(mergeIntervals(records));
  return {
    kind,
    facts: {
      regions: records.length,
      medianWidth: records.length === 0 ? null : median,
      basesCovered: covered,
      chromosomes: Object.fromEntries(chromosomes),
      ...facts,
    },
    rows: [
      [
        "regions",
        `${formatNumber(records.length)} on ${count(chromosomes.size, "chromosome")}: ${formatNames([...chromosomes.keys()])}`,
      ],
      ["median width", records.length === 0 ? "none" : `${formatNumber(median, 1)} bp`],
      ["covered", `${formatNumber(covered)} bp`],
      ...rows,
    ],
  };
}

/** A fragment file's fragments, cells and median length; it is streamed. */
export async function describeFragments(file: string): Promise<Contents> {
  const source = await openFile(file);
  const chromosomes = new Map<string, number>();
  const lengths = new Map<number, number>();
  const barcodes = new Set<string>();
  let fragments = 0;
  let reads = 0;
  try {
    for await (const { chromosome, start, end, barcode, count: copies } of readFragments(source)) {
      fragments++;
      reads += copies;
      chromosomes.set(chromosome, (chromosomes.get(chromosome) ?? 0) + 1);
      lengths.set(end - start, (lengths.get(end - start) ?? 0) + 1);
      if (barcodes.size < mostBarcodes) barcodes.add(barcode);
    }
  } finally {
    await source.close();
  }
  const median = medianOfCounts(lengths, fragments);
  const isMore = barcodes.size === mostBarcodes;
  return {
    kind: "ATAC-seq fragments",
    facts: {
      fragments,
      readPairs: reads,
      barcodes: barcodes.size,
      barcodesAreMore: isMore,
      medianLength: median,
      chromosomes: Object.fromEntries(chromosomes),
    },
    rows: [
      [
        "fragments",
        `${formatNumber(fragments)} on ${count(chromosomes.size, "chromosome")}: ${formatNames([...chromosomes.keys()])}`,
      ],
      ["read pairs", formatNumber(reads)],
      ["barcodes", `${isMore ? "at least " : ""}${formatNumber(barcodes.size)}`],
      ["median length", median === null ? "none" : `${formatNumber(median)} bp`],
    ],
  };
}

/** The lower median of values given with how often each occurs. */
function medianOfCounts(counts: ReadonlyMap<number, number>, total: number): number | null {
  let before = 0;
  for (const [value, times] of [...counts].sort(([a], [b]) => a - b)) {
    before += times;
    if (2 * before >= total) return value;
  }
  return null;
}
