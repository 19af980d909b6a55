import { BindscapeError } from "@bindscape/numerics";
import { product } from "./shape.js";

/** A named array as weight files hold it: float32, row-major. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  readonly tensors: Map<string, { shape: number[]; data: Float32Array }>;
  readonly metadata: Record<string, string>;
}

/** Headers longer than this are refused, as the format's own library does. */
const largestHeader = 100_000_000;

/**
 * Writes tensors in the safetensors format (https://github.com/huggingface/safetensors): the header's length, a
 * JSON header padded with spaces to a multiple of 8, then the values, little-endian.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let length = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === "__metadata__" || product(shape) !== data.length) {
      throw new BindscapeError({
        source: `tensor "${name}"`,
        found:
          name === "__metadata__"
            ? "a reserved name"
            : `${data.length} values for the shape [${shape.join(", ")}]`,
        expected: name === "__metadata__" ? "another name" : `${product(shape)} values`,
      });
    }
    header.push([name, { dtype: "F32", shape, data_offsets: [length, length + data.length * 4] }]);
    length += data.length * 4;
  }
  // Written entry by entry: names that look like whole numbers would be reordered as keys of an object.
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + length).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file of float32 (F32) or float64 (F64, rounded to float32) tensors. Everything the header
 * says is checked against the file's size before any memory is taken.
 * @param sourceName what errors call the file
 */
export function readSafetensors(bytes: Uint8Array, sourceName: string): SafetensorsFile {
  const fail = (found: string, expected: string, offset = 8): never => {
    throw new BindscapeError({
      source: sourceName,
      offset,
      found,
      expected,
      next: "The file is damaged or no safetensors file; get it anew",
    });
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes`, "at least 8 bytes", 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(Math.min(largestHeader, bytes.length - 8))) {
    fail(`a header of ${declared} bytes`, `at most the ${bytes.length - 8} bytes that follow`, 0);
  }
  const start = 8 + Number(declared);
  const header = parseHeader(bytes.subarray(8, start), fail);
  const available = bytes.length - start;
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  const metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(entry)) fail("metadata that is no object", "an object of texts");
      for (const [key, value] of Object.entries(entry as object)) {
        if (typeof value !== "string") fail(`metadata "${key}" that is no text`, "texts");
        metadata[key] = value;
      }
      continue;
    }
    entries.push({ name, ...checkEntry(name, entry, available, fail) });
  }
  checkCover(entries, available, fail);
  for (const { name, shape, from, width } of entries) {
    const data = new Float32Array(product(shape));
    for (let i = 0; i < data.length; i++) {
      const at = start + from + i * width;
      data[i] = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    }
    tensors.set(name, { shape, data });
  }
  return { tensors, metadata };
}

type Fail = (found: string, expected: string, offset?: number) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return fail("a header that is no JSON", "a JSON object");
  }
  return isRecord(header) ? header : fail("a header that is no object", "a JSON object");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

interface Entry {
  readonly name: string;
  readonly shape: number[];
  /** Bytes [from, to) after the header. */
  readonly from: number;
  readonly to: number;
  /** Bytes a value. */
  readonly width: 4 | 8;
}

function checkEntry(name: string, entry: unknown, available: number, fail: Fail): Omit<Entry, "name"> {
  const tensor = isRecord(entry)
    ? entry
    : fail(`tensor "${name}" without a description`, "dtype, shape, data_offsets");
  const { dtype, shape, data_offsets: offsets } = tensor;
  if (dtype !== "F32" && dtype !== "F64")
    fail(`tensor "${name}" of type ${JSON.stringify(dtype)}`, "F32 or F64");
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isCount)) {
    fail(`tensor "${name}" of shape ${JSON.stringify(shape)?.slice(0, 100)}`, "up to 8 whole numbers");
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    fail(`tensor "${name}" with offsets ${JSON.stringify(offsets)?.slice(0, 100)}`, "two whole numbers");
  }
  const [from, to] = offsets as [number, number];
  if (from > to || to > available)
    fail(`tensor "${name}" at [${from}, ${to})`, `a place within ${available} bytes`);
  const width = dtype === "F32" ? 4 : 8;
  const lengths = shape as number[];
  if (product(lengths) * width !== to - from) {
    fail(
      `tensor "${name}" of shape [${lengths.join(", ")}] in ${to - from} bytes`,
      `${product(lengths) * width} bytes`,
    );
  }
  return { shape: lengths, from, to, width };
}

/** Tensors must fill the file without overlap: otherwise a small file could ask for any amount of memory. */
function checkCover(entries: readonly Entry[], available: number, fail: Fail): void {
  const sorted = [...entries].sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of sorted) {
    if (from !== end) fail(`tensor "${name}" at byte ${from}`, `byte ${end}, where the one before ends`);
    end = to;
  }
  if (end !== available) fail(`${available - end} bytes after the last tensor`, "none");
}
