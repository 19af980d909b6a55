import { codeOfByte, unknownBase, type Variant, variantKind } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { SequencePlace } from "@bindscape/study";
import type { AttributionFile } from "../attribution-file.js";

/**
 * What of an attribution file is a variant's score. "value": what stands at the reference base, the position's total
 * for methods that split a score over bases; of in-silico mutagenesis the change by the variant's own substitution.
 * "difference": the hypothetical contribution of the alternative base less that of the reference base.
 */
export type AttributionScore = "value" | "difference";

/** Why a variant has no score. */
export type UnscoredReason = "reference-differs" | "not-a-snp" | "no-letters" | "outside" | "no-chromosome";

export type AttributedVariant =
  | {
      readonly status: "scored";
      /** Of the window where it is furthest from 0. */
      readonly value: number;
      /** Whether it lies in the core motif of any window. */
      readonly isCore: boolean;
      /** Windows that hold it. */
      readonly windows: number;
    }
  | {
      readonly status: UnscoredReason;
      /** What stands in the sequence where the reference allele differs. */
      readonly found?: string;
    };

/** Attributions of windows, found by the places the windows have in a genome. */
export class AttributedPositions {
  readonly file: AttributionFile;
  /** Chromosomes that windows lie on. */
  readonly chromosomes: readonly string[];
  readonly #score: AttributionScore;
  /** By chromosome: window starts ascending, and the row of each. */
  readonly #windows = new Map<string, { starts: Float64Array; rows: Uint32Array }>();
  readonly #places: readonly SequencePlace[];

  /** @throws BindscapeError where the file does not say where its sequences lie, or has no hypothetical contributions */
  constructor(file: AttributionFile, score: AttributionScore = "value") {
    this.file = file;
    this.#score = score;
    if (score === "difference" && file.hypothetical === undefined)
      throw new BindscapeError({
        source: file.source,
        found: "no hypothetical contributions",
        expected: 'an array "hypothetical" to take differences of',
        next: "Score by value, or explain with a method that has them, such as deeplift",
      });
    this.#places = file.places ?? placesOfNames(file);
    const byChromosome = new Map<string, number[]>();
    this.#places.forEach(({ chromosome, start, end }, row) => {
      if (end - start !== file.length)
        throw new BindscapeError({
          source: file.source,
          found: `sequence ${row + 1} at ${chromosome}:${start}-${end}`,
          expected: `a place of ${file.length} bp, as long as the sequence`,
        });
      const rows = byChromosome.get(chromosome);
      if (rows === undefined) byChromosome.set(chromosome, [row]);
      else rows.push(row);
    });
    for (const [chromosome, rows] of byChromosome) {
      rows.sort((a, b) => this.#places[a].start - this.#places[b].start);
      this.#windows.set(chromosome, {
        starts: Float64Array.from(rows, (row) => this.#places[row].start),
        rows: Uint32Array.from(rows),
      });
    }
    this.chromosomes = [...byChromosome.keys()];
  }

  /**
   * The score of a SNP. Insertions, deletions and longer substitutions change what stands where, so that no attribution
   * of the reference sequence is theirs: they are refused as "not-a-snp".
   * @param chromosome its name in the file's own spelling; undefined where the file has none like it
   */
  score(variant: Variant, chromosome: string | undefined): AttributedVariant {
    const kind = variantKind(variant);
    if (kind === "other") return { status: "no-letters" };
    if (kind !== "snp") return { status: "not-a-snp" };
    if (chromosome === undefined) return { status: "no-chromosome" };
    const reference = codeOfByte[variant.reference.charCodeAt(0)];
    const alternate = codeOfByte[variant.alternate.charCodeAt(0)];
    if (reference >= unknownBase || alternate >= unknownBase) return { status: "no-letters" };
    let value = 0;
    let windows = 0;
    let isCore = false;
    for (const [row, offset] of this.#holding(chromosome, variant.position - 1)) {
      const isReverse = this.#places[row].strand === "-";
      const own = this.file.codes[row * this.file.length + offset];
      if (own >= unknownBase) continue;
      if (own !== (isReverse ? 3 - reference : reference))
        return { status: "reference-differs", found: "ACGT"[isReverse ? 3 - own : own] };
      const found = this.#valueAt(row, offset, own, isReverse ? 3 - alternate : alternate);
      if (windows === 0 || Math.abs(found) > Math.abs(value)) value = found;
      windows++;
      const { cores } = this.file;
      if (cores !== undefined && offset >= cores[2 * row] && offset < cores[2 * row + 1]) isCore = true;
    }
    return windows === 0 ? { status: "outside" } : { status: "scored", value, isCore, windows };
  }

  #valueAt(row: number, offset: number, own: number, alternate: number): number {
    const { attributions, hypothetical, length, method } = this.file;
    const at = (base: number) => (row * 4 + base) * length + offset;
    if (this.#score === "difference") return hypothetical![at(alternate)] - hypothetical![at(own)];
    return attributions[at(method === "ism" ? alternate : own)];
  }

  /** Rows whose window holds a base (0-based), with its offset in the sequence as stored. */
  *#holding(chromosome: string, base: number): Generator<[row: number, offset: number]> {
    const windows = this.#windows.get(chromosome);
    if (windows === undefined) return;
    const { starts, rows } = windows;
    const { length } = this.file;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= base - length) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < starts.length && starts[at] <= base; at++) {
      const { start, end, strand } = this.#places[rows[at]];
      yield [rows[at], strand === "-" ? end - 1 - base : base - start];
    }
  }
}

/** Places that names such as chr1:1000-1200 or chr1:1000-1200(-) say (0-based). */
function placesOfNames({ names, source, count }: AttributionFile): SequencePlace[] {
  const places = names?.flatMap((name): SequencePlace[] => {
    const match = /^(\S+?):(\d+)-(\d+)(?:\(([+-])\))?$/.exec(name);
    if (match === null) return [];
    const [, chromosome, start, end, strand] = match;
    return [{ chromosome, start: Number(start), end: Number(end), strand: strand === "-" ? "-" : "+" }];
  });
  if (places !== undefined && places.length === count) return places;
  throw new BindscapeError({
    source,
    found: "sequences that nothing says the places of",
    expected: "places in a genome, or names such as chr1:1000-1200 (0-based)",
    next: "Explain regions of a study, or FASTA whose names are such places",
  });
}
