import { openSource, readTextLines } from "@bindscape/genome";
import {
  backgroundFromSequences,
  backgroundOfLetters,
  type MarkovBackground,
  NRDB_BACKGROUND,
  readBackground,
} from "../background.js";
import { readMemeBackground } from "../formats/meme/background.js";
import { UNIFORM_BACKGROUND } from "../motif.js";
import { readMotifText } from "../motif-file.node.js";
import { openSequences } from "./sequence-stream.node.js";

/** Most characters of a background file: all words of 6 letters take some 100 kB. */
const LONGEST_TEXT = 2 ** 22;

/**
 * The background that `--bfile` names: "--nrdb--", "--uniform--", "--motif--" (what the motif file states),
 * "--sequences--" (counted in the scanned sequences, which takes a byte of memory a base), or a Markov background
 * file of the MEME suite.
 *
 * @param order of a background counted in sequences
 * @throws BindscapeError where the file cannot be read, or the motif file states none
 */
export async function readScanBackground(
  name: string,
  files: { readonly motifs: string; readonly sequences: string },
  order = 0,
): Promise<MarkovBackground> {
  if (name === "--nrdb--") return backgroundOfLetters(NRDB_BACKGROUND);
  if (name === "--uniform--") return backgroundOfLetters(UNIFORM_BACKGROUND);
  if (name === "--motif--") {
    return backgroundOfLetters(readMemeBackground(await readMotifText(files.motifs), files.motifs));
  }
  if (name === "--sequences--") {
    const stream = await openSequences(files.sequences);
    try {
      const sequences: Uint8Array[] = [];
      for await (const { codes } of stream.read()) sequences.push(codes);
      return backgroundFromSequences(sequences, { order, bothStrands: false });
    } finally {
      await stream.close();
    }
  }
  const source = await openSource(name);
  try {
    const lines: string[] = [];
    let length = 0;
    for await (const { text } of readTextLines(source)) {
      length += text.length + 1;
      // What is longer is no background file: its first lines say so.
      if (length > LONGEST_TEXT) break;
      lines.push(text);
    }
    return readBackground(lines.join("\n"), name);
  } finally {
    await source.close();
  }
}
