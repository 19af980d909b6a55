import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { type HeaderRecord, readHeaderRecords } from "../header-records.js";
import { clip, motifFromRows, parseNumberRow } from "../matrix-rows.js";

/** HOMER's fields of a header behind the name, in order, as annotations call them. */
export const HOMER_FIELDS = ["log-odds threshold", "log p-value", "unused", "statistics"] as const;

/**
 * Reads HOMER motif files: ">consensus, name, log-odds detection threshold (natural logarithm), natural logarithm of the
 * p-value ..." separated by tabs, then a row of probabilities for each position. The whole name is the id; its part before
 * the first slash, without the family in parentheses, the name.
 */
export function readHomer(lines: readonly string[], source: string): Motif[] {
  return readHeaderRecords(lines, source).map((record) => {
    const [consensus, id, ...fields] = record.header.split("\t").map((field) => field.trim());
    if (consensus === "" || id === undefined || id === "") {
      throw new BindscapeError({
        source,
        line: record.line,
        found: `the header ">${clip(record.header)}"`,
        expected: ">consensus, name and log-odds threshold, separated by tabs",
      });
    }
    const rows = record.body.map(({ text, line }) => parseNumberRow(text, source, line));
    const annotations: Record<string, string> = { consensus };
    fields.forEach((field, i) => {
      annotations[HOMER_FIELDS[i] ?? `field ${i + 3}`] = field;
    });
    return motifFromRows({ id, name: shortName(id), annotations }, rows, source, record.line);
  });
}

/** "AP-1(bZIP)/ThioMac-PU.1-ChIP-Seq(GSE21512)/Homer" is about AP-1. */
export function shortName(id: string): string {
  return /^([^/(]+)/.exec(id)?.[1]?.trim() || id;
}

/** Whether a header is HOMER's: three fields or more, the third a number. */
export function isHomerHeader({ header }: HeaderRecord): boolean {
  const fields = header.split("\t");
  return fields.length >= 3 && fields[2].trim() !== "" && Number.isFinite(Number(fields[2]));
}
