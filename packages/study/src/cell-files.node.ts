import { Assembly, type Segment } from "./assembly.js";
import type { LoadedAssembly, SequencePlace } from "./load-assembly.node.js";
import type { TrackEntry } from "./study-file.js";
import { openTrack } from "./tracks.node.js";
import type { WindowSource } from "./windows.js";

/** A track and its file, resolved. */
export interface TrackFile {
  readonly entry: TrackEntry;
  readonly file: string;
}

/** Where sequence and tracks of a cell lie, for threads that open the files themselves: it can be cloned. */
export interface CellFiles {
  readonly assembly: {
    readonly name: string;
    readonly segments: readonly Segment[];
    readonly aliases: ReadonlyMap<string, string>;
    readonly isWhole: boolean;
  };
  /** Null where the codes are held in memory. */
  readonly sequence: SequencePlace | null;
  readonly tracks: readonly TrackFile[];
}

/** The assembly of a cell in files, without its sequence. */
export function describeAssembly({ assembly }: CellFiles): Assembly {
  return new Assembly(assembly.name, assembly.segments, null, assembly.aliases, assembly.isWhole);
}

/**
 * A cell whose tracks, and sequence where its format allows that, stay in their files. All files are opened once, so
 * that what is wrong with them shows now.
 * @returns null where a track is of a format that is only read whole
 * @throws BindscapeError as {@link openTrack} does
 */
export async function placeCell(
  loaded: LoadedAssembly,
  tracks: readonly TrackFile[],
  rest: Pick<WindowSource, "annotations" | "covariates" | "baseCounts">,
): Promise<{ readonly source: WindowSource; readonly warnings: readonly string[] } | null> {
  const { assembly } = loaded;
  const warnings: string[] = [];
  for (const { entry, file } of tracks) {
    const reader = await openTrack(entry, file, assembly);
    if (reader === null) return null;
    warnings.push(...reader.warnings);
    await reader.close();
  }
  const { name, segments, aliases, isWhole } = assembly;
  const source: WindowSource = {
    ...rest,
    segments,
    codes: loaded.place === null ? await loaded.loadCodes() : new Uint8Array(0),
    tracks: tracks.map(({ entry }) => ({
      name: entry.name,
      unit: entry.unit,
      values: new Float32Array(0),
      log: entry.transform.log,
    })),
    files: { assembly: { name, segments, aliases, isWhole }, sequence: loaded.place, tracks },
  };
  return { source, warnings };
}
