import { BindscapeError } from "@bindscape/numerics";
import { formatGeneral } from "./format-number.js";
import { parseGenomicPlace } from "./genomic-coordinates.js";
import type { MotifStatistics } from "./scan-counts.js";
import type { ScanPlan } from "./scan-plan.js";
import { bitsOfScore } from "./score-matrix.js";
import type { SiteRecords } from "./site-records.js";

/** Header of fimo.tsv. */
export const FIMO_COLUMNS = [
  ...["motif_id", "motif_alt_id", "sequence_name", "start", "stop", "strand", "score", "p-value", "q-value"],
  "matched_sequence",
].join("\t");

/** A site in the words of the output formats. */
export interface SiteRow {
  readonly motif: string;
  readonly alternative: string;
  readonly sequence: string;
  /** 1-based, inclusive: as FIMO has them. */
  readonly start: number;
  readonly stop: number;
  readonly strand: "+" | "-";
  readonly score: number;
  readonly pValue: number;
  readonly qValue: number | null;
  readonly matched: string;
}

/** Turns records into rows and lines. */
export class SiteWriter {
  readonly #plan: ScanPlan;
  readonly #records: SiteRecords;
  readonly #statistics: readonly MotifStatistics[] | null;
  readonly #parse: boolean;
  readonly #names: string[] = [];
  /** Position of each sequence's first letter, as FIMO counts. */
  readonly #first: number[] = [];
  /** Score, p and q of each score of each motif, between tabs; filled as they occur. */
  readonly #numbers: (string | undefined)[][];
  readonly #starts: readonly string[];
  /** The same of GFF3: score, and p and q as attributes; ids and names, escaped. */
  readonly #gffNumbers: ([string, string] | undefined)[][];
  readonly #gffMotifs: ([string, string] | undefined)[] = [];
  readonly #gffSequences: ([string, string] | undefined)[] = [];
  readonly #sitesOfMotif: Uint32Array;

  /** @param statistics for q-values; null leaves them out */
  constructor(
    plan: ScanPlan,
    records: SiteRecords,
    statistics: readonly MotifStatistics[] | null,
    parseGenomicCoordinates: boolean,
  ) {
    this.#plan = plan;
    this.#records = records;
    this.#statistics = statistics;
    this.#parse = parseGenomicCoordinates;
    this.#numbers = plan.motifs.map(() => []);
    this.#gffNumbers = plan.motifs.map(() => []);
    this.#starts = plan.motifs.map(({ id, name }) => `${field(id)}\t${name === id ? "" : field(name)}\t`);
    this.#sitesOfMotif = new Uint32Array(plan.motifs.length);
  }

  /** Names the next sequence. */
  addSequence(name: string): void {
    const place = this.#parse ? parseGenomicPlace(name) : null;
    this.#names.push(field(place === null ? name : place.chromosome));
    this.#first.push(place === null ? 1 : place.start);
  }

  nameOf(sequence: number): string {
    return this.#names[sequence];
  }

  /** 1-based start. */
  startOf(records: Uint32Array, at: number): number {
    return this.#first[records[at + 1]] + records[at + 2];
  }

  /** The q-value; 1 where there are none. */
  qValueOf(records: Uint32Array, at: number): number {
    if (this.#statistics === null) return 1;
    const motif = this.#records.motifOf(records, at);
    const { lowest } = this.#plan.motifs[motif];
    return this.#statistics[motif].qValues[this.#records.scoreOf(records, at) - lowest];
  }

  rowOf(records: Uint32Array, at: number): SiteRow {
    const motif = this.#records.motifOf(records, at);
    const { id, name, matrix, tail } = this.#plan.motifs[motif];
    const score = this.#records.scoreOf(records, at);
    const start = this.startOf(records, at);
    return {
      motif: id,
      alternative: name === id ? "" : name,
      sequence: this.#names[records[at + 1]],
      start,
      stop: start + matrix.length - 1,
      strand: this.#records.isReverse(records, at) ? "-" : "+",
      score: bitsOfScore(matrix, score),
      pValue: tail[score],
      qValue: this.#statistics === null ? null : this.qValueOf(records, at),
      matched: this.#records.lettersOf(records, at, matrix.length),
    };
  }

  /** A line of fimo.tsv. */
  fimoLine(records: Uint32Array, at: number): string {
    const motif = this.#records.motifOf(records, at);
    const score = this.#records.scoreOf(records, at);
    const { matrix, tail, lowest } = this.#plan.motifs[motif];
    const start = this.startOf(records, at);
    const numbers = this.#numbers[motif];
    let text = numbers[score - lowest];
    if (text === undefined) {
      const q = this.#statistics === null ? "" : formatGeneral(this.qValueOf(records, at), 3);
      text = `\t${formatGeneral(bitsOfScore(matrix, score), 6)}\t${formatGeneral(tail[score], 3)}\t${q}\t`;
      numbers[score - lowest] = text;
    }
    const strand = this.#records.isReverse(records, at) ? "-" : "+";
    const letters = this.#records.lettersOf(records, at, matrix.length);
    return `${this.#starts[motif]}${this.#names[records[at + 1]]}\t${start}\t${start + matrix.length - 1}\t${strand}${text}${letters}\n`;
  }

  /** A line of GFF3; ids count the sites of a motif in the order of the calls. */
  gffLine(records: Uint32Array, at: number): string {
    const motif = this.#records.motifOf(records, at);
    const score = this.#records.scoreOf(records, at);
    const { id, name, matrix, tail, lowest } = this.#plan.motifs[motif];
    const sequence = records[at + 1];
    const start = this.startOf(records, at);
    const numbers = this.#gffNumbers[motif];
    numbers[score - lowest] ??= [
      formatGeneral(Math.min(1000, -10 * Math.log10(tail[score])), 3),
      `pvalue=${formatGeneral(tail[score], 3)};${this.#statistics === null ? "" : `qvalue=${formatGeneral(this.qValueOf(records, at), 3)};`}`,
    ];
    const [minusLog, probabilities] = numbers[score - lowest]!;
    this.#gffMotifs[motif] ??= [escapeGff(id), escapeGff(name === id ? "" : name)];
    const [ownId, alternative] = this.#gffMotifs[motif]!;
    this.#gffSequences[sequence] ??= [
      this.#names[sequence].replace(/[^\w.:^*$@!+?|-]/g, encodeURIComponent),
      escapeGff(this.#names[sequence]),
    ];
    const [column, inAttributes] = this.#gffSequences[sequence]!;
    const strand = this.#records.isReverse(records, at) ? "-" : "+";
    const number = ++this.#sitesOfMotif[motif];
    return `${column}\tfimo\tnucleotide_motif\t${start}\t${start + matrix.length - 1}\t${minusLog}\t${strand}\t.\tName=${ownId}_${inAttributes}${strand};Alias=${alternative};ID=${ownId}-${alternative}-${number}-${inAttributes};${probabilities}sequence=${this.#records.lettersOf(records, at, matrix.length)};\n`;
  }

  /** A line of BED6: -10 log10 p as score, at most 1000. */
  bedLine(records: Uint32Array, at: number): string {
    const { motif, sequence, start, stop, strand, pValue } = this.rowOf(records, at);
    const score = Math.min(1000, Math.round(-10 * Math.log10(pValue)));
    return `${noSpace(sequence)}\t${this.#zeroBased(start, sequence)}\t${stop}\t${noSpace(motif)}\t${score}\t${strand}\n`;
  }

  /** A line of narrowPeak as FIMO's best_site.narrowPeak: raw p and q, log-odds as signal, peak in the middle. */
  narrowPeakLine(records: Uint32Array, at: number): string {
    const { motif, sequence, start, stop, strand, score, pValue, qValue } = this.rowOf(records, at);
    const numbers = [score, pValue].map((value, i) => formatGeneral(value, i === 0 ? 6 : 3));
    const q = qValue === null ? "-1" : formatGeneral(qValue, 3);
    const middle = (stop - start + 1) >> 1;
    return `${noSpace(sequence)}\t${this.#zeroBased(start, sequence)}\t${stop}\t${noSpace(motif)}\t450\t${strand}\t${numbers.join("\t")}\t${q}\t${middle}\n`;
  }

  #zeroBased(start: number, sequence: string): number {
    if (start > 0) return start - 1;
    throw new BindscapeError({
      source: sequence,
      found: "a site that starts before the first base of its chromosome",
      expected: "names such as chr1:1-100, whose first number is the position of the first letter",
      next: "Pass --no-pgc, or shift the numbers by one",
    });
  }
}

/** No tab or line end may enter a table. */
function field(text: string): string {
  return text.replace(/[\t\r\n]/g, " ");
}

function noSpace(text: string): string {
  return text.replace(/\s/g, "_");
}

function escapeGff(text: string): string {
  return text.replace(/[\s;=&,%]/g, encodeURIComponent);
}
