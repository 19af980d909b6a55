import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { BindscapeError, Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemorySink } from "../src/byte-sink.js";
import { MemorySource } from "../src/byte-source.js";
import { readChromosomeSizes } from "../src/chromosome-sizes/read.js";
import { readFasta } from "../src/fasta/read.js";
import { writeFasta } from "../src/fasta/write.js";
import {
  decodeSequence,
  encodeSequence,
  reverseComplementCodes,
  type SequenceRecord,
} from "../src/sequence/encode.js";
import { readTwoBit, TwoBitReader } from "../src/two-bit/read.js";
import { writeTwoBit } from "../src/two-bit/write.js";
import { expectError, findData, openTestFile, textSource } from "./helpers.js";

const records = fc
  .uniqueArray(fc.stringMatching(/^[\w.:-]{1,20}$/), { minLength: 1, maxLength: 5 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 })
          .map((codes): SequenceRecord => ({ name, description: "", codes: Uint8Array.from(codes) })),
      ),
    ),
  );

async function written(write: (sink: MemorySink) => Promise<void>): Promise<Uint8Array> {
  const sink = new MemorySink();
  await write(sink);
  return sink.toBytes();
}

describe("codes", () => {
  it("reads every IUPAC letter", () => {
    expect([...encodeSequence("ACGTUacgtuNRYSWKMBDHVn")]).toEqual([
      0,
      1,
      2,
      3,
      3,
      0,
      1,
      2,
      3,
      3,
      ...new Array(12).fill(4),
    ]);
    expect(decodeSequence(encodeSequence("ACGTNRu"))).toBe("ACGTNNT");
  });

  it("complements as letters do", () => {
    const complement: Record<string, string> = { A: "T", C: "G", G: "C", T: "A", N: "N" };
    fc.assert(
      fc.property(fc.array(fc.constantFrom("A", "C", "G", "T", "N")), (bases) => {
        const expected = bases
          .map((base) => complement[base])
          .reverse()
          .join("");
        expect(decodeSequence(reverseComplementCodes(encodeSequence(bases.join(""))))).toBe(expected);
      }),
    );
  });

  it("refuses other characters", () =>
    expectError(
      () => encodeSequence("ACG-T"),
      'sequence, offset 3: the character "-"; expected A, C, G, T, N or another IUPAC nucleotide letter.',
    ));
});

describe("FASTA", () => {
  it("round-trips, plain and gzip, whatever the line length", () =>
    fc.assert(
      fc.asyncProperty(
        records,
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        async (all, lineLength, zip) => {
          const bytes = await written((sink) => writeFasta(sink, all, { lineLength }));
          expect(await readFasta(new MemorySource(zip ? gzipSync(bytes) : bytes))).toEqual(all);
        },
      ),
    ));

  it("agrees with a plain parser on text with blank lines, CRLF, comments and spaces", async () => {
    const text =
      "\ufeff; made by hand\r\n\r\n>one  first sequence \r\nAC GT\r\n\r\nnnry\r\n>two\n>three\tx\nacg";
    const found = await readFasta(textSource(text));
    expect(found.map(({ name, description, codes }) => [name, description, decodeSequence(codes)])).toEqual([
      ["one", "first sequence", "ACGTNNNN"],
      ["two", "", ""],
      ["three", "x", "ACG"],
    ]);
  });

  it("reads sequences longer than a chunk of the file", async () => {
    const sequence = "ACGTTGCAN".repeat(300_000);
    const [record] = await readFasta(textSource(`>long\n${sequence}\n`));
    expect(decodeSequence(record.codes) === sequence).toBe(true);
  });

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => readFasta(textSource(text, "x.fa"));
    await expectError(
      read(">a\nACGT\nAC-T\n"),
      'x.fa, line 3: the character "-" in the sequence "a"; expected A, C, G, T, N or another IUPAC nucleotide letter. Remove the gaps.',
    );
    await expectError(
      read(">a\nMEEPQSDPSV\n"),
      'x.fa, line 2: the character "E" in the sequence "a"; expected A, C, G, T, N or another IUPAC nucleotide letter. Is this a protein file?',
    );
    await expectError(
      read(">a\nA\n>b\nC\n>a again\nG\n"),
      'x.fa, line 5: a second sequence named "a" (the first is at line 1); expected a name for every sequence.',
    );
    await expectError(read("> \nA\n"), "x.fa, line 1: a header line without a name; expected > and a name.");
    await expectError(
      read("ACGT\n"),
      "x.fa, line 1: text before the first sequence name; expected FASTA: a line with > and a name first.",
    );
    await expectError(
      read("MEME version 4\n\nALPHABET= ACGT\n"),
      "x.fa, line 1: text before the first sequence name; expected FASTA: a line with > and a name first. This is a file of motifs.",
    );
    await expectError(
      read("@r\nACGT\n+\nIIII\n"),
      "x.fa, line 1: a line that starts with @, as in FASTQ; expected FASTA: a line with > and a name first.",
    );
    await expectError(
      read(""),
      "x.fa: the file has no sequences; expected FASTA: lines with > and a name, each followed by lines of bases.",
    );
    await expectError(
      () => readFasta(textSource(">a\nACGTA\n", "x.fa"), { maximumBases: 4 }),
      "x.fa, line 2: more than 4 bases in all. Raise maximumBases if the genome is that large.",
    );
    await expectError(
      () => writeFasta(new MemorySink("y.fa"), [{ name: "a b", description: "", codes: new Uint8Array(1) }]),
      'y.fa: the FASTA header "a b"; expected a name without white space, on one line.',
    );
  });

  const odd = findData("gold/bigwig/tangermeme/test.fa");
  it.skipIf(!odd)(
    "refuses letters that are no bases, which tangermeme's test file has on purpose",
    async () => {
      await expect(openTestFile(odd!).then(readFasta)).rejects.toThrow(
        'line 22: the character "Z" in the sequence "chr5"',
      );
    },
  );

  const fai = findData("gold/bigwig/tangermeme/test.fa.fai");
  it.skipIf(!fai || !odd)("has the lengths of a samtools index", async () => {
    const text = readFileSync(odd!, "utf8").replace(/^(?!>).*$/gm, (bases) =>
      bases.replace(/[^ACGTN]/gi, "N"),
    );
    const found = await readFasta(textSource(text));
    const sizes = await readChromosomeSizes(await openTestFile(fai!));
    expect(found.map(({ name, codes }) => ({ name, size: codes.length }))).toEqual(sizes);
  });

  const sliced = findData("gold/bigwig/igv/fasta/sliced2.fasta");
  it.skipIf(!sliced)("keeps names with ranges, and descriptions", async () => {
    const found = await readFasta(await openTestFile(sliced!));
    expect(found[0]).toMatchObject({ name: "chr1:2000001-2000025", description: "@len=249250621" });
    expect(decodeSequence(found[0].codes)).toBe("TTTGCTGAGGATTGGGCTTGGGTAC");
  });
});

/** A twin of the writer that makes any version and byte order, with a mask block in each record. */
function makeTwoBit(all: readonly SequenceRecord[], version: 0 | 1, littleEndian: boolean): Uint8Array {
  const bytes: number[] = [];
  const put32 = (value: number) => {
    const word = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
    bytes.push(...(littleEndian ? word : word.reverse()));
  };
  const bodies = all.map(({ codes }) => {
    const unknown = [...codes].flatMap((code, i) => (code === 4 ? [i] : []));
    const words = [codes.length, unknown.length, ...unknown, ...unknown.map(() => 1), 1, 0, codes.length, 0];
    const packed: number[] = [];
    for (let i = 0; i < codes.length; i += 4) {
      let byte = 0;
      for (let j = 0; j < 4; j++) byte = byte * 4 + [2, 1, 3, 0, 0][codes[i + j] ?? 4];
      packed.push(byte);
    }
    return { words, packed };
  });
  [0x1a412743, version, all.length, 0].forEach(put32);
  let offset = 16 + all.reduce((sum, { name }) => sum + 1 + name.length + (version === 0 ? 4 : 8), 0);
  all.forEach(({ name }, i) => {
    bytes.push(name.length, ...new TextEncoder().encode(name));
    if (version === 1 && !littleEndian) put32(0);
    put32(offset);
    if (version === 1 && littleEndian) put32(0);
    offset += 4 * bodies[i].words.length + bodies[i].packed.length;
  });
  for (const { words, packed } of bodies) {
    words.forEach(put32);
    bytes.push(...packed);
  }
  return Uint8Array.from(bytes);
}

describe("2bit", () => {
  it("round-trips", () =>
    fc.assert(
      fc.asyncProperty(records, async (all) => {
        const bytes = await written((sink) => writeTwoBit(sink, all));
        expect(await readTwoBit(new MemorySource(bytes))).toEqual(all);
      }),
    ));

  it("reads versions 0 and 1 in both byte orders, and skips mask blocks", () =>
    fc.assert(
      fc.asyncProperty(
        records,
        fc.constantFrom(0 as const, 1 as const),
        fc.boolean(),
        async (all, version, little) => {
          expect(await readTwoBit(new MemorySource(makeTwoBit(all, version, little)))).toEqual(all);
        },
      ),
    ));

  it("refuses every truncation", async () => {
    const all = [
      { name: "a", description: "", codes: encodeSequence("ACGTNNACG") },
      { name: "b", description: "", codes: encodeSequence("TTNGA") },
    ];
    const bytes = await written((sink) => writeTwoBit(sink, all));
    for (let length = 0; length < bytes.length; length++) {
      await expect(readTwoBit(new MemorySource(bytes.slice(0, length)))).rejects.toBeInstanceOf(
        BindscapeError,
      );
    }
    await expectError(
      () => readTwoBit(new MemorySource(bytes.slice(0, bytes.length - 1), "cut.2bit")),
      "cut.2bit, offset 79: 2 bytes from there end past the end of the file (80 bytes). The file is truncated or corrupt: fetch or make it again.",
    );
  });

  it("refuses hostile numbers before it takes memory", async () => {
    const sound = makeTwoBit([{ name: "a", description: "", codes: encodeSequence("ACGTN") }], 0, true);
    const patched = (at: number, value: number) => {
      const copy = sound.slice();
      new DataView(copy.buffer).setUint32(at, value, true);
      return () => readTwoBit(new MemorySource(copy, "x.2bit"));
    };
    await expectError(
      patched(0, 7),
      "x.2bit, offset 0: this is not a 2bit file: it starts with 0x07000000; expected the 2bit signature 0x1a412743 in either byte order.",
    );
    await expectError(patched(4, 2), "x.2bit, offset 4: 2bit version 2; expected version 0 or 1.");
    await expectError(
      patched(8, 0xffffffff),
      `x.2bit, offset 8: the header says 4294967295 sequences, more than a file of ${sound.length} bytes can hold. The file is truncated or corrupt: fetch or make it again.`,
    );
    await expectError(
      patched(22, 0xffffffff),
      `x.2bit, offset 22: the sequences up to "a" need 1073741824 bytes, more than the file has (${sound.length}). The file is truncated or corrupt: fetch or make it again.`,
    );
    await expectError(
      patched(26, 0xffffffff),
      `x.2bit, offset 30: 34359738360 bytes from there end past the end of the file (${sound.length} bytes). The file is truncated or corrupt: fetch or make it again.`,
    );
    await expectError(
      patched(30, 5),
      'x.2bit, offset 30: N block 1 of the sequence "a" starts at 5 and has 1 bases; expected blocks inside its 5 bases that do not overlap. The file is corrupt: fetch or make it again.',
    );
  });

  it("refuses many names for one record", async () => {
    const codes = new Uint8Array(4000);
    const names = Array.from({ length: 50 }, (_, i) => ({ name: `s${i}`, description: "", codes }));
    const bytes = makeTwoBit(names, 0, true);
    const first = bytes.slice(0, 16 + names.reduce((sum, { name }) => sum + 5 + name.length, 0));
    const view = new DataView(first.buffer);
    let at = 16;
    for (const { name } of names) {
      view.setUint32(at + 1 + name.length, first.length, true);
      at += 5 + name.length;
    }
    const shared = new Uint8Array([...first, ...bytes.slice(first.length, first.length + 1100)]);
    await expect(readTwoBit(new MemorySource(shared))).rejects.toThrow("more than the file has");
  });

  it("reads one sequence at a time, and names those there are", async () => {
    const bytes = makeTwoBit(
      ["x", "y"].map((name) => ({ name, description: "", codes: encodeSequence("ACGTA") })),
      1,
      false,
    );
    const reader = await TwoBitReader.open(new MemorySource(bytes, "g.2bit"));
    expect(reader.names).toEqual(["x", "y"]);
    expect(await reader.readSize("y")).toBe(5);
    expect(decodeSequence((await reader.read("y")).codes)).toBe("ACGTA");
    await expectError(
      () => reader.read("z"),
      'g.2bit: no sequence named "z"; expected one of the 2 names (x, y).',
    );
  });

  it("reads any stretch of a sequence as the whole has it", async () => {
    const random = new Random("2bit stretches");
    const records = [0, 1, 3, 400, 1_001].map((size, i) => ({
      name: `s${i}`,
      description: "",
      codes: Uint8Array.from({ length: size }, () => random.integer(random.uniform() < 0.5 ? 5 : 4)),
    }));
    for (const littleEndian of [true, false]) {
      const reader = await TwoBitReader.open(new MemorySource(makeTwoBit(records, 0, littleEndian)));
      for (let i = 0; i < 200; i++) {
        const { name, codes } = records[random.integer(records.length)];
        const start = random.integer(codes.length + 1);
        const end = start + random.integer(codes.length - start + 1);
        expect(await reader.readCodes(name, start, end)).toEqual(codes.slice(start, end));
      }
      await expectError(
        () => reader.readCodes("s2", 1, 4),
        "memory: the range s2:1-4; expected whole numbers with 0 <= start <= end <= 3, the length of s2.",
      );
    }
  });

  const gold = findData("gold/bigwig/igv/twobit/foo.2bit");
  it.skipIf(!gold)("reads UCSC's own file as the FASTA it was made from", async () => {
    const expected = await readFasta(await openTestFile(`${gold}.fa`));
    expect(await readTwoBit(await openTestFile(gold!))).toEqual(expected);
  });

  const yeast = findData("yeast/original/single_sequences.2bit");
  it.skipIf(!yeast)("reads the yeast genome as its FASTA has it, chromosome by chromosome", async () => {
    const fasta = await readFasta(await openTestFile(findData("yeast/sacCer3_nuclear.fa.gz")!));
    const reader = await TwoBitReader.open(await openTestFile(yeast!));
    expect(fasta.length).toBe(16);
    expect(reader.names).toEqual(fasta.map(({ name }) => name.replace(/^chr/, "")));
    for (const { name, codes } of fasta) {
      const other = await reader.read(name.replace(/^chr/, ""));
      expect(Buffer.compare(other.codes, codes), name).toBe(0);
    }
    expect(fasta.reduce((sum, { codes }) => sum + codes.length, 0)).toBe(12_071_326);
  });
});
