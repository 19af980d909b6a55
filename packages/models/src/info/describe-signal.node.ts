import { BigWigReader, type BigWigSummary, type ByteSource, openFile, readBedGraph } from "@bindscape/genome";
import { type Contents, count, formatNames, formatNumber, formatShare, formatValue } from "./description.js";

const bigWigMagic = 0x888ffc26;

/** A bigWig's chromosomes, totals and zoom levels. */
export async function describeBigWig(source: ByteSource): Promise<Contents> {
  return describeReader(await BigWigReader.open(source), "bigWig track", {}, []);
}

/**
 * A bigBed's. Header, chromosome tree, summary and zoom levels are those of bigWig (the summary counts how many
 * features cover a base), so the bigWig reader reads them once the first four bytes say bigWig.
 */
export async function describeBigBed(source: ByteSource): Promise<Contents> {
  const start = await source.read(0, 64);
  const view = new DataView(start.buffer, start.byteOffset, 64);
  const littleEndian = view.getUint32(0, true) === 0x8789f2eb;
  const columns = view.getUint16(32, littleEndian);
  const dataOffset = Number(view.getBigUint64(16, littleEndian));
  const counted = await source.read(dataOffset, 8);
  const features = Number(new DataView(counted.buffer, counted.byteOffset, 8).getBigUint64(0, littleEndian));
  const reader = await BigWigReader.open({
    name: source.name,
    size: () => source.size(),
    read: async (offset, length) => {
      const bytes = await source.read(offset, length);
      if (offset > 0 || length < 4) return bytes;
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(0, bigWigMagic, littleEndian);
      return copy;
    },
  });
  const rows = [["features", `${formatNumber(features)} in ${columns} columns`] as const];
  return describeReader(reader, "bigBed features", { features, columns }, rows);
}

function describeReader(
  reader: BigWigReader,
  kind: string,
  facts: Contents["facts"],
  rows: Contents["rows"],
): Contents {
  const { chromosomes, summary, zoomLevels } = reader;
  const bases = chromosomes.reduce((sum, { size }) => sum + size, 0);
  const reductions = zoomLevels.map(({ reduction }) => reduction);
  return {
    kind,
    facts: {
      ...facts,
      chromosomes: chromosomes.map(({ name, size }) => ({ name, size })),
      bases,
      summary: summary && { ...summary, ...summarise(summary) },
      zoomLevels: reductions,
    },
    rows: [
      ...rows,
      [
        "chromosomes",
        `${formatNumber(chromosomes.length)}: ${formatNames(chromosomes.map(({ name }) => name))}`,
      ],
      ["length", `${formatNumber(bases)} bp`],
      ...(summary === null ? ([["totals", "not in this file"]] as const) : describeSummary(summary, bases)),
      [
        "zoom levels",
        reductions.length === 0 ? "none" : `${reductions.map((bp) => formatNumber(bp)).join(", ")} bp`,
      ],
    ],
  };
}

function summarise({ basesCovered, sum, sumSquares }: BigWigSummary): {
  mean: number | null;
  standardDeviation: number | null;
} {
  if (basesCovered === 0) return { mean: null, standardDeviation: null };
  const mean = sum / basesCovered;
  const variance = Math.max(0, sumSquares - sum * mean) / Math.max(1, basesCovered - 1);
  return { mean, standardDeviation: Math.sqrt(variance) };
}

function describeSummary(summary: BigWigSummary, bases: number): Contents["rows"] {
  const { basesCovered, min, max } = summary;
  const { mean, standardDeviation } = summarise(summary);
  if (mean === null) return [["with a value", "no base"]];
  return [
    ["with a value", `${formatNumber(basesCovered)} bp (${formatShare(basesCovered, bases)})`],
    [
      "mean",
      `${formatValue(mean)} over the bases with a value (standard deviation ${formatValue(standardDeviation!)})`,
    ],
    ["range", `${formatValue(min)} to ${formatValue(max)}`],
  ];
}

/** A bedGraph's intervals and the mean of their values; the file is streamed. */
export async function describeBedGraph(file: string): Promise<Contents> {
  const source = await openFile(file);
  const chromosomes = new Map<string, number>();
  let intervals = 0;
  let bases = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  try {
    for await (const { chromosome, start, end, value } of readBedGraph(source)) {
      chromosomes.set(chromosome, (chromosomes.get(chromosome) ?? 0) + 1);
      intervals++;
      bases += end - start;
      sum += (end - start) * value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  } finally {
    await source.close();
  }
  const hasAny = intervals > 0;
  return {
    kind: "bedGraph track",
    facts: {
      intervals,
      bases,
      mean: hasAny ? sum / bases : null,
      min: hasAny ? min : null,
      max: hasAny ? max : null,
      chromosomes: Object.fromEntries(chromosomes),
    },
    rows: [
      [
        "intervals",
        `${formatNumber(intervals)} on ${count(chromosomes.size, "chromosome")}: ${formatNames([...chromosomes.keys()])}`,
      ],
      ["with a value", `${formatNumber(bases)} bp`],
      ["mean", hasAny ? `${formatValue(sum / bases)} over the bases with a value` : "none"],
      ["range", hasAny ? `${formatValue(min)} to ${formatValue(max)}` : "none"],
    ],
  };
}
