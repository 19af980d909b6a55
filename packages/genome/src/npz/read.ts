import { BindscapeError } from "@bindscape/numerics";
import { inflateSync } from "fflate";
import type { ByteSource } from "../byte-source.js";
import { crc32 } from "../compression/crc32.js";
import type { NpyArray } from "../npy/array.js";
import { decodeNpy } from "../npy/read.js";
import { quote } from "../text/fields.js";
import { readZipDirectory, type ZipMember } from "./zip-directory.js";

/** Deflate expands at most 1032-fold. */
const largestExpansion = 1032;

/**
 * The arrays of an .npz file (numpy.savez or savez_compressed) by name, in the order of the file.
 * @throws BindscapeError for a damaged archive, a wrong checksum, and what {@link decodeNpy} refuses.
 */
export async function readNpz(source: ByteSource): Promise<Map<string, NpyArray>> {
  const arrays = new Map<string, NpyArray>();
  for (const member of await readZipDirectory(source)) {
    if (!member.name.endsWith(".npy")) {
      throw new BindscapeError({
        source: source.name,
        offset: member.offset,
        found: `the archive has a member ${quote(member.name)}`,
        expected: "arrays only, with names that end in .npy",
      });
    }
    const name = member.name.slice(0, -".npy".length);
    arrays.set(name, decodeNpy(await readMember(source, member), `${source.name}, array ${quote(name)}`));
  }
  return arrays;
}

async function readMember(source: ByteSource, member: ZipMember): Promise<Uint8Array> {
  const damaged = (found: string, cause?: unknown) =>
    new BindscapeError({
      source: source.name,
      offset: member.offset,
      found: `the member ${quote(member.name)} ${found}`,
      next: "The file is truncated or corrupt: make it again",
      cause,
    });
  const local = await source.read(member.offset, 30);
  const view = new DataView(local.buffer, local.byteOffset, 30);
  if (view.getUint32(0, true) !== 0x04034b50) throw damaged("is not where the directory says");
  const start = member.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const stored = await source.read(start, member.storedLength);
  let bytes: Uint8Array;
  if (member.method === 0) {
    if (member.length !== member.storedLength) throw damaged("has two different lengths");
    bytes = stored;
  } else {
    // Before the memory is taken: no deflate data can be as long as a damaged directory may say.
    if (member.length > member.storedLength * largestExpansion + 64)
      throw damaged("has an impossible length");
    try {
      bytes = inflateSync(stored, { out: new Uint8Array(member.length) });
    } catch (cause) {
      throw damaged("cannot be decompressed", cause);
    }
  }
  if (bytes.length !== member.length) throw damaged(`has ${bytes.length} bytes, not ${member.length}`);
  if (crc32(bytes) !== member.crc) throw damaged("does not match its checksum");
  return bytes;
}
