import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { type ByteSource, MemorySource } from "../src/byte-source.js";
import { BgzfReader } from "../src/compression/bgzf.js";
import { HttpSource } from "../src/http/http-source.js";
import { TabixIndex } from "../src/tabix/index-file.js";
import { readTabixLines } from "../src/tabix/read.js";
import { readTextLines } from "../src/text/lines.js";
import { bgzip } from "./bgzip.js";
import { collect, expectError, textSource } from "./helpers.js";
import { serveRange, startRangeServer } from "./range-server.js";

/** Files that htslib compressed and indexed, and what it finds in regions of them (see fixtures/README.md). */
const fixtures = join(import.meta.dirname, "fixtures");
const readFixture = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));
const fixture = (name: string) => new MemorySource(readFixture(name), name);

interface Query {
  readonly file: string;
  readonly index: string;
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly column: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly count: number;
}
const queries = JSON.parse(readFileSync(join(fixtures, "tabix.json"), "utf8")) as Query[];

describe("tabix", () => {
  it("finds the lines that htslib finds, by .tbi and .csi, in BED and VCF", async () => {
    for (const { file, index: ending, chromosome, start, end, column, ...expected } of queries) {
      const index = await TabixIndex.read(fixture(file + ending));
      const lines = await collect(readTabixLines(fixture(file), index, chromosome, start, end));
      const numbers = lines.map(({ text }) => Number(text.split("\t")[column]));
      expect({
        first: numbers.at(0) ?? null,
        last: numbers.at(-1) ?? null,
        count: numbers.length,
      }).toEqual(expected);
    }
    expect(queries.filter(({ count }) => count > 0).length).toBeGreaterThan(40);
  });

  it("finds what a pass over the whole file finds, and reads few blocks for it", async () => {
    const random = new Random("tabix");
    const all = [];
    for await (const { text } of readTextLines(fixture("tabix.bed.gz"))) {
      const [chromosome, start, end] = text.split("\t");
      if (text !== "" && !text.startsWith("#")) all.push({ text, chromosome, start: +start, end: +end });
    }
    expect(all.length).toBe(1543);
    const index = await TabixIndex.read(fixture("tabix.bed.gz.tbi"));
    expect(index.names).toEqual(["chr1", "chr2", "chrM"]);
    const blocks = new BgzfReader(fixture("tabix.bed.gz"));
    for (let i = 0; i < 60; i++) {
      const chromosome = ["chr1", "chr2", "chrM", "chr9"][random.integer(4)];
      const start = random.integer(chromosome === "chr1" ? 3_000_000 : 9_000);
      const end = start + random.integer(10 ** random.integer(7));
      const found = await collect(readTabixLines(blocks, index, chromosome, start, end));
      const expected = all.filter(
        (line) => line.chromosome === chromosome && line.start < end && line.end > start && start < end,
      );
      expect(found).toEqual(expected);
    }
    const read: number[] = [];
    const counted: ByteSource = {
      name: "counted",
      size: () => fixture("tabix.bed.gz").size(),
      read: (offset, length) => {
        read.push(offset);
        return fixture("tabix.bed.gz").read(offset, length);
      },
    };
    await collect(readTabixLines(counted, index, "chrM", 0, 1_000));
    expect(read.length).toBe(1);
  });

  it("reads over HTTP", async () => {
    const { url } = await startRangeServer((request, response) =>
      serveRange(readFixture(request.url!.slice(1)), request, response),
    );
    const index = await TabixIndex.read(await HttpSource.open(`${url}/tabix.vcf.gz.tbi`));
    const source = await HttpSource.open(`${url}/tabix.vcf.gz`);
    const lines = await collect(readTabixLines(source, index, "1", 0, 70_000));
    expect(lines.length).toBe(400);
  });

  it("refuses what is no index, is damaged, or is of another file", async () => {
    await expectError(
      () => TabixIndex.read(textSource("chr1\t1\t2\n", "a.tbi")),
      "a.tbi: this is no tabix index; expected a .tbi or .csi file. Make it with: tabix -p bed FILE (or -p vcf).",
    );
    const index = await TabixIndex.read(fixture("tabix.bed.gz.tbi"));
    const other = bgzip(`chr2\t1\t2\n${"chr2\t5\t9\n".repeat(300)}`);
    const mixed = collect(readTabixLines(new MemorySource(other.bytes, "b.gz"), index, "chr1", 0, 5_000));
    await expect(mixed).rejects.toThrow(
      /^b\.gz: a line of \S+ where the index has lines of chr1; expected the index of this very file\./,
    );
    const plain: Uint8Array[] = [];
    const { readTextChunks } = await import("../src/text/chunks.js");
    for await (const chunk of readTextChunks(fixture("tabix-long.bed.gz.csi"))) plain.push(chunk.slice());
    const bytes = Buffer.concat(plain);
    const random = new Random("damaged index");
    for (let i = 0; i < 400; i++) {
      const damaged = Uint8Array.from(
        bytes.subarray(0, i % 3 === 0 ? random.integer(bytes.length) : undefined),
      );
      for (let k = 0; k < 3 && damaged.length > 0; k++) {
        damaged[random.integer(damaged.length)] = random.integer(256);
      }
      try {
        const read = await TabixIndex.read(new MemorySource(damaged, "damaged.csi"));
        await collect(readTabixLines(fixture("tabix-long.bed.gz"), read, "chr1", 0, 100_000));
      } catch (error) {
        expect(error).toMatchObject({ name: "BindscapeError" });
      }
    }
  });
});
