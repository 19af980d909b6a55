import { fileNameOf } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { placeCell, type TrackFile } from "./cell-files.node.js";
import type { LoadedAssembly } from "./load-assembly.node.js";
import { loadTrack } from "./tracks.node.js";
import type { SourceTrack, WindowSource } from "./windows.js";
// Who makes cells that stay in their files also says how they are opened.
import "./open-cell.node.js";

/**
 * "memory" holds sequence and tracks of cells; "on-demand" leaves them in their files, of which windows are read when
 * they are needed; "auto" does that where they would take more than 1.5 GB. The numbers are the same.
 */
export const TRACK_MODES = ["auto", "memory", "on-demand"] as const;
export type TrackMode = (typeof TRACK_MODES)[number];

/** Sequence (1 byte a base) and tracks (4) that "auto" holds in memory. */
export const LARGEST_HELD_BYTES = 1.5e9;

/** Where the cells of a study are to be, and what the tracks held so far take. */
export interface TrackRoom {
  readonly mode: TrackMode;
  /** Only the log-odds of motifs ask for the composition of the genome, which takes reading all of it. */
  readonly hasMotifs: boolean;
  heldBytes: number;
}

/**
 * Sequence and tracks of a cell: in memory, or in their files.
 * @param loadRest what else there is to know of the cell
 * @throws BindscapeError for a track that is missing or damaged, or too large to be held and not to be read in parts
 */
export async function loadCell(
  loaded: LoadedAssembly,
  files: readonly TrackFile[],
  loadRest: () => Promise<Pick<WindowSource, "annotations" | "covariates">>,
  room: TrackRoom,
  warnings: string[],
): Promise<WindowSource> {
  const { assembly } = loaded;
  const bytes = 4 * assembly.size * files.length;
  const isTooMuch = assembly.size + room.heldBytes + bytes > LARGEST_HELD_BYTES;
  if (room.mode === "on-demand" || (room.mode === "auto" && isTooMuch)) {
    const baseCounts = room.hasMotifs ? await loaded.countBases() : undefined;
    const placed = await placeCell(loaded, files, { ...(await loadRest()), baseCounts });
    if (placed !== null) {
      warnings.push(...placed.warnings);
      return placed.source;
    }
    if (room.mode === "on-demand") throw onlyWhole(files.map((track) => track.file));
  }
  room.heldBytes += bytes;
  const tracks: SourceTrack[] = [];
  for (const { entry, file } of files) {
    const { track, warnings: odd } = await loadTrack(entry, file, assembly);
    warnings.push(...odd);
    tracks.push(track);
  }
  return {
    segments: assembly.segments,
    codes: await loaded.loadCodes(),
    tracks,
    ...(await loadRest()),
  };
}

function onlyWhole(files: readonly string[]): BindscapeError {
  return new BindscapeError({
    source: files.find((file) => !/\.(bw|bigwig)$/i.test(fileNameOf(file))),
    found: "a track that can only be read whole, where tracks are to be read on demand",
    expected: "bigWig, or bedGraph with a tabix index beside it",
    next: "Make bedGraph a bigWig with `bindscape convert`, or hold tracks in memory (--tracks memory)",
  });
}
