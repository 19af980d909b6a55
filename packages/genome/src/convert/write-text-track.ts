import type { ByteSink } from "../byte-sink.js";
import { checkColumn } from "../text/write-fields.js";
import { formatFloat32 } from "./float32-text.js";
import type { Track } from "./track.js";

/** The lines of a track as bedGraph, or as BED with the value as the score, in pieces of some 64 KiB. */
export async function* formatTextTrack(track: Track, format: "bedGraph" | "BED"): AsyncGenerator<string> {
  let text = "";
  for await (const { chromosome, starts, ends, values } of track.runs) {
    const name = checkColumn(chromosome, "chromosome");
    const middle = format === "BED" ? "\t.\t" : "\t";
    for (let i = 0; i < starts.length; i++) {
      text += `${name}\t${starts[i]}\t${ends[i]}${middle}${formatFloat32(values[i])}\n`;
      if (text.length > 65536) {
        yield text;
        text = "";
      }
    }
  }
  if (text !== "") yield text;
}

/** Writes pieces of text to a sink. */
export async function writePieces(sink: ByteSink, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const piece of pieces) await sink.write(piece);
}
