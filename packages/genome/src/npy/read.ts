import { BindscapeError } from "@bindscape/numerics";
import { type ByteSource, readAllBytes } from "../byte-source.js";
import { quote } from "../text/fields.js";
import {
  elementCount,
  elementTypes,
  machineIsLittleEndian,
  type NpyArray,
  type NpyData,
  swapBytes,
} from "./array.js";

/** Reads a .npy file. See {@link decodeNpy}. */
export async function readNpy(source: ByteSource): Promise<NpyArray> {
  return decodeNpy(await readAllBytes(source), source.name);
}

/**
 * The array of a .npy file's bytes (format versions 1 to 3): numbers and booleans, either byte order; Fortran order
 * is turned into C order. Python objects, text and structured arrays are refused.
 * @param source what errors call the file.
 */
export function decodeNpy(bytes: Uint8Array, source = "npy"): NpyArray {
  const header = readHeader(bytes, source);
  const type = elementTypes[header.type];
  const count = elementCount(header.shape);
  const length = count * type.bytes;
  const found = bytes.length - header.dataOffset;
  if (!Number.isSafeInteger(length) || length !== found) {
    throw new BindscapeError({
      source,
      offset: header.dataOffset,
      found: `${found} bytes of data`,
      expected: `${length} for the shape (${header.shape.join(", ")}) of ${type.bytes}-byte elements`,
      next: "The file is truncated or corrupt: make it again",
    });
  }
  const raw = bytes.slice(header.dataOffset);
  if (type.bytes > 1 && header.littleEndian !== machineIsLittleEndian) swapBytes(raw, type.bytes);
  const data = type.make(raw.buffer as ArrayBuffer);
  return {
    shape: header.shape,
    data: header.fortranOrder && header.shape.length > 1 ? toRowMajor(data, header.shape) : data,
  };
}

interface NpyHeader {
  readonly type: string;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: number[];
  readonly dataOffset: number;
}

/** NumPy itself allows 32 axes (64 since version 2). */
const mostAxes = 64;

function readHeader(bytes: Uint8Array, source: string): NpyHeader {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new BindscapeError({
      source,
      offset: 0,
      found: "this is not a .npy file",
      expected: "the bytes \\x93NUMPY at its start",
    });
  }
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw new BindscapeError({ source, offset: 6, found: `.npy version ${version}`, expected: "1, 2 or 3" });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? 0 : view.getUint32(8, true);
  const dataOffset = start + length;
  if (dataOffset > bytes.length || length > 1 << 20) {
    throw new BindscapeError({
      source,
      offset: 8,
      found: `a header of ${length} bytes in a file of ${bytes.length}`,
      next: "The file is truncated or corrupt: make it again",
    });
  }
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  return { ...parseHeader(text, source, start), dataOffset };
}

function parseHeader(text: string, source: string, offset: number): Omit<NpyHeader, "dataOffset"> {
  const descriptor = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)\b/.exec(text)?.[1];
  const shapeText = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  const [, endian, type] = /^([<>|=]?)(\w+)$/.exec(descriptor ?? "") ?? [];
  if (descriptor !== undefined && (type === undefined || !Object.hasOwn(elementTypes, type))) {
    throw new BindscapeError({
      source,
      offset,
      found: `elements of type ${quote(descriptor)}`,
      expected: `numbers or booleans (${Object.keys(elementTypes).join(", ")})`,
      next: "Convert the array with astype before it is saved",
    });
  }
  if (descriptor === undefined || order === undefined || shapeText === undefined) {
    throw new BindscapeError({
      source,
      offset,
      found: `the .npy header ${quote(text.trim())}`,
      expected: "a dictionary with descr, fortran_order and shape",
    });
  }
  const parts = shapeText.split(",").map((part) => part.trim().replace(/L$/, ""));
  if (parts.at(-1) === "") parts.pop();
  const shape = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (shape.some((length) => !Number.isSafeInteger(length)) || shape.length > mostAxes) {
    throw new BindscapeError({
      source,
      offset,
      found: `the shape ${quote(`(${shapeText})`)}`,
      expected: `at most ${mostAxes} whole numbers`,
    });
  }
  const littleEndian = endian === "<" || endian === "|" || (endian !== ">" && machineIsLittleEndian);
  return { type, littleEndian, fortranOrder: order === "True", shape };
}

/** Elements of a column-major array in row-major order. */
function toRowMajor<Data extends NpyData>(data: Data, shape: readonly number[]): Data {
  const result = data.slice() as Data;
  const axes = shape.length;
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const index = new Array<number>(axes).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from];
    for (let axis = axes - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
