import { openSource, readTextLines } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { MotifFormat } from "./formats/motif-format.js";
import { readMotifs } from "./formats/read-motifs.js";
import type { Motif } from "./motif.js";

/** Most characters of a motif file: all known motifs of all species are a few dozen MB. */
const LONGEST_TEXT = 2 ** 28;

/**
 * Reads a motif file, plain or gzip, by path or http(s) address; see {@link readMotifs}.
 * @throws BindscapeError naming the file
 */
export async function readMotifFile(file: string, format?: MotifFormat): Promise<Motif[]> {
  return readMotifs(await readMotifText(file), file, format);
}

/** The text of a motif file. */
export async function readMotifText(file: string): Promise<string> {
  const source = await openSource(file);
  const lines: string[] = [];
  let length = 0;
  try {
    for await (const { text } of readTextLines(source)) {
      length += text.length + 1;
      if (length > LONGEST_TEXT) {
        throw new BindscapeError({
          source: file,
          found: "more than 256 MiB of text",
          expected: "a motif file",
        });
      }
      lines.push(text);
    }
  } finally {
    await source.close();
  }
  return lines.join("\n");
}
