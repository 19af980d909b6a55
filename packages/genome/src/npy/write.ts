import { BindscapeError } from "@bindscape/numerics";
import type { ByteSink } from "../byte-sink.js";
import { elementCount, elementTypeOf, machineIsLittleEndian, type NpyArray, swapBytes } from "./array.js";

/** Writes a .npy file (version 1, little-endian, C order). */
export async function writeNpy(sink: ByteSink, array: NpyArray): Promise<void> {
  for (const part of npyParts(array)) await sink.write(part);
}

/** The bytes of a .npy file. */
export function encodeNpy(array: NpyArray): Uint8Array {
  const [header, data] = npyParts(array);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** Header and data; the data share the array's memory. */
export function npyParts({ shape, data }: NpyArray): [Uint8Array, Uint8Array] {
  if (
    shape.some((length) => !Number.isSafeInteger(length) || length < 0) ||
    elementCount(shape) !== data.length
  ) {
    throw new BindscapeError({
      found: `the shape (${shape.join(", ")}) for ${data.length} elements`,
      expected: "lengths whose product is the number of elements",
    });
  }
  const type = elementTypeOf(data);
  const order = data.BYTES_PER_ELEMENT === 1 ? "|" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // The data start at a multiple of 64 bytes, as NumPy aligns them.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  header.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  let bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (!machineIsLittleEndian && data.BYTES_PER_ELEMENT > 1) {
    bytes = bytes.slice();
    swapBytes(bytes, data.BYTES_PER_ELEMENT);
  }
  return [header, bytes];
}
