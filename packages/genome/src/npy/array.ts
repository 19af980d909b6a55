/** The typed arrays that .npy files hold. */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A NumPy array: row-major (C order), `data.length` is the product of `shape`; a scalar's shape is []. */
export interface NpyArray<Data extends NpyData = NpyData> {
  readonly shape: readonly number[];
  readonly data: Data;
}

interface ElementType {
  readonly bytes: number;
  readonly make: (buffer: ArrayBuffer) => NpyData;
}

/** By NumPy's type code without the byte order. Booleans come as bytes 0 and 1. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  f4: { bytes: 4, make: (buffer) => new Float32Array(buffer) },
  f8: { bytes: 8, make: (buffer) => new Float64Array(buffer) },
  i1: { bytes: 1, make: (buffer) => new Int8Array(buffer) },
  i2: { bytes: 2, make: (buffer) => new Int16Array(buffer) },
  i4: { bytes: 4, make: (buffer) => new Int32Array(buffer) },
  i8: { bytes: 8, make: (buffer) => new BigInt64Array(buffer) },
  b1: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  u1: { bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  u2: { bytes: 2, make: (buffer) => new Uint16Array(buffer) },
  u4: { bytes: 4, make: (buffer) => new Uint32Array(buffer) },
  u8: { bytes: 8, make: (buffer) => new BigUint64Array(buffer) },
};

/** NumPy's type code of a typed array, without the byte order. */
export function elementTypeOf(data: NpyData): string {
  const kind =
    data instanceof Float32Array || data instanceof Float64Array
      ? "f"
      : data instanceof Int8Array ||
          data instanceof Int16Array ||
          data instanceof Int32Array ||
          data instanceof BigInt64Array
        ? "i"
        : "u";
  return `${kind}${data.BYTES_PER_ELEMENT}`;
}

/** Number of elements of a shape; not finite or not safe where it overflows. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** NumPy files are little-endian as we write them; on a big-endian machine elements are swapped on the way. */
export const machineIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reverses the bytes of every element in place. */
export function swapBytes(bytes: Uint8Array, elementLength: number): void {
  for (let at = 0; at + elementLength <= bytes.length; at += elementLength) {
    bytes.subarray(at, at + elementLength).reverse();
  }
}
