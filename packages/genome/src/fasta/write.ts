import { BindscapeError } from "@bindscape/numerics";
import type { ByteSink } from "../byte-sink.js";
import { decodeSequence, type SequenceRecord } from "../sequence/encode.js";
import { quote } from "../text/fields.js";

/** Writes FASTA with `lineLength` bases a line (default 60). Codes 4 become N. */
export async function writeFasta(
  sink: ByteSink,
  records: Iterable<SequenceRecord> | AsyncIterable<SequenceRecord>,
  { lineLength = 60 }: { lineLength?: number } = {},
): Promise<void> {
  if (!Number.isInteger(lineLength) || lineLength < 1) {
    throw new BindscapeError({
      found: `lineLength is ${lineLength}`,
      expected: "a whole number, at least 1",
    });
  }
  for await (const { name, description, codes } of records) {
    const header = description === "" ? name : `${name} ${description}`;
    if (!/^\S/.test(name) || /\s/.test(name) || /[\r\n]/.test(description)) {
      throw new BindscapeError({
        source: sink.name,
        found: `the FASTA header ${quote(header)}`,
        expected: "a name without white space, on one line",
      });
    }
    await sink.write(`>${header}\n`);
    // About a megabyte of whole lines at a time, so that a chromosome never becomes one string.
    const step = Math.max(1, Math.floor((1 << 20) / lineLength)) * lineLength;
    for (let start = 0; start < codes.length; start += step) {
      const text = decodeSequence(codes.subarray(start, start + step));
      const lines: string[] = [];
      for (let at = 0; at < text.length; at += lineLength) lines.push(text.slice(at, at + lineLength));
      await sink.write(`${lines.join("\n")}\n`);
    }
  }
}
