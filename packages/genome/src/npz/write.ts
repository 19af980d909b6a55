import { BindscapeError } from "@bindscape/numerics";
import { deflateSync } from "fflate";
import { type ByteSink, MemorySink } from "../byte-sink.js";
import { crc32 } from "../compression/crc32.js";
import type { NpyArray } from "../npy/array.js";
import { encodeNpy } from "../npy/write.js";
import { quote } from "../text/fields.js";

export interface WriteNpzOptions {
  /** Deflates the arrays, as numpy.savez_compressed does; without it they are stored, as by numpy.savez. */
  readonly compress?: boolean;
}

/** 1980-01-01, the earliest date zip knows: the same arrays make the same bytes. */
const date = 0x0021;

/** Writes an .npz file of named arrays. Archives above 4 GiB are refused. */
export async function writeNpz(
  sink: ByteSink,
  arrays: ReadonlyMap<string, NpyArray>,
  { compress = false }: WriteNpzOptions = {},
): Promise<void> {
  const start = sink.position;
  const directory: Uint8Array[] = [];
  for (const [name, array] of arrays) {
    const bytes = encodeNpy(array);
    const stored = compress ? deflateSync(bytes) : bytes;
    const memberName = new TextEncoder().encode(`${name}.npy`);
    const offset = sink.position - start;
    if (
      offset + stored.length + 65536 > 0xffffffff ||
      bytes.length > 0xffffffff ||
      memberName.length > 65535
    ) {
      throw new BindscapeError({
        source: sink.name,
        found: `the archive would pass 4 GiB at the array ${quote(name)}`,
        next: "Write the arrays to several files",
      });
    }
    const header = new DataView(new ArrayBuffer(46));
    header.setUint32(0, 0x02014b50, true);
    header.setUint16(4, 20, true);
    header.setUint16(6, 20, true);
    header.setUint16(8, 0x0800, true); // the name is UTF-8
    header.setUint16(10, compress ? 8 : 0, true);
    header.setUint16(14, date, true);
    header.setUint32(16, crc32(bytes), true);
    header.setUint32(20, stored.length, true);
    header.setUint32(24, bytes.length, true);
    header.setUint16(28, memberName.length, true);
    header.setUint32(42, offset, true);
    directory.push(new Uint8Array(header.buffer), memberName);

    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    // From the version needed to the lengths of name and extra field the two headers are the same.
    new Uint8Array(local.buffer).set(new Uint8Array(header.buffer, 6, 26), 4);
    await sink.write(new Uint8Array(local.buffer));
    await sink.write(memberName);
    await sink.write(stored);
  }
  const directoryOffset = sink.position - start;
  for (const part of directory) await sink.write(part);
  const end = new DataView(new ArrayBuffer(22));
  if (arrays.size > 65534) {
    throw new BindscapeError({
      source: sink.name,
      found: `${arrays.size} arrays`,
      expected: "at most 65534",
    });
  }
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, arrays.size, true);
  end.setUint16(10, arrays.size, true);
  end.setUint32(12, sink.position - start - directoryOffset, true);
  end.setUint32(16, directoryOffset, true);
  await sink.write(new Uint8Array(end.buffer));
}

/** The bytes of an .npz file. */
export async function encodeNpz(
  arrays: ReadonlyMap<string, NpyArray>,
  options?: WriteNpzOptions,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  await writeNpz(sink, arrays, options);
  return sink.toBytes();
}
