import { type ByteSource, readLineBatches, type SequenceRecord } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type Alphabet, DNA, encodeLetters } from "./alphabet.js";
import { clip } from "./formats/matrix-rows.js";

/**
 * All sequences of a FASTA file (plain, gzip or bgzip) in the letters of an alphabet. Unlike genomes, sets of peaks may
 * hold a name, or a sequence, more than once: all are kept.
 *
 * @throws BindscapeError with the line for what is no FASTA, for letters the alphabet lacks, and for no sequences
 */
export async function readSequences(source: ByteSource, alphabet: Alphabet = DNA): Promise<SequenceRecord[]> {
  const records: SequenceRecord[] = [];
  let name: string | undefined;
  let description = "";
  let parts: Uint8Array[] = [];
  const end = () => {
    if (name !== undefined) records.push({ name, description, codes: join(parts) });
    parts = [];
  };
  for await (const { firstLine, texts } of readLineBatches(source)) {
    for (const [i, raw] of texts.entries()) {
      const text = raw.trim();
      const line = firstLine + i;
      if (text === "" || text.startsWith(";")) continue;
      if (text.startsWith(">")) {
        end();
        [name, description] = splitHeader(text, source.name, line);
        continue;
      }
      if (name === undefined) throw notFasta(text, source.name, line);
      try {
        parts.push(encodeLetters(text.replace(/\s+/g, ""), alphabet));
      } catch (error) {
        if (!(error instanceof BindscapeError)) throw error;
        throw new BindscapeError({
          source: source.name,
          line,
          found: `${error.found} in the sequence "${clip(name)}"`,
          expected: error.expected,
          next: /^[0-9.\s+-]+$/.test(text) ? "Is this a file of motifs?" : undefined,
        });
      }
    }
  }
  end();
  if (records.length === 0) {
    throw new BindscapeError({
      source: source.name,
      found: "no sequences",
      expected: "FASTA: lines with > and a name, each followed by lines of letters",
    });
  }
  return records;
}

function splitHeader(text: string, source: string, line: number): [string, string] {
  const [, name, description] = /^>\s*(\S*)\s*(.*)$/s.exec(text)!;
  if (name !== "") return [name, description];
  throw new BindscapeError({
    source,
    line,
    found: "a header line without a name",
    expected: "> and a name",
  });
}

function notFasta(text: string, source: string, line: number): BindscapeError {
  const next = /^(MEME version|ALPHABET|MOTIF)/.test(text)
    ? "This looks like a file of motifs"
    : text.startsWith("@")
      ? "This looks like FASTQ"
      : undefined;
  return new BindscapeError({
    source,
    line,
    found: `"${clip(text)}" before the first sequence name`,
    expected: "FASTA: a line with > and a name first",
    next,
  });
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
