import { describeAssembly } from "./cell-files.node.js";
import { openSequence } from "./load-assembly.node.js";
import { type OpenCell, provideCellOpener } from "./source-reader.js";
import { openTrack, type TrackReader } from "./tracks.node.js";
import type { WindowSource } from "./windows.js";

/** Bytes of decoded blocks that the tracks of a cell keep together for the next read. */
const CACHE_BYTES = 64 << 20;

async function openCell(source: WindowSource): Promise<OpenCell> {
  const files = source.files!;
  const assembly = describeAssembly(files);
  const opened: { close(): void | Promise<void> }[] = [];
  const close = async () => {
    for (const file of opened.splice(0)) await file.close();
  };
  try {
    const tracks: TrackReader[] = [];
    for (const { entry, file } of files.tracks) {
      const cacheSize = Math.floor(CACHE_BYTES / files.tracks.length);
      const track = await openTrack(entry, file, assembly, { cacheSize });
      if (track === null) throw new Error(`${file} can only be read whole`);
      opened.push(track);
      tracks.push(track);
    }
    if (files.sequence === null) {
      const { codes, segments } = source;
      const readCodes = (segmentIndex: number, start: number, end: number) => {
        const at = segments[segmentIndex].offset - segments[segmentIndex].start;
        return codes.subarray(at + start, at + end);
      };
      return { readCodes, readTrack: (track, parts, values) => tracks[track].read(parts, values), close };
    }
    const sequence = await openSequence(files.sequence);
    opened.push(sequence);
    return {
      readCodes: sequence.readCodes,
      readTrack: (track, parts, values) => tracks[track].read(parts, values),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

provideCellOpener(openCell);
