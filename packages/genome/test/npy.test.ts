import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../src/byte-source.js";
import type { NpyArray, NpyData } from "../src/npy/array.js";
import { decodeNpy, readNpy } from "../src/npy/read.js";
import { encodeNpy } from "../src/npy/write.js";
import { readNpz } from "../src/npz/read.js";
import { encodeNpz } from "../src/npz/write.js";
import { expectError } from "./helpers.js";

const shape = fc.array(fc.nat(4), { maxLength: 4 });
const makers: ((numbers: number[]) => NpyData)[] = [
  Float32Array.from.bind(Float32Array),
  Float64Array.from.bind(Float64Array),
  Int8Array.from.bind(Int8Array),
  Int16Array.from.bind(Int16Array),
  Int32Array.from.bind(Int32Array),
  Uint8Array.from.bind(Uint8Array),
  Uint16Array.from.bind(Uint16Array),
  Uint32Array.from.bind(Uint32Array),
  (numbers) => BigInt64Array.from(numbers, (value) => BigInt(value)),
  (numbers) => BigUint64Array.from(numbers, (value) => BigInt(value)),
];
const array: fc.Arbitrary<NpyArray> = fc
  .tuple(shape, fc.constantFrom(...makers), fc.nat(1000))
  .map(([axes, make, first]) => {
    const count = axes.reduce((product, length) => product * length, 1);
    return { shape: axes, data: make(Array.from({ length: count }, (_, i) => (first * 31 + i * 17) % 100)) };
  });

/** A .npy file by hand, of any header. */
function makeNpy(header: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const text = Buffer.from(header);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return new Uint8Array(
    Buffer.concat([
      Buffer.from("\x93NUMPY", "latin1"),
      Buffer.from([version, 0, ...length]),
      text,
      Buffer.from(Array.from(data)),
    ]),
  );
}

describe("npy", () => {
  it("round-trips", () =>
    fc.assert(
      fc.asyncProperty(array, async (original) => {
        expect(await readNpy(new MemorySource(encodeNpy(original)))).toEqual(original);
      }),
    ));

  it("writes the bytes that NumPy writes", () => {
    // numpy.save of numpy.arange(3, dtype="<f4"): NumPy pads the header with spaces to 128 bytes in all.
    const bytes = encodeNpy({ shape: [3], data: Float32Array.of(0, 1, 2) });
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
    expect(Buffer.from(bytes).toString("latin1")).toBe(
      `\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n\0\0\0\0\0\0\x80\x3f\0\0\0\x40`,
    );
  });

  it("reads big-endian, Fortran order, booleans, scalars and versions 2 and 3", () => {
    expect(
      decodeNpy(makeNpy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", [1, 2, 255, 254])),
    ).toEqual({
      shape: [2],
      data: Int16Array.of(258, -2),
    });
    expect(
      decodeNpy(makeNpy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6], 2)),
    ).toEqual({ shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    const column = Array.from({ length: 24 }, (_, i) => i);
    const cube = decodeNpy(
      makeNpy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3, 4), }", column, 3),
    );
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) {
        for (let k = 0; k < 4; k++) expect(cube.data[(i * 3 + j) * 4 + k]).toBe(i + 2 * j + 6 * k);
      }
    }
    expect(decodeNpy(makeNpy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", [1]))).toEqual({
      shape: [],
      data: Uint8Array.of(1),
    });
  });

  it("says what is wrong, and where", async () => {
    const header = (type: string, axes: string) =>
      `{'descr': '${type}', 'fortran_order': False, 'shape': ${axes}, }`;
    const read = (bytes: Uint8Array) => () => readNpy(new MemorySource(bytes, "a.npy"));
    await expectError(
      read(Uint8Array.of(1, 2, 3)),
      "a.npy, offset 0: this is not a .npy file; expected the bytes \\x93NUMPY at its start.",
    );
    await expectError(
      read(makeNpy(header("|O", "(1,)"), [0])),
      'a.npy, offset 10: elements of type "|O"; expected numbers or booleans (f4, f8, i1, i2, i4, i8, b1, u1, u2, u4, u8). Convert the array with astype before it is saved.',
    );
    await expectError(
      read(makeNpy(header("<f4", "(2,)"), [0, 0, 0, 0, 0, 0, 0])),
      "a.npy, offset 67: 7 bytes of data; expected 8 for the shape (2) of 4-byte elements. The file is truncated or corrupt: make it again.",
    );
    await expectError(
      read(makeNpy(header("<f4", "(4294967296, 4294967296)"), [0])),
      "a.npy, offset 87: 1 bytes of data; expected 73786976294838210000 for the shape (4294967296, 4294967296) of 4-byte elements. The file is truncated or corrupt: make it again.",
    );
    await expectError(
      read(makeNpy("{'descr': '<f4'}", [])),
      "a.npy, offset 10: the .npy header \"{'descr': '<f4'}\"; expected a dictionary with descr, fortran_order and shape.",
    );
    await expectError(
      () => encodeNpy({ shape: [2, 2], data: new Float32Array(3) }),
      "the shape (2, 2) for 3 elements; expected lengths whose product is the number of elements.",
    );
  });
});

/** numpy.savez_compressed of Python's zipfile with ZIP64 in its local header: an array "x" = uint8 [7]. */
describe("npz", () => {
  it("round-trips, stored and compressed", () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ maxLength: 8 }), array, { maxKeys: 5 }),
        fc.boolean(),
        async (all, compress) => {
          const arrays = new Map(Object.entries(all));
          const bytes = await encodeNpz(arrays, { compress });
          expect(await readNpz(new MemorySource(bytes))).toEqual(arrays);
          expect(await encodeNpz(arrays, { compress })).toEqual(bytes);
        },
      ),
    ));

  it("refuses every truncation and every flipped byte that changes the data", async () => {
    const arrays = new Map([
      ["weights", { shape: [30], data: Float32Array.from({ length: 30 }, (_, i) => i) }],
    ]);
    for (const compress of [false, true]) {
      const bytes = await encodeNpz(arrays, { compress });
      for (let length = 0; length < bytes.length; length++) {
        await expect(readNpz(new MemorySource(bytes.slice(0, length)))).rejects.toThrow("again");
      }
      for (let at = 41; at < bytes.length - 120; at++) {
        const damaged = bytes.slice();
        damaged[at] ^= 0x10;
        await expect(readNpz(new MemorySource(damaged)), `byte ${at}`).rejects.toThrow("again");
      }
    }
  });

  it("says what is wrong", async () => {
    const bytes = await encodeNpz(new Map([["x", { shape: [1], data: Uint8Array.of(7) }]]), {
      compress: true,
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const directory = view.getUint32(bytes.length - 6, true);
    const patched = (write: (copy: DataView) => void) => () => {
      const copy = bytes.slice();
      write(new DataView(copy.buffer));
      return readNpz(new MemorySource(copy, "a.npz"));
    };
    await expectError(
      patched((copy) => copy.setUint32(directory + 24, 0xfffffff0, true)),
      'a.npz, offset 0: the member "x.npy" has an impossible length. The file is truncated or corrupt: make it again.',
    );
    await expectError(
      patched((copy) => copy.setUint16(directory + 10, 14, true)),
      `a.npz, offset ${directory}: the member "x.npy" is compressed by method 14; expected stored or deflated data, as numpy.savez writes.`,
    );
    await expectError(
      patched((copy) => copy.setUint32(directory + 16, 1, true)),
      'a.npz, offset 0: the member "x.npy" does not match its checksum. The file is truncated or corrupt: make it again.',
    );
    await expectError(
      patched((copy) => copy.setUint8(directory + 46 + 2, 66)),
      'a.npz, offset 0: the archive has a member "x.Bpy"; expected arrays only, with names that end in .npy.',
    );
    await expectError(
      () => readNpz(new MemorySource(new TextEncoder().encode("no zip at all"), "a.npz")),
      "a.npz: the zip directory at the end of the file is missing; expected an .npz file. It is truncated or of another kind: make it again.",
    );
  });
});
