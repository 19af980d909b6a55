import {
  type ByteSource,
  matchChromosomeNames,
  readBedRecords,
  readGff,
  readTextLines,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { SequencePlace } from "@bindscape/study";

/** First bases of transcripts by chromosome, ascending, 0-based. */
export type TranscriptionStarts = ReadonlyMap<string, Int32Array>;

/** bp within which a site is proximal to a transcription start, by assembly; see {@link proximalDistance}. */
const DISTANCES: Readonly<Record<string, number>> = { hg19: 3000, hg38: 3000, mm10: 3000, sacCer3: 500 };

/**
 * bp within which a site is proximal in an assembly: 3000 in human, as the paper has it, and mouse; 500 in yeast, where
 * 97 % of the genome lies within 3 kb of a start; 3000 where the assembly is unknown.
 */
export function proximalDistance(assembly: string | undefined): number {
  return assembly !== undefined && Object.hasOwn(DISTANCES, assembly) ? DISTANCES[assembly] : 3000;
}

/** Assemblies with a distance of their own. */
export const knownDistances: Readonly<Record<string, number>> = DISTANCES;

/**
 * Transcription starts from a GTF or GFF3 file (its transcripts and mRNAs, or genes where it lists none), a BED file (the
 * first base on the strand of each record), or SGD's table of features (genes, of which it gives the first base of the
 * coding sequence; dubious ones left out). Plain or gzip; told apart by name.
 * @throws BindscapeError for damaged lines, and for files without a start
 */
export async function readTranscriptionStarts(source: ByteSource): Promise<TranscriptionStarts> {
  const name = source.name.replace(/\.(gz|bgz)$/i, "");
  const found = /\.(gtf|gff|gff2|gff3)$/i.test(name)
    ? await readGffStarts(source)
    : /\.tab$/i.test(name)
      ? await readSgdStarts(source)
      : await readBedStarts(source);
  if (found.length === 0) {
    throw new BindscapeError({
      source: source.name,
      found: "no transcription starts",
      expected: "GTF or GFF3 with transcripts, BED, or SGD_features.tab",
    });
  }
  const byChromosome = new Map<string, number[]>();
  for (const { chromosome, position } of found) {
    const known = byChromosome.get(chromosome);
    if (known) known.push(position);
    else byChromosome.set(chromosome, [position]);
  }
  return new Map([...byChromosome].map(([chromosome, list]) => [chromosome, Int32Array.from(list).sort()]));
}

interface Start {
  readonly chromosome: string;
  readonly position: number;
}

async function readGffStarts(source: ByteSource): Promise<Start[]> {
  const transcripts: Start[] = [];
  const genes: Start[] = [];
  for await (const { chromosome, type, start, end, strand } of readGff(source)) {
    if (strand === ".") continue;
    const position = strand === "+" ? start : end - 1;
    if (type === "transcript" || /^(m|t|r|sn|sno|nc|lnc_|mi|primary_)?(RNA|transcript)$/.test(type)) {
      transcripts.push({ chromosome, position });
    } else if (type.endsWith("gene")) genes.push({ chromosome, position });
  }
  return transcripts.length > 0 ? transcripts : genes;
}

async function readBedStarts(source: ByteSource): Promise<Start[]> {
  const starts: Start[] = [];
  for await (const { chromosome, start, end, strand } of readBedRecords(source)) {
    starts.push({ chromosome, position: strand === "-" ? end - 1 : start });
  }
  return starts;
}

async function readSgdStarts(source: ByteSource): Promise<Start[]> {
  const starts: Start[] = [];
  for await (const { line, text } of readTextLines(source)) {
    const fields = text.split("\t");
    if (fields.length < 12) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `${fields.length} columns`,
        expected: "the 16 of SGD_features.tab, separated by tabs",
      });
    }
    const [, type, qualifier] = fields;
    if (!(type === "ORF" || type.endsWith("_gene")) || qualifier === "Dubious" || fields[11].trim() === "")
      continue;
    // 1-based; a start behind the end is on the Crick strand.
    const position = Number(fields[9]) - 1;
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `the start (column 10) ${JSON.stringify(fields[9])}`,
        expected: "a whole number from 1 on",
      });
    }
    starts.push({ chromosome: fields[8], position });
  }
  return starts;
}

/**
 * Distance of the nearest transcription start from the core of each sequence, in bp, 0 within it; Infinity on chromosomes
 * without a start. Chromosome names are matched: 4, chrIV and IV are the same.
 * @throws BindscapeError where no chromosome of the sequences has a start
 */
export function distancesToStarts(
  places: readonly SequencePlace[],
  cores: Int32Array | null,
  starts: TranscriptionStarts,
  source: string,
): Float64Array {
  const { map } = matchChromosomeNames(
    places.map(({ chromosome }) => chromosome),
    [...starts.keys()],
  );
  if (map.size === 0) {
    throw new BindscapeError({
      source,
      found: `starts on ${[...starts.keys()].slice(0, 5).join(", ")}, sequences on ${[...new Set(places.map(({ chromosome }) => chromosome))].slice(0, 5).join(", ")}`,
      expected: "chromosomes in common",
    });
  }
  return Float64Array.from(places, (place, i) => {
    const sorted = starts.get(map.get(place.chromosome) ?? "");
    if (sorted === undefined) return Number.POSITIVE_INFINITY;
    const [first, end] =
      cores === null
        ? [place.start, place.end]
        : place.strand === "+"
          ? [place.start + cores[2 * i], place.start + cores[2 * i + 1]]
          : [place.end - cores[2 * i + 1], place.end - cores[2 * i]];
    return nearest(sorted, first, end);
  });
}

function nearest(sorted: Int32Array, first: number, end: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < first) low = middle + 1;
    else high = middle;
  }
  const behind = low < sorted.length ? Math.max(0, sorted[low] - (end - 1)) : Number.POSITIVE_INFINITY;
  const before = low > 0 ? first - sorted[low - 1] : Number.POSITIVE_INFINITY;
  return Math.min(before, behind);
}
