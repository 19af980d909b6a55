import { deflateRawSync, crc32 as expectedCrc32, gzipSync } from "node:zlib";
import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteSource, MemorySource } from "../src/byte-source.js";
import { crc32 } from "../src/compression/crc32.js";
import { GunzipStream } from "../src/compression/gunzip.js";
import { readTextLines } from "../src/text/lines.js";
import { collect, expectError, textSource } from "./helpers.js";

const encoder = new TextEncoder();

function gunzipInChunks(bytes: Uint8Array, chunkLength: number): Uint8Array {
  const stream = new GunzipStream("x.gz");
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkLength) {
    parts.push(...stream.push(bytes.subarray(at, at + chunkLength)));
  }
  parts.push(...stream.finish());
  return new Uint8Array(Buffer.concat(parts));
}

/** The empty block that ends every bgzip file. */
const bgzipEnd = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");

/** One bgzip block: a gzip member whose extra field says how long it is. */
function bgzipBlock(data: Uint8Array): Buffer {
  const packed = deflateRawSync(data);
  const block = Buffer.alloc(18 + packed.length + 8);
  Buffer.from("1f8b08040000000000ff060042430200", "hex").copy(block);
  block.writeUInt16LE(block.length - 1, 16);
  packed.copy(block, 18);
  block.writeUInt32LE(crc32(data), 18 + packed.length);
  block.writeUInt32LE(data.length, 22 + packed.length);
  return block;
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .tuple(fc.string({ maxLength: 20 }), fc.nat(3000))
    .map(([text, times]) => encoder.encode(text.repeat(times))),
);

describe("gunzip", () => {
  it("restores any members, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(payload, fc.integer({ min: 0, max: 9 }), fc.boolean()), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.integer({ min: 1, max: 5000 }),
        (members, chunkLength) => {
          const bytes = Buffer.concat(
            members.map(([data, level, blocked]) => (blocked ? bgzipBlock(data) : gzipSync(data, { level }))),
          );
          const expected = Buffer.concat(members.map(([data]) => data));
          expect(Buffer.compare(gunzipInChunks(bytes, chunkLength), expected)).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("detects every truncation", () => {
    const bytes = Buffer.concat([gzipSync("first member "), gzipSync("and a second one"), bgzipEnd]);
    const whole = [gzipSync("first member ").length, bytes.length - bgzipEnd.length, bytes.length];
    for (let length = 1; length <= bytes.length; length++) {
      const read = () => gunzipInChunks(bytes.subarray(0, length), 7);
      // Cut between members it is a complete file as far as gzip can tell.
      if (whole.includes(length)) read();
      else expect(read, `${length} bytes`).toThrow(BindscapeError);
    }
  });

  it("detects every flipped byte of data and trailer", () => {
    const bytes = gzipSync("ACGT".repeat(50) + "a tail without repeats");
    for (let at = 10; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x41;
      expect(() => gunzipInChunks(damaged, 1000), `byte ${at}`).toThrow(BindscapeError);
    }
  });

  it("says what is wrong, and where", async () => {
    const bytes = gzipSync("ACGT".repeat(1000));
    await expectError(
      () => collect(readTextLines(new MemorySource(bytes.subarray(0, bytes.length - 3), "cut.gz"))),
      `cut.gz, offset ${bytes.length - 3}: the gzip file is cut off there or damaged before: its last checksum does not match the data. Fetch or make the file again.`,
    );
    const two = Buffer.concat([bytes, bytes]);
    two[bytes.length - 5] ^= 1;
    await expectError(
      () => collect(readTextLines(new MemorySource(two, "bad.gz"))),
      `bad.gz, offset ${bytes.length - 8}: the gzip checksum does not match the data. The file is damaged: fetch or make it again.`,
    );
    // 2 MiB of empty stored blocks: they are valid, and go on for ever without a byte of data.
    const blocks = Buffer.alloc(5 * 400_000);
    for (let at = 0; at < blocks.length; at += 5) blocks.set([0, 0, 0, 255, 255], at);
    await expect(
      collect(readTextLines(new MemorySource(Buffer.concat([bytes.subarray(0, 10), blocks]), "silent.gz"))),
    ).rejects.toThrow("more than 1 MiB of gzip data that decompress to nothing");
  });

  it("takes a file of very many tiny members", () => {
    const member = gzipSync("A");
    const count = 20_000;
    const found = gunzipInChunks(Buffer.concat(new Array(count).fill(member)), 1 << 20);
    expect(found.length).toBe(count);
  });

  it("has zlib's CRC-32", () => {
    expect(crc32(encoder.encode("123456789"))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat(50), (bytes, cut) => {
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
        if (expectedCrc32 !== undefined) expect(crc32(bytes)).toBe(expectedCrc32(bytes));
      }),
    );
  });
});

describe("lines", () => {
  it("are those of a plain split, plain or gzip", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\0\ufeff]/g, ""))),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        async (lines, lineEnd, zip) => {
          const bytes = encoder.encode(lines.map((line) => line + lineEnd).join(""));
          const found = await collect(readTextLines(new MemorySource(zip ? gzipSync(bytes) : bytes)));
          expect(found).toEqual(lines.map((text, i) => ({ line: i + 1, text })));
        },
      ),
    ));

  it("may lack the last line end, and span chunks of the file", async () => {
    const long = "é".repeat(700_000);
    const found = await collect(readTextLines(textSource(`\ufeffa\n${long}\n\nlast`)));
    expect(found.map(({ text }) => text)).toEqual(["a", long, "", "last"]);
    expect(await collect(readTextLines(textSource("")))).toEqual([]);
  });

  it("say what is not text", async () => {
    const read = (bytes: Uint8Array | string) => () =>
      collect(
        readTextLines(new MemorySource(typeof bytes === "string" ? encoder.encode(bytes) : bytes, "x")),
      );
    await expectError(
      read("a\nb\0c\n"),
      "x, line 2: a zero byte, so this is a binary file; expected text, plain or gzip.",
    );
    await expectError(
      read("a\nb\rc\n"),
      "x, line 2: a carriage return inside the line; expected lines that end in LF or CRLF. Convert the line ends, for instance with: tr '\\r' '\\n'.",
    );
    await expectError(
      read(Uint8Array.of(0x50, 0x4b, 3, 4, 0)),
      "x: this is a zip file; expected text, plain or gzip. Unzip it first.",
    );
    await expectError(
      read(Uint8Array.of(0xff, 0xfe, 65, 0)),
      "x: this is UTF-16 text; expected text, plain or gzip. Save it as plain text (UTF-8).",
    );
  });

  it("refuse to be longer than 64 MiB, without reading on", async () => {
    let read = 0;
    const endless: ByteSource = {
      name: "endless",
      size: async () => 2 ** 50,
      read: async (_, length) => {
        read += length;
        return new Uint8Array(length).fill(65);
      },
    };
    await expectError(
      () => collect(readTextLines(endless)),
      "endless, line 1: the line is longer than 64 MiB; expected text with line ends. Is this the file you meant?",
    );
    expect(read).toBeLessThan(66 * 2 ** 20);
  });
});
