import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isAddress, readTextLines, withSource } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Assembly } from "../assembly.js";
import { readIntervalFile, readPeakFile } from "../interval-files.node.js";
import type { CompendiumTrack } from "./make-compendium.js";

/** A line of a list of tracks. */
export interface TrackListEntry {
  readonly factor: string;
  readonly cell: string;
  /** narrowPeak or BED, resolved. */
  readonly peaks: string;
  /** BED of regions that were measured, resolved, where not all were. */
  readonly measured?: string;
}

/**
 * Reads a list of tracks: tab-separated lines of name, cell and peak file, and where a track was not measured
 * everywhere a BED file of the regions that were. Files are relative to the list. Blank lines, lines that start with #
 * and a first line that starts with "name" are passed over. A cell may be empty.
 * @throws BindscapeError with the line, also for files that do not exist
 */
export async function readTrackList(file: string): Promise<TrackListEntry[]> {
  const entries: TrackListEntry[] = [];
  const lines = new Map<string, number>();
  const locate = (name: string, line: number) => {
    const path = isAddress(name) ? name : resolve(dirname(resolve(file)), name);
    if (isAddress(path) || existsSync(path)) return path;
    throw new BindscapeError({
      source: file,
      line,
      found: `the file ${name}, which does not exist`,
      expected: `a file at ${path}`,
      next: "Files are relative to the list they stand in",
    });
  };
  await withSource(file, async (source) => {
    for await (const { line, text } of readTextLines(source)) {
      if (text.trim() === "" || text.startsWith("#") || (line === 1 && /^name\t/i.test(text))) continue;
      const [factor, cell = "", peaks = "", measured = ""] = text.split("\t").map((field) => field.trim());
      if (factor === "" || peaks === "" || factor.includes("|")) {
        throw new BindscapeError({
          source: file,
          line,
          found: JSON.stringify(text.slice(0, 80)),
          expected: "name (without |), cell and peak file between tabs",
        });
      }
      const key = `${factor.toLowerCase()}|${cell}`;
      const before = lines.get(key);
      if (before !== undefined) {
        throw new BindscapeError({
          source: file,
          line,
          found: `${factor}${cell === "" ? "" : ` in ${cell}`} again (first at line ${before})`,
          expected: "one track of a factor in a cell",
        });
      }
      lines.set(key, line);
      entries.push({
        factor,
        cell,
        peaks: locate(peaks, line),
        ...(measured !== "" && { measured: locate(measured, line) }),
      });
    }
  });
  if (entries.length > 0) return entries;
  throw new BindscapeError({
    source: file,
    found: "no track",
    expected: "lines of name, cell and peak file between tabs",
  });
}

/** The tracks of a list, read one after another onto an assembly. @param warnings what was odd is added */
export function tracksOfList(
  entries: readonly TrackListEntry[],
  assembly: Assembly,
  warnings: string[],
): CompendiumTrack[] {
  return entries.map(({ factor, cell, peaks, measured }) => ({
    factor,
    cell,
    read: async () => ({
      peaks: await readPeakFile(peaks, assembly, warnings),
      ...(measured !== undefined && { measured: await readIntervalFile(measured, assembly, warnings) }),
    }),
  }));
}
