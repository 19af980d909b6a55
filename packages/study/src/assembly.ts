import type { ChromosomeSize, SequenceRecord } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** A stretch of a chromosome whose sequence is known: a whole chromosome, or a piece of one. */
export interface Segment {
  readonly chromosome: string;
  /** 0-based, half-open chromosome coordinates. */
  readonly start: number;
  readonly end: number;
  /** Where its first base lies in {@link Assembly.codes} and in the values of every track. */
  readonly offset: number;
}

/**
 * A genome, as a rule in memory, held once at one byte a base: codes 0-3 for A, C, G, T and 4 for everything else,
 * all segments behind one another. The bytes lie in a SharedArrayBuffer where there is one, so that worker threads
 * read the same memory.
 */
export class Assembly {
  readonly #segmentsByChromosome = new Map<string, Segment[]>();
  readonly #codes: Uint8Array | null;
  /** Bases in all segments. */
  readonly size: number;

  /** @param codes null where the sequence stays in its file and is read part by part */
  constructor(
    readonly name: string,
    readonly segments: readonly Segment[],
    codes: Uint8Array | null,
    /** Names that stand in any of the study's files, mapped to study names explicitly: `assembly.names`. */
    readonly aliases: ReadonlyMap<string, string> = new Map(),
    /** Segments are whole chromosomes, so that their ends are the chromosomes' ends. */
    readonly isWhole = true,
  ) {
    this.#codes = codes;
    this.size = segments.reduce((sum, { start, end }) => sum + end - start, 0);
    for (const segment of segments) {
      const others = this.#segmentsByChromosome.get(segment.chromosome);
      if (others) others.push(segment);
      else this.#segmentsByChromosome.set(segment.chromosome, [segment]);
    }
  }

  /** Chromosomes in order with the largest coordinate that is known of each. */
  get chromosomes(): ChromosomeSize[] {
    return [...this.#segmentsByChromosome].map(([name, segments]) => ({
      name,
      size: Math.max(...segments.map((segment) => segment.end)),
    }));
  }

  hasChromosome(chromosome: string): boolean {
    return this.#segmentsByChromosome.has(chromosome);
  }

  /** The segments of a chromosome by ascending start; none for an unknown chromosome. */
  segmentsOf(chromosome: string): readonly Segment[] {
    return this.#segmentsByChromosome.get(chromosome) ?? [];
  }

  /** The segment that holds a whole interval, if any. */
  findSegment(chromosome: string, start: number, end: number): Segment | undefined {
    return this.segmentsOf(chromosome).find((segment) => segment.start <= start && end <= segment.end);
  }

  /** Base codes of all segments behind one another. */
  get codes(): Uint8Array {
    if (this.#codes === null) throw new Error("the sequence of this assembly is not in memory");
    return this.#codes;
  }
}

/** An array other threads can read too, where the platform has SharedArrayBuffer. */
export function allocateShared(bytes: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** Adds how often each base code 0-4 stands in a sequence to counts, [5]; returns these. */
export function addBaseCounts(codes: Uint8Array, counts: Float64Array): Float64Array {
  for (const code of codes) counts[code]++;
  return counts;
}

/** How the records of a genome file become an assembly. */
export interface AssemblyOptions {
  readonly name: string;
  /** Name of the genome file, for error messages. */
  readonly source: string;
  /** Records are pieces named `chromosome:start-end`. */
  readonly pieces?: boolean;
  /** Chromosomes to keep, in order, by study name. */
  readonly chromosomes?: readonly string[];
  /** Study name of a name in the file. */
  readonly rename?: (name: string) => string;
  /** Explicit map from names in any of the study's files to study names. */
  readonly aliases?: ReadonlyMap<string, string>;
}

/**
 * Puts sequence records behind one another as an assembly.
 * @throws BindscapeError as {@link layOutSegments} does
 */
export function buildAssembly(records: readonly SequenceRecord[], options: AssemblyOptions): Assembly {
  const sizes = records.map(({ name, codes }) => ({ name, size: codes.length }));
  const { segments, recordOf } = layOutSegments(sizes, options);
  const codes = new Uint8Array(
    allocateShared(segments.reduce((sum, { start, end }) => sum + end - start, 0)),
  );
  segments.forEach(({ offset }, i) => {
    codes.set(records[recordOf[i]].codes, offset);
  });
  return new Assembly(options.name, segments, codes, options.aliases, !options.pieces);
}

/**
 * Places sequence records behind one another.
 * @returns the segments, and the number of the record each one is
 * @throws BindscapeError for piece names that are not `chromosome:start-end`, lengths that do not fit their
 *   coordinates, overlapping pieces, repeated or missing chromosomes
 */
export function layOutSegments(
  records: readonly ChromosomeSize[],
  options: AssemblyOptions,
): { segments: Segment[]; recordOf: number[] } {
  const rename = options.rename ?? ((name: string) => name);
  const placed = records.map((record, index) => ({ index, ...placeRecord(record, options, rename) }));
  const wanted = options.chromosomes;
  const kept = wanted ? placed.filter(({ chromosome }) => wanted.includes(chromosome)) : placed;
  const missing = wanted?.find((chromosome) => !kept.some((piece) => piece.chromosome === chromosome));
  if (missing !== undefined || kept.length === 0) {
    throw new BindscapeError({
      source: options.source,
      found: missing === undefined ? "no sequence" : `no record for the chromosome "${missing}"`,
      expected: `records such as ${
        placed
          .slice(0, 4)
          .map((piece) => piece.chromosome)
          .join(", ") || "chr1"
      }`,
      next: "Check `assembly.chromosomes` in the study file",
    });
  }
  const order = wanted ?? [...new Set(kept.map((piece) => piece.chromosome))];
  const rank = new Map(order.map((chromosome, index) => [chromosome, index]));
  kept.sort((a, b) => rank.get(a.chromosome)! - rank.get(b.chromosome)! || a.start - b.start);

  const segments: Segment[] = [];
  let offset = 0;
  for (const { chromosome, start, size } of kept) {
    const previous = segments.at(-1);
    const end = start + size;
    if (previous?.chromosome === chromosome && previous.end > start) {
      throw new BindscapeError({
        source: options.source,
        found: options.pieces
          ? `pieces ${chromosome}:${previous.start}-${previous.end} and ${chromosome}:${start}-${end} overlap`
          : `two records for the chromosome "${chromosome}"`,
        expected: "every base once",
      });
    }
    segments.push({ chromosome, start, end, offset });
    offset += size;
  }
  return { segments, recordOf: kept.map(({ index }) => index) };
}

function placeRecord(
  { name, size }: ChromosomeSize,
  options: AssemblyOptions,
  rename: (name: string) => string,
): { chromosome: string; start: number; size: number } {
  if (!options.pieces) return { chromosome: rename(name), start: 0, size };
  const match = /^(.+):(\d+)-(\d+)$/.exec(name);
  if (!match || Number(match[3]) - Number(match[2]) !== size) {
    throw new BindscapeError({
      source: options.source,
      found: match ? `record ${name} has ${size} bases` : `a record named "${name}"`,
      expected: match
        ? `${Number(match[3]) - Number(match[2])} bases (end - start, 0-based and half-open)`
        : "chromosome:start-end, since the study says `pieces: true`",
    });
  }
  return { chromosome: rename(match[1]), start: Number(match[2]), size };
}
