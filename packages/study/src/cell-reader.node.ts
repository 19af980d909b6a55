import { allocateShared } from "./assembly.js";
import type { LoadedAssembly, SequenceReader } from "./load-assembly.node.js";
import type { TrackEntry } from "./study-file.js";
import { openTrack, type TrackReader } from "./tracks.node.js";
import type { WindowSource } from "./windows.js";

/** A cell of which sequence and tracks stay in their files and are read part by part. */
export interface CellReader {
  /**
   * A source with the sequence and the tracks of [start, end) of one segment, in chromosome coordinates, for
   * requests whose windows lie in there. Segments keep their numbers. Valid until the next call: memory is reused.
   */
  read(segmentIndex: number, start: number, end: number): Promise<WindowSource>;
  close(): Promise<void>;
}

/**
 * Opens the tracks of a cell for reading part by part; null where one is of a format that is only read whole.
 * @param rest what all parts have alike
 */
export async function openCellReader(
  { assembly, openSequence }: LoadedAssembly,
  tracks: readonly { readonly entry: TrackEntry; readonly file: string }[],
  rest: Pick<WindowSource, "annotations" | "covariates">,
): Promise<(CellReader & { readonly warnings: readonly string[] }) | null> {
  const readers: TrackReader[] = [];
  let sequence: SequenceReader | undefined;
  const close = async () => {
    for (const reader of readers) await reader.close();
    await sequence?.close();
  };
  try {
    for (const { entry, file } of tracks) {
      const reader = await openTrack(entry, file, assembly);
      if (reader === null) {
        await close();
        return null;
      }
      readers.push(reader);
    }
    sequence = await openSequence();
  } catch (error) {
    await close();
    throw error;
  }
  const { readCodes } = sequence;
  let room = 0;
  let codes: Uint8Array = new Uint8Array(0);
  let values: Float32Array[] = [];
  return {
    warnings: readers.flatMap(({ warnings }) => warnings),
    async read(segmentIndex, start, end) {
      const length = end - start;
      if (length > room) {
        room = length;
        codes = new Uint8Array(allocateShared(room));
        values = readers.map(() => new Float32Array(allocateShared(4 * room)));
      }
      const { chromosome } = assembly.segments[segmentIndex];
      const part = { chromosome, start, end, offset: 0 };
      codes.set(await readCodes(segmentIndex, start, end));
      // Views of what is read now, so that a transformation leaves what is behind it alone.
      const views = values.map((array) => array.subarray(0, length));
      for (const [i, reader] of readers.entries()) await reader.read([part], views[i]);
      return {
        ...rest,
        segments: assembly.segments.map((segment, i) => (i === segmentIndex ? part : segment)),
        codes: codes.subarray(0, length),
        tracks: tracks.map(({ entry }, i) => ({
          name: entry.name,
          unit: entry.unit,
          values: views[i],
          log: entry.transform.log,
        })),
      };
    },
    close,
  };
}
