import { BindscapeError } from "@bindscape/numerics";

/** Largest coordinate, 2^32 - 1: positions are kept in 32 bits, as 2bit and bigWig keep them. */
export const largestCoordinate = 4294967295;

/** The columns of a line: at tabs where it has any, else at white space. */
export function splitFields(text: string): string[] {
  return text.includes("\t") ? text.split("\t") : text.trim().split(/\s+/);
}

/** Whether a line of a BED-like file holds no record: blank, a comment, or for a genome browser. */
export function isHeaderLine(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first === 35) return true;
  if (first === 116 || first === 98) return /^(track|browser)(\s|$)/.test(text);
  return Number.isNaN(first) || text.trim() === "";
}

/** The error for a line with too few columns. */
export function tooFewColumns(source: string, line: number, found: number, expected: string): BindscapeError {
  return new BindscapeError({
    source,
    line,
    found: found === 1 ? "the line has only 1 column" : `the line has only ${found} columns`,
    expected,
  });
}

/** A coordinate: a whole number in [0, 2^32 - 1]. `what` names the column in the error. */
export function parseCoordinate(text: string, what: string, source: string, line: number): number {
  let value = 0;
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) {
      if (text !== text.trim()) return parseCoordinate(text.trim(), what, source, line);
      return refuseCoordinate(text, what, source, line);
    }
    value = value * 10 + digit;
  }
  if (length === 0 || value > largestCoordinate) refuseCoordinate(text, what, source, line);
  return value;
}

function refuseCoordinate(text: string, what: string, source: string, line: number): never {
  const looksLikeHeader = line === 1 && /[a-z]/i.test(text);
  throw new BindscapeError({
    source,
    line,
    found: `the ${what} is ${quote(text)}`,
    expected: "a whole number from 0 to 4294967295",
    next: looksLikeHeader ? "If this is a line of column names, put a # before it" : undefined,
  });
}

/** A finite number. `what` names the column in the error. */
export function parseNumber(text: string, what: string, source: string, line: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === "") {
    throw new BindscapeError({ source, line, found: `the ${what} is ${quote(text)}`, expected: "a number" });
  }
  return value;
}

/** Chromosome, start and end of the first three columns, checked. */
export function parsePlace(
  fields: readonly string[],
  source: string,
  line: number,
): { chromosome: string; start: number; end: number } {
  const chromosome = fields[0].trim();
  if (chromosome === "") {
    throw new BindscapeError({
      source,
      line,
      found: "the chromosome is empty",
      expected: "a name in column 1",
    });
  }
  const start = parseCoordinate(fields[1], "start (column 2)", source, line);
  const end = parseCoordinate(fields[2], "end (column 3)", source, line);
  if (start > end) {
    throw new BindscapeError({
      source,
      line,
      found: `the start ${start} is after the end ${end}`,
      expected: "start <= end (0-based, half-open)",
    });
  }
  return { chromosome, start, end };
}

/** Text from a file inside an error message: in quotes, and cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "..." : text);
}
