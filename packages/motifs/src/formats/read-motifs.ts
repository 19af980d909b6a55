import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { isCisBpHead, readCisBp } from "./cis-bp/read.js";
import { type HeaderRecord, readHeaderRecords } from "./header-records.js";
import { isHomerHeader, readHomer } from "./homer/read.js";
import { motifOfBaseRows, readJaspar, readJasparSites } from "./jaspar/read.js";
import { clip, type NumberRow, parseNumberRow } from "./matrix-rows.js";
import { readMeme } from "./meme/read.js";
import type { MotifFormat } from "./motif-format.js";
import { motifOfPositionRows, readPositionRows } from "./position-rows/read.js";
import { readTransfac } from "./transfac/read.js";
import { readUniprobe } from "./uniprobe/read.js";

type Reader = (lines: readonly string[], source: string) => Motif[];

const READERS: Readonly<Record<MotifFormat, Reader>> = {
  meme: readMeme,
  jaspar: readJaspar,
  "jaspar-raw": readJasparRaw,
  "jaspar-sites": readJasparSites,
  transfac: readTransfac,
  homer: readHomer,
  pfm: readPositionRows,
  pcm: readPositionRows,
  uniprobe: readUniprobe,
  "cis-bp": readCisBp,
};

/**
 * Reads the motifs of a text file. Counts are turned into probabilities, and kept beside them. The format is found from
 * the content unless given; a file whose matrices are all 4 x 4 may be ambiguous, and then is refused rather than guessed.
 *
 * An id may occur twice, as it does in the Factorbook catalogue.
 *
 * @param text the whole file, already decompressed
 * @param sourceName the file's name, for error messages, and for the names of motifs in formats without one
 * @throws BindscapeError with the line for anything that cannot be read and for a file without motifs
 */
export function readMotifs(text: string, sourceName: string, format?: MotifFormat): Motif[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const read = format === undefined ? findReader(lines) : READERS[format];
  const motifs = read(lines, sourceName);
  if (motifs.length === 0) {
    throw new BindscapeError({
      source: sourceName,
      found: "no motif",
      expected:
        'a MEME file ("MEME version 4"), ">" headers each followed by a matrix (JASPAR, HOCOMOCO, HOMER), TRANSFAC, UniPROBE or CIS-BP',
    });
  }
  return motifs;
}

function findReader(lines: readonly string[]): Reader {
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  if (has(/^\s*(MEME version|letter-probability matrix:)/)) return READERS.meme;
  if (has(/^\s*>/)) return readRecords;
  if (has(/^P[0O]\s+[ACGT]\s+[ACGT]\s/)) return READERS.transfac;
  if (lines.some(isCisBpHead)) return READERS["cis-bp"];
  if (has(/^\s*A:\s/i)) return READERS.uniprobe;
  const filled = lines.filter((line) => line.trim() !== "");
  if (filled.length === 4 && filled.every((line) => /^[\s\d.eE+-]+$/.test(line)))
    return READERS["jaspar-raw"];
  return readRecords;
}

/** JASPAR's raw form may lack the header: the file's name is the motif's then. */
function readJasparRaw(lines: readonly string[], source: string): Motif[] {
  if (lines.some((line) => line.trimStart().startsWith(">"))) return readJaspar(lines, source);
  const stem = source.replace(/^.*[\\/]/, "").replace(/(\.[A-Za-z]+)+$/, "") || "motif";
  // The line numbers stay those of the file.
  const body = lines
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));
  return body.length === 0 ? [] : [motifOfBaseRows({ header: stem, line: body[0].line, body }, source)];
}

/** Records under ">" headers, of whichever kind they are. */
function readRecords(lines: readonly string[], source: string): Motif[] {
  const records = readHeaderRecords(lines, source);
  if (records.length === 0) return [];
  if (records.every(isHomerHeader)) return readHomer(lines, source);
  if (holdsLetters(records)) {
    if (records.every(isSite)) return readJasparSites(lines, source);
    throw new BindscapeError({
      source,
      line: records[0].line,
      found: "sequences (FASTA)",
      expected: "a matrix under each header",
      next: "Give a motif file here; JASPAR's sites, upper case within lower case, are read with the format jaspar-sites",
    });
  }
  return detect(records, source) === "jaspar"
    ? records.map((record) => motifOfBaseRows(record, source))
    : records.map((record) => motifOfPositionRows(record, source));
}

function holdsLetters(records: readonly HeaderRecord[]): boolean {
  const filled = records.filter(({ body }) => body.length > 0);
  return filled.length > 0 && filled.every(({ body }) => /^[A-Za-z*-]{2,}$/.test(body[0].text));
}

/** A site between its lower-case flanks. */
function isSite({ body }: HeaderRecord): boolean {
  return (
    /^[acgtn]*[ACGT]+[acgtn]*$/.test(body.map(({ text }) => text).join("")) &&
    /[acgtn]/.test(body[0]?.text ?? "")
  );
}

/** Whether the rows of a file are positions or bases, decided on all its records together. */
function detect(records: readonly HeaderRecord[], source: string): "pfm" | "jaspar" {
  const full = records
    .filter(({ body }) => body.length > 0)
    .map(({ line, body }) => ({
      line,
      rows: body.map(({ text, line: at }): NumberRow => parseNumberRow(text, source, at)),
    }));
  if (full.some((record) => record.rows.some((row) => row.values.length !== 4))) return "jaspar";
  if (full.some((record) => record.rows.length !== 4)) return "pfm";
  // Only 4 x 4 matrices are left: base letters decide, or else which way they sum to the same count.
  if (full.every((record) => record.rows.map((row) => row.letter).join("") === "ACGT")) return "jaspar";
  if (full.some((record) => record.rows.some((row) => row.letter !== ""))) return "pfm";
  const rowsEven = full.every((record) => areEven(record.rows.map((row) => sumOf(row.values))));
  const columnsEven = full.every((record) =>
    areEven([0, 1, 2, 3].map((column) => sumOf(record.rows.map((row) => row.values[column])))),
  );
  if (rowsEven !== columnsEven) return rowsEven ? "pfm" : "jaspar";
  throw new BindscapeError({
    source,
    line: full[0]?.line ?? records[0].line,
    found: "4 x 4 matrices that could be read either way",
    expected: 'the format to be given, "pfm" (a row for each position) or "jaspar" (a row for each base)',
    next: full.length === 0 ? `Motif "${clip(records[0].header)}" has no matrix` : undefined,
  });
}

function areEven(sums: readonly number[]): boolean {
  return Math.max(...sums) - Math.min(...sums) <= 0.02 * Math.max(...sums);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
