import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeFileError, openFile, readTextLines } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** What a file can be described as. */
export type FileKind =
  | "bundle"
  | "study"
  | "bigWig"
  | "bigBed"
  | "2bit"
  | "npz"
  | "npy"
  | "FASTA"
  | "motifs"
  | "narrowPeak"
  | "BED"
  | "bedGraph"
  | "fragments"
  | "chromosome sizes";

/** All kinds in words, for errors and help. */
export const knownKinds =
  "a study file (.yaml), a model bundle (folder), bigWig, bigBed, 2bit, FASTA, BED, narrowPeak, bedGraph, fragments, " +
  "chromosome lengths, motifs (MEME, JASPAR, .pfm), npy or npz";

const signatures: readonly (readonly [FileKind, readonly number[]])[] = [
  ["bigWig", [0x26, 0xfc, 0x8f, 0x88]],
  ["bigWig", [0x88, 0x8f, 0xfc, 0x26]],
  ["bigBed", [0xeb, 0xf2, 0x89, 0x87]],
  ["bigBed", [0x87, 0x89, 0xf2, 0xeb]],
  ["2bit", [0x43, 0x27, 0x41, 0x1a]],
  ["2bit", [0x1a, 0x41, 0x27, 0x43]],
  ["npz", [0x50, 0x4b, 3, 4]],
  ["npy", [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
];

const endings: readonly (readonly [FileKind, RegExp])[] = [
  ["study", /\.ya?ml$/i],
  ["narrowPeak", /\.narrowpeak(\.gz)?$/i],
  ["BED", /\.bed(\.gz)?$/i],
  ["bedGraph", /\.(bedgraph|bdg|bg)(\.gz)?$/i],
  ["fragments", /(\.frag|fragments\.tsv|fragments\.bed|\.fragments)(\.gz)?$/i],
  ["chromosome sizes", /(\.|_|^)(chrom|chromosome)?[._]?sizes$|\.fai$/i],
  ["motifs", /\.(meme|pfm|jaspar|motifs?)(\.gz)?$/i],
  ["FASTA", /\.(fa|fasta|fna)(\.gz)?$/i],
];

/**
 * What a file is: by its first bytes, else by its name's ending, else by its first lines.
 * @throws BindscapeError that lists the known kinds for anything else
 */
export async function findFileKind(path: string): Promise<FileKind> {
  const status = await stat(path).catch((error) => {
    throw describeFileError(error, path, "read");
  });
  if (status.isDirectory()) {
    if (await readFile(join(path, "model.json")).catch(() => null)) return "bundle";
    throw new BindscapeError({
      source: path,
      found: "a folder without model.json",
      expected: "a model bundle, or a file",
    });
  }
  if (status.size === 0) {
    throw new BindscapeError({ source: path, found: "the file is empty", expected: knownKinds });
  }
  const source = await openFile(path);
  try {
    const start = await source.read(0, Math.min(8, status.size));
    const signed = signatures.find(([, bytes]) => bytes.every((byte, i) => start[i] === byte));
    if (signed !== undefined) return signed[0];
    const named = endings.find(([, ending]) => ending.test(path));
    if (named !== undefined) return named[0];
    const lines: string[] = [];
    for await (const { text } of readTextLines(source)) {
      if (text.trim() === "" || /^(#|track\b|browser\b)/.test(text)) continue;
      lines.push(text);
      if (lines.length === 2) break;
    }
    const kind = guessFromLines(lines);
    if (kind !== undefined) return kind;
    throw new BindscapeError({
      source: path,
      found: `nothing known (the first line is ${JSON.stringify((lines[0] ?? "").slice(0, 60))})`,
      expected: knownKinds,
    });
  } finally {
    await source.close();
  }
}

/** The kind of text whose first two lines (comments left out) are these. */
export function guessFromLines([first = "", second = ""]: readonly string[]): FileKind | undefined {
  if (/^MEME version/.test(first)) return "motifs";
  if (first.startsWith(">")) return /[\d[]/.test(second) ? "motifs" : "FASTA";
  const fields = first.includes("\t") ? first.split("\t") : first.trim().split(/\s+/);
  const isWhole = (text: string | undefined) => text !== undefined && /^\d+$/.test(text);
  const isNumber = (text: string | undefined) =>
    text !== undefined && /\S/.test(text) && !Number.isNaN(Number(text));
  if (fields.length === 2 && isWhole(fields[1])) return "chromosome sizes";
  if (fields.length < 3 || !isWhole(fields[1]) || !isWhole(fields[2])) return undefined;
  if (fields.length === 10 && fields.slice(6).every(isNumber)) return "narrowPeak";
  if (fields.length === 4 && isNumber(fields[3])) return "bedGraph";
  if (fields.length === 5 && /^[ACGTN]{8,}(-\d+)?$/.test(fields[3]) && isWhole(fields[4])) return "fragments";
  return "BED";
}
