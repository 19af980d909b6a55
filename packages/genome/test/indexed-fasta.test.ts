import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../src/byte-source.js";
import { BgzfSource, buildBgzfIndex, readBgzfIndex } from "../src/compression/bgzf.js";
import { buildFastaIndex, formatFastaIndex, readFastaIndex } from "../src/fasta/index-file.js";
import { IndexedFastaReader } from "../src/fasta/indexed.js";
import { readFasta } from "../src/fasta/read.js";
import { bgzip } from "./bgzip.js";
import { expectError, findData, openTestFile, textSource } from "./helpers.js";

const random = new Random("indexed fasta");

/** FASTA with lines of random lengths; some records empty, some ending without a line end. */
function makeFasta(lineEnd: string, last = lineEnd): string {
  const records = [0, 1, 59, 60, 61, 5_000, 0, 120, 777].map((size, i) => {
    const width = 20 + random.integer(60);
    const letters = Array.from({ length: size }, () => "ACGTNacgtnRY"[random.integer(12)]).join("");
    return `>s${i} text${lineEnd}${letters.replace(new RegExp(`(.{${width}})(?=.)`, "g"), `$1${lineEnd}`)}`;
  });
  return records.map((record) => record.replace(/(\r?\n)$/, "")).join(lineEnd) + last;
}

describe("indexed FASTA", () => {
  it("reads the stretches that the whole reader has, plain and bgzip, given indexes and made ones", async () => {
    for (const text of [makeFasta("\n"), makeFasta("\r\n"), makeFasta("\n", "")]) {
      const whole = await readFasta(textSource(text));
      const { bytes, index: blockIndex } = bgzip(text, 700);
      const packed = new MemorySource(bytes, "a.fa.gz");
      const made = await buildFastaIndex(textSource(text));
      const index = textSource(formatFastaIndex(made), "a.fa.fai");
      expect(await readFastaIndex(index)).toEqual(made);
      expect(await buildFastaIndex(packed)).toEqual(made);
      const readers = [
        await IndexedFastaReader.open(textSource(text)),
        await IndexedFastaReader.open(textSource(text), { index }),
        await IndexedFastaReader.open(packed),
        await IndexedFastaReader.open(packed, { index, blockIndex: new MemorySource(blockIndex) }),
      ];
      for (const reader of readers) {
        expect(reader.sequences).toEqual(whole.map(({ name, codes }) => ({ name, size: codes.length })));
        for (const { name, codes } of whole) {
          expect(await reader.readCodes(name, 0, codes.length)).toEqual(codes);
          for (let i = 0; i < 12; i++) {
            const start = random.integer(codes.length + 1);
            const end = start + random.integer(codes.length - start + 1);
            expect(await reader.readCodes(name, start, end)).toEqual(codes.slice(start, end));
          }
        }
      }
    }
  });

  it("refuses ranges, names, files and indexes that do not fit", async () => {
    const text = ">a\nACGT\nAC\n>b\nGG\n";
    const reader = await IndexedFastaReader.open(textSource(text));
    await expectError(
      () => reader.readCodes("c", 0, 1),
      'test.txt: no sequence named "c"; expected one of the 2 names (a, b).',
    );
    await expectError(
      () => reader.readCodes("a", 2, 7),
      "test.txt: the range a:2-7; expected whole numbers with 0 <= start <= end <= 6, the length of a.",
    );
    const { gzipSync } = await import("node:zlib");
    await expectError(
      () => IndexedFastaReader.open(new MemorySource(gzipSync(text), "a.fa.gz")),
      "a.fa.gz: gzip that is not bgzip, of which no part can be read without all before it. Decompress the file, or compress it with bgzip.",
    );
    await expectError(
      () => buildFastaIndex(textSource(">a\nACG\nACGT\nA\n")),
      'test.txt, line 3: lines of different lengths in the sequence "a"; expected lines of one length but for the last, so that the place of a base can be computed. Write the FASTA file again with even lines (seqtk seq -l 60), or convert it to 2bit.',
    );
    await expectError(
      () => buildFastaIndex(textSource(">a\nA\n>a\nA\n")),
      'test.txt, line 3: a second sequence named "a"; expected a name for every sequence.',
    );
    const other = (line: string) =>
      IndexedFastaReader.open(textSource(text), { index: textSource(line, "i") });
    await expectError(
      () => other("a\t6\t4\t4\t5\n"),
      'i: the sequence "a" does not stand in test.txt where the index says; expected the index of this very file. Make it again with: samtools faidx FILE.',
    );
    await expectError(
      () => other("a\t600\t3\t4\t5\n"),
      'i: the sequence "a" does not stand in test.txt where the index says; expected the index of this very file. Make it again with: samtools faidx FILE.',
    );
    await expectError(
      async () => (await other("a\t11\t3\t4\t5\n")).readCodes("a", 0, 11),
      'test.txt, offset 11: the character ">" in the sequence "a"; expected A, C, G, T, N or another IUPAC nucleotide letter. If the file is sound, its index is of another one: make it again with samtools faidx.',
    );
    await expectError(
      () => other("a\t6\t3\t0\t5\n"),
      'i, line 1: the line "a\\t6\\t3\\t0\\t5"; expected a name, its length, offset, bases a line and bytes a line. Make the index again with: samtools faidx FILE.',
    );
  });

  const fasta = findData("gold/bigwig/tangermeme/test.fa");
  it.skipIf(fasta === null)("makes the index that samtools made", async () => {
    const made = await buildFastaIndex(await openTestFile(fasta!));
    const index = await openTestFile(`${fasta}.fai`);
    const text = new TextDecoder().decode(await index.read(0, await index.size()));
    expect(formatFastaIndex(made)).toBe(text);
  });
});

describe("bgzip", () => {
  it("is read at any place, its index read or made", async () => {
    const plain = Uint8Array.from({ length: 20_000 }, () => 65 + random.integer(20));
    const { bytes, index } = bgzip(plain, 999);
    const packed = new MemorySource(bytes);
    const read = await readBgzfIndex(new MemorySource(index));
    const made = await buildBgzfIndex(packed);
    expect(made.starts.subarray(0, read.starts.length)).toEqual(read.starts);
    expect(made.compressedStarts.subarray(0, read.starts.length)).toEqual(read.compressedStarts);
    for (const places of [read, made]) {
      const source = new BgzfSource(packed, places);
      expect(await source.size()).toBe(plain.length);
      for (let i = 0; i < 60; i++) {
        const offset = random.integer(plain.length + 1);
        const length = random.integer(plain.length - offset + 1);
        expect(await source.read(offset, length)).toEqual(plain.slice(offset, offset + length));
      }
      await expect(source.read(19_999, 2)).rejects.toThrow("past the end of the file (20000 bytes)");
    }
  });

  it("that is damaged is an error, never wrong bytes", async () => {
    const plain = Uint8Array.from({ length: 3_000 }, () => 65 + random.integer(20));
    const { bytes, index } = bgzip(plain, 999);
    const places = await readBgzfIndex(new MemorySource(index));
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const damaged = bytes.slice(0, random.uniform() < 0.2 ? random.integer(bytes.length) : bytes.length);
      if (damaged.length > 0) damaged[random.integer(damaged.length)] ^= 1 << random.integer(8);
      try {
        const found = await new BgzfSource(new MemorySource(damaged), places).read(0, plain.length);
        expect(found).toEqual(plain);
      } catch (error) {
        expect(error).toMatchObject({ name: "BindscapeError" });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
    await expectError(
      () => readBgzfIndex(new MemorySource(index.subarray(0, 20), "a.gzi")),
      "a.gzi: this is not a .gzi index: it says 3 blocks and has 20 bytes; expected a count and two 64-bit numbers for every block. Make it with: bgzip -r FILE.",
    );
  });
});
