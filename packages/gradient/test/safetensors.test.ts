import { BindscapeError, Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../src/index.js";

/** A file with a given header and a number of bytes after it. */
function fileWith(header: unknown, bytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + bytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

describe("safetensors", () => {
  it("gives back what was written", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })), {
          selector: ([name]) => name,
          maxLength: 6,
        }),
        fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        (entries, metadata) => {
          const random = new Random(1);
          const tensors = new Map<string, StoredTensor>();
          for (const [name, shape] of entries) {
            if (name === "__metadata__") continue;
            const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => random.normal());
            tensors.set(name, { shape, data });
          }
          const file = readSafetensors(writeSafetensors(tensors, metadata), "test");
          expect(file.tensors.size).toBe(tensors.size);
          for (const [name, tensor] of tensors) expect(file.tensors.get(name)).toEqual(tensor);
          expect(Object.entries(file.metadata)).toEqual(Object.entries(metadata));
        },
      ),
    );
  });

  it("starts values at a multiple of 8 and keeps NaN and infinities", () => {
    const data = Float32Array.from([Number.NaN, Number.POSITIVE_INFINITY, -0]);
    const bytes = writeSafetensors(new Map([["x", { shape: [3], data }]]));
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    expect(readSafetensors(bytes, "test").tensors.get("x")!.data).toEqual(data);
  });

  const tensor = (change: object) => ({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change } });
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "expected at least 8 bytes"],
    ["a header longer than the file", new Uint8Array(8).fill(255), "a header of 18446744073709551615 bytes"],
    ["a header that is no JSON", fileWith("{"), "no JSON"],
    ["a header that is a list", fileWith("[]"), "no object"],
    ["another type", fileWith(tensor({ dtype: "I64" }), 8), 'of type "I64"'],
    ["a huge shape", fileWith(tensor({ shape: [2 ** 40, 2 ** 40] }), 8), "in 8 bytes"],
    ["a negative length", fileWith(tensor({ shape: [-2] }), 8), "up to 8 whole numbers"],
    ["offsets past the end", fileWith(tensor({ data_offsets: [0, 80] }), 8), "a place within 8 bytes"],
    ["offsets that run backwards", fileWith(tensor({ data_offsets: [8, 0] }), 8), "a place within 8 bytes"],
    ["bytes left over", fileWith(tensor({}), 12), "4 bytes after the last tensor"],
    [
      "overlap",
      fileWith({ ...tensor({}), y: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 8),
      "where the one before ends",
    ],
    ["metadata of numbers", fileWith({ __metadata__: { a: 1 } }), "no text"],
  ])("refuses %s", (_what, bytes, message) => {
    expect(() => readSafetensors(bytes, "weights.safetensors")).toThrow(BindscapeError);
    expect(() => readSafetensors(bytes, "weights.safetensors")).toThrow(message);
  });

  it("never fails in another way on damaged files", () => {
    const good = writeSafetensors(
      new Map([
        ["a", { shape: [3, 2], data: new Float32Array(6) }],
        ["b", { shape: [], data: Float32Array.of(1) }],
      ]),
      { key: "value" },
    );
    const random = new Random("fuzz");
    for (let i = 0; i < 5000; i++) {
      const bytes = good.slice(0, random.uniform() < 0.2 ? random.integer(good.length + 1) : good.length);
      for (let k = random.integer(4); k >= 0 && bytes.length > 0; k--) {
        bytes[random.integer(bytes.length)] = random.integer(256);
      }
      try {
        readSafetensors(bytes, "fuzz");
      } catch (error) {
        expect(error).toBeInstanceOf(BindscapeError);
      }
    }
  });
});
