import { BindscapeError } from "@bindscape/numerics";

/** A numeric array of a MATLAB file; values in MATLAB's order, the first subscript fastest. */
export interface MatlabArray {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

const COMPRESSED = 15;
const MATRIX = 14;
/** Array classes that hold plain numbers: double, single, and integers of 8 to 32 bits. */
const NUMERIC_CLASSES = new Set([6, 7, 8, 9, 10, 11, 12, 13]);

/** Bytes of a number, and how it is read, by MATLAB's data type. */
const NUMBER_TYPES: Readonly<
  Record<number, [number, (view: DataView, at: number, little: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
};

/** Whether bytes start as a MATLAB file of version 5 (which versions 6 and 7 write too, but 7.3 does not) does. */
export function isMatlab5(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 19)) === "MATLAB 5.0 MAT-file";
}

/**
 * The numeric arrays of a MATLAB file of version 5, by name: the format as MathWorks describe it ("MAT-File Level 5
 * File Format"), compressed elements included. Other arrays (cells, structures, text, sparse ones) are passed over.
 * @throws BindscapeError with the offset for what is cut off or damaged
 */
export async function readMatlab5(bytes: Uint8Array, source: string): Promise<Map<string, MatlabArray>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = bytes.length < 128 ? "" : String.fromCharCode(bytes[126], bytes[127]);
  if (!isMatlab5(bytes) || (mark !== "IM" && mark !== "MI")) {
    throw new BindscapeError({ source, found: "no header of a MATLAB file of version 5" });
  }
  const little = mark === "IM";
  const arrays = new Map<string, MatlabArray>();
  for (let at = 128; at + 8 <= bytes.length; ) {
    const { type, length, start, next } = readTag(view, at, little, source);
    if (type === COMPRESSED) {
      const inner = await inflate(bytes.subarray(start, start + length), source, at);
      const innerView = new DataView(inner.buffer, inner.byteOffset, inner.byteLength);
      const tag = readTag(innerView, 0, little, source);
      if (tag.type === MATRIX)
        takeMatrix(innerView, tag.start, tag.start + tag.length, little, source, arrays);
      // Compressed elements are not filled up to eight bytes.
      at = start + length;
      continue;
    }
    if (type === MATRIX) takeMatrix(view, start, start + length, little, source, arrays);
    at = next;
  }
  return arrays;
}

interface Tag {
  readonly type: number;
  readonly length: number;
  readonly start: number;
  /** Where the next element starts. */
  readonly next: number;
}

function readTag(view: DataView, at: number, little: boolean, source: string): Tag {
  if (at + 8 > view.byteLength) throw cutOff(source, at);
  const word = view.getUint32(at, little);
  const small = word >>> 16;
  // An element of up to four bytes may stand in its own tag.
  if (small > 0) return { type: word & 0xffff, length: small, start: at + 4, next: at + 8 };
  const length = view.getUint32(at + 4, little);
  const start = at + 8;
  if (start + length > view.byteLength) throw cutOff(source, at);
  return { type: word, length, start, next: start + Math.ceil(length / 8) * 8 };
}

function takeMatrix(
  view: DataView,
  start: number,
  end: number,
  little: boolean,
  source: string,
  arrays: Map<string, MatlabArray>,
): void {
  const flags = readTag(view, start, little, source);
  if (!NUMERIC_CLASSES.has(view.getUint32(flags.start, little) & 0xff)) return;
  const dimensions = readTag(view, flags.next, little, source);
  const shape = Array.from({ length: dimensions.length / 4 }, (_, i) =>
    view.getInt32(dimensions.start + 4 * i, little),
  );
  const name = readTag(view, dimensions.next, little, source);
  const text = new TextDecoder("latin1").decode(
    new Uint8Array(view.buffer, view.byteOffset + name.start, name.length),
  );
  const data = readTag(view, name.next, little, source);
  const count = shape.reduce((product, size) => product * size, 1);
  const kind = NUMBER_TYPES[data.type];
  if (kind === undefined || data.length !== count * kind[0] || data.start + data.length > end) {
    throw new BindscapeError({
      source,
      offset: name.next,
      found: `${data.length} bytes of type ${data.type} for the array ${text} of ${shape.join(" x ")}`,
      expected: "as many numbers as it has entries",
    });
  }
  const [size, read] = kind;
  // Bytes need no copy.
  const values =
    data.type === 2
      ? new Uint8Array(view.buffer, view.byteOffset + data.start, count)
      : Float64Array.from({ length: count }, (_, i) => read(view, data.start + i * size, little));
  arrays.set(text, { shape, values });
}

async function inflate(bytes: Uint8Array, source: string, offset: number): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new BindscapeError({ source, offset, found: "a compressed element that is damaged", cause });
  }
}

function cutOff(source: string, offset: number): BindscapeError {
  return new BindscapeError({
    source,
    offset,
    found: "an element that reaches beyond the end of the file",
    expected: "a complete MATLAB file",
    next: "Download it again",
  });
}
