import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { type OffsetListener, readTextChunks } from "./chunks.js";

/** A line of a text file, without its line end. */
export interface TextLine {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** Consecutive lines; cheaper to pass on than one at a time. */
export interface TextLines {
  /** 1-based number of the first line. */
  readonly firstLine: number;
  readonly texts: readonly string[];
}

/** Longest line that text readers take, in characters: no format here has longer ones. */
export const longestLine = 64 * 2 ** 20;

/**
 * The lines of a text file (UTF-8; plain, gzip or bgzip; ending in LF or CRLF), read in bounded memory.
 * @throws BindscapeError for truncated or damaged gzip, binary data, a lone CR and lines over 64 MiB.
 */
export async function* readTextLines(
  source: ByteSource,
  onOffset?: OffsetListener,
): AsyncGenerator<TextLine> {
  for await (const { firstLine, texts } of readLineBatches(source, onOffset)) {
    for (let i = 0; i < texts.length; i++) yield { line: firstLine + i, text: texts[i] };
  }
}

/** As {@link readTextLines}, in batches of as many lines as end in one chunk of the file. */
export async function* readLineBatches(
  source: ByteSource,
  onOffset?: OffsetListener,
): AsyncGenerator<TextLines> {
  const decoder = new TextDecoder();
  let firstLine = 1;
  let unfinished: string[] = [];
  let unfinishedLength = 0;
  for await (const chunk of readTextChunks(source, onOffset)) {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf("\n");
    if (end >= 0) {
      const texts = cleanLines(unfinished.join("") + text.slice(0, end), firstLine, source.name);
      yield { firstLine, texts };
      firstLine += texts.length;
      unfinished = [];
      unfinishedLength = 0;
    }
    unfinished.push(text.slice(end + 1));
    unfinishedLength += text.length - end - 1;
    if (unfinishedLength > longestLine) throw lineTooLong(source.name, firstLine);
  }
  const last = unfinished.join("") + decoder.decode();
  if (last !== "") yield { firstLine, texts: cleanLines(last, firstLine, source.name) };
}

/** The error for a line that no text file of these formats has. */
export function lineTooLong(source: string, line: number): BindscapeError {
  return new BindscapeError({
    source,
    line,
    found: "the line is longer than 64 MiB",
    expected: "text with line ends",
    next: "Is this the file you meant?",
  });
}

/** Splits at LF and takes the CR of CRLF away; refuses what shows that the file is no text or has other line ends. */
function cleanLines(block: string, firstLine: number, source: string): string[] {
  const texts = block.split("\n");
  if (!block.includes("\r") && !block.includes("\0")) return texts;
  for (let i = 0; i < texts.length; i++) {
    let text = texts[i];
    if (text.endsWith("\r")) {
      text = text.slice(0, -1);
      texts[i] = text;
    }
    if (text.includes("\0")) {
      throw new BindscapeError({
        source,
        line: firstLine + i,
        found: "a zero byte, so this is a binary file",
        expected: "text, plain or gzip",
      });
    }
    if (text.includes("\r")) {
      throw new BindscapeError({
        source,
        line: firstLine + i,
        found: "a carriage return inside the line",
        expected: "lines that end in LF or CRLF",
        next: "Convert the line ends, for instance with: tr '\\r' '\\n'",
      });
    }
  }
  return texts;
}
