import { stat } from "node:fs/promises";
import { isAddress, streamFasta, withSource } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { fitToLength } from "./fit-to-length.js";
import type { SequenceSet } from "./sequence-set.js";
import { readSequenceSetFolder } from "./sequence-set-folder.node.js";
import { readSequenceTable, type SequenceTableOptions } from "./sequence-table.js";

/**
 * Reads labelled sequences from a data set folder ({@link readSequenceSetFolder}) or a table
 * ({@link readSequenceTable}); unlabelled ones also from FASTA.
 * @throws BindscapeError naming file and line
 */
export async function readSequenceSet(
  path: string,
  options: SequenceTableOptions = {},
): Promise<SequenceSet> {
  const isFolder =
    !isAddress(path) &&
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  if (isFolder) return withLength(await readSequenceSetFolder(path), options.length);
  if (options.isUnlabelled && /\.(fa|fasta|fna)(\.gz)?$/i.test(path))
    return readFastaSet(path, options.length);
  return withSource(path, (source) => readSequenceTable(source, options));
}

function withLength(set: SequenceSet, length: number | undefined): SequenceSet {
  if (length === undefined || length === set.length) return set;
  throw new BindscapeError({
    source: set.source,
    found: `sequences of ${set.length} bp`,
    expected: `${length} bp, as --length says`,
    next: "Make the data set with windows of this length",
  });
}

/** Sequences of a FASTA file, without labels. */
async function readFastaSet(path: string, wanted: number | undefined): Promise<SequenceSet> {
  const names: string[] = [];
  const rows: Uint8Array[] = [];
  let length = wanted;
  await withSource(path, async (source) => {
    for await (const { name, codes } of streamFasta(source)) {
      length ??= codes.length;
      if (codes.length !== length && wanted === undefined) {
        throw new BindscapeError({
          source: path,
          found: `the sequence ${name} of ${codes.length} bp`,
          expected: `${length} bp, as the one before it has`,
          next: "Give --length to cut sequences around their centre, or to fill them up with N",
        });
      }
      names.push(name);
      rows.push(fitToLength(codes, length));
    }
  });
  if (length === undefined)
    throw new BindscapeError({ source: path, found: "no sequence", expected: "FASTA" });
  const codes = new Uint8Array(rows.length * length);
  rows.forEach((row, i) => {
    codes.set(row, i * length!);
  });
  return { source: path, count: rows.length, length, tasks: [], codes, labels: new Float32Array(0), names };
}
