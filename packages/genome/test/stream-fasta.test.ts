import { BindscapeError } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../src/byte-source.js";
import { readFasta, type StreamFastaOptions, streamFasta } from "../src/fasta/read.js";

const source = (text: string) => new MemorySource(new TextEncoder().encode(text), "x.fa");

async function collect(text: string, options?: StreamFastaOptions) {
  const records = [];
  for await (const record of streamFasta(source(text), options)) records.push(record);
  return records;
}

describe("streamFasta", () => {
  it("gives the records that readFasta gives, across chunks of the file", async () => {
    const long = "ACGTN".repeat(300_000);
    const text = `;note\n>a first\nACGT\nacgu\n>b\n>c\r\n${long.replace(/(.{60})/g, "$1\r\n")}\r\n>d\nRYN`;
    const records = await collect(text);
    const whole = await readFasta(source(text));
    expect(records.map(({ name, description }) => [name, description])).toEqual(
      whole.map(({ name, description }) => [name, description]),
    );
    for (const [i, { codes }] of records.entries()) expect(Buffer.compare(codes, whole[i].codes)).toBe(0);
    expect(records.map(({ name, codes }) => `${name} ${codes.length}`)).toEqual([
      "a 8",
      "b 0",
      "c 1500000",
      "d 3",
    ]);
  });

  it("keeps names that occur again only where told", async () => {
    await expect(collect(">a\nA\n>a\nC\n")).rejects.toThrow(/second sequence named/);
    expect((await collect(">a\nA\n>a\nC\n", { uniqueNames: false })).length).toBe(2);
  });

  it("refuses files without sequences, and a file of motifs", async () => {
    await expect(collect("")).rejects.toThrow(/no sequences/);
    await expect(collect("MEME version 4\n\nALPHABET= ACGT\n")).rejects.toThrow(BindscapeError);
    await expect(collect(">MA0001.1 AGL3\nA [ 0 3 79 ]\n")).rejects.toThrow(/Is this a file of motifs/);
    await expect(collect(">MA0001.1\n0.1 0.2 0.3 0.4\n")).rejects.toThrow(/Is this a file of motifs/);
  });
});
