import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { mergeIntervals, subtractIntervals } from "../intervals/set-algebra.js";
import { type GffRecord, gffAttribute, gffList, readGff } from "./read.js";

/** Parts of genes, as FactorNet's metadata has them (section 2.3). */
export const genePartNames = ["cds", "intron", "promoter", "utr5", "utr3"] as const;
export type GenePart = (typeof genePartNames)[number];

export interface GenePartOptions {
  /** Bp before a transcription start that are promoter (default 300). */
  readonly promoterUpstream?: number;
  /** Bp behind it (default 100). */
  readonly promoterDownstream?: number;
  /** Most exons, coding and untranslated pieces together (default 10 million), since they are kept in memory. */
  readonly maximumPieces?: number;
}

/** Merged intervals of every part over all transcripts; a base can lie in several parts. */
export interface GeneParts {
  readonly parts: ReadonlyMap<GenePart, readonly Interval[]>;
  readonly transcripts: number;
  /** Transcripts without a strand: they have no promoter and no UTRs. */
  readonly unstranded: number;
}

/** What is known of a transcript: pairs of start and end. */
interface Transcript {
  readonly chromosome: string;
  readonly strand: GffRecord["strand"];
  readonly exons: number[];
  readonly coding: number[];
  readonly utr5: number[];
  readonly utr3: number[];
  /** UTRs of which the file does not say which end they are at (GENCODE's GTF). */
  readonly utr: number[];
}

type Piece = "exons" | "coding" | "utr5" | "utr3" | "utr";

// Stop codons are in the CDS of GFF3 and of UCSC's tables, but not of GTF; here they always are.
const pieces: Readonly<Record<string, Piece>> = {
  exon: "exons",
  CDS: "coding",
  stop_codon: "coding",
  five_prime_UTR: "utr5",
  five_prime_utr: "utr5",
  "5UTR": "utr5",
  three_prime_UTR: "utr3",
  three_prime_utr: "utr3",
  "3UTR": "utr3",
  UTR: "utr",
};

/**
 * The parts of the genes of a GTF or GFF3 file, transcript by transcript and then merged:
 * - cds: coding sequence with its stop codon;
 * - intron: the transcript without its exons (its CDS and UTRs where it lists no exons);
 * - utr5, utr3: as the file names them; GENCODE's plain UTR by the side of the transcript's CDS it lies on; where a
 *   coding transcript lists none, its exons before and behind the CDS;
 * - promoter: the first base of a transcript, `promoterUpstream` bp before and `promoterDownstream` bp behind it.
 * Transcripts are told apart by chromosome, strand and `transcript_id` (GTF) or `Parent` (GFF3).
 * @throws BindscapeError with the line for damaged lines and for exons that belong to no transcript, and for files
 *   without any
 */
export async function readGeneParts(source: ByteSource, options: GenePartOptions = {}): Promise<GeneParts> {
  const { promoterUpstream = 300, promoterDownstream = 100, maximumPieces = 10_000_000 } = options;
  const transcripts = await collectTranscripts(source, maximumPieces);
  const found: Record<GenePart, Interval[]> = { cds: [], intron: [], promoter: [], utr5: [], utr3: [] };
  let unstranded = 0;
  for (const transcript of transcripts) {
    const { chromosome, strand } = transcript;
    const on = (pairs: readonly number[]) => toIntervals(chromosome, pairs);
    const coding = mergeIntervals(on(transcript.coding));
    const listed = [...transcript.utr5, ...transcript.utr3, ...transcript.utr];
    const exons = mergeIntervals(
      on(transcript.exons.length > 0 ? transcript.exons : [...transcript.coding, ...listed]),
    );
    const start = exons[0].start;
    const end = exons[exons.length - 1].end;
    found.cds.push(...coding);
    found.intron.push(...subtractIntervals([{ chromosome, start, end }], exons));
    if (strand === ".") {
      unstranded++;
      continue;
    }
    const [before, behind] =
      strand === "+" ? [promoterUpstream, promoterDownstream] : [promoterDownstream, promoterUpstream];
    const first = strand === "+" ? start : end - 1;
    found.promoter.push({
      chromosome,
      start: Math.max(0, first - before),
      end: first + 1 + behind,
    });
    if (coding.length === 0) continue;
    found.utr5.push(...subtractIntervals(on(transcript.utr5), coding));
    found.utr3.push(...subtractIntervals(on(transcript.utr3), coding));
    const unsorted = listed.length === 0 ? exons : on(transcript.utr);
    const codingEnd = coding[coding.length - 1].end;
    for (const piece of subtractIntervals(unsorted, coding)) {
      const isLeft = piece.end <= coding[0].start;
      // Between pieces of CDS lies what a ribosome skips: no UTR.
      if (isLeft || piece.start >= codingEnd)
        found[isLeft === (strand === "+") ? "utr5" : "utr3"].push(piece);
    }
  }
  return {
    parts: new Map(genePartNames.map((part) => [part, mergeIntervals(found[part])])),
    transcripts: transcripts.length,
    unstranded,
  };
}

async function collectTranscripts(source: ByteSource, maximumPieces: number): Promise<Transcript[]> {
  const transcripts = new Map<string, Transcript>();
  let count = 0;
  for await (const record of readGff(source)) {
    const piece = Object.hasOwn(pieces, record.type) ? pieces[record.type] : undefined;
    if (piece === undefined) continue;
    for (const id of transcriptsOf(record, source.name)) {
      const { chromosome, strand } = record;
      const key = `${chromosome}\t${strand}\t${id}`;
      let transcript = transcripts.get(key);
      if (transcript === undefined) {
        transcript = { chromosome, strand, exons: [], coding: [], utr5: [], utr3: [], utr: [] };
        transcripts.set(key, transcript);
      }
      transcript[piece].push(record.start, record.end);
      if (++count <= maximumPieces) continue;
      throw new BindscapeError({
        source: source.name,
        line: record.line,
        found: `more than ${maximumPieces} exons and parts of exons`,
        next: "Split the file, or raise maximumPieces if the memory suffices",
      });
    }
  }
  if (transcripts.size > 0) return [...transcripts.values()];
  throw new BindscapeError({
    source: source.name,
    found: "no exon, CDS or UTR",
    expected: "a gene annotation in GTF or GFF3",
  });
}

function transcriptsOf({ attributes, line, type }: GffRecord, source: string): string[] {
  const id = gffAttribute(attributes, "transcript_id");
  const parents = gffAttribute(attributes, "Parent");
  // GFF3 files of GENCODE have both, and agree; Parent is the one that can name several.
  const found = parents ? gffList(parents) : id ? [id] : [];
  if (found.length > 0) return found;
  throw new BindscapeError({
    source,
    line,
    found: `a feature "${type}" without a transcript`,
    expected: 'an attribute transcript_id "..." (GTF) or Parent=... (GFF3) in column 9',
  });
}

function toIntervals(chromosome: string, pairs: readonly number[]): Interval[] {
  const intervals: Interval[] = [];
  for (let i = 0; i < pairs.length; i += 2)
    intervals.push({ chromosome, start: pairs[i], end: pairs[i + 1] });
  return intervals;
}
