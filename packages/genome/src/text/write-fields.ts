import { BindscapeError } from "@bindscape/numerics";
import type { ByteSink } from "../byte-sink.js";
import { quote } from "./fields.js";

/** Text that goes into a column of a tab-separated file: neither empty nor with a tab or a line end in it. */
export function checkColumn(text: string, what: string): string {
  if (text === "" || /[\t\r\n]/.test(text)) {
    throw new BindscapeError({
      found: `the ${what} to be written is ${quote(text)}`,
      expected: "text without tabs and line ends, not empty",
    });
  }
  return text;
}

/** Coordinates that are to be written. */
export function checkPlace(place: { chromosome: string; start: number; end: number }): void {
  const { chromosome, start, end } = place;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start > end) {
    throw new BindscapeError({
      found: `the interval to be written is ${chromosome}:${start}-${end}`,
      expected: "whole numbers, 0 <= start <= end",
    });
  }
}

/** Writes lines gathered to pieces of about 64 KiB. */
export async function writeLines<T>(
  sink: ByteSink,
  records: Iterable<T> | AsyncIterable<T>,
  format: (record: T) => string,
): Promise<void> {
  let text = "";
  for await (const record of records) {
    text += `${format(record)}\n`;
    if (text.length > 65536) {
      await sink.write(text);
      text = "";
    }
  }
  if (text !== "") await sink.write(text);
}
