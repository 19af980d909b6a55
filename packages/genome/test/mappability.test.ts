import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFileAtomically } from "../src/atomic-file.node.js";
import { openBigWig } from "../src/bigwig/open.node.js";
import { writeFasta } from "../src/fasta/write.js";
import { layOutGenome } from "../src/mappability/joined-genome.js";
import { KmerCounter } from "../src/mappability/k-mer-counter.js";
import { writeMappability } from "../src/mappability/mappability.node.js";
import { uniquenessRuns } from "../src/mappability/uniqueness.js";
import { encodeSequence } from "../src/sequence/encode.js";
import { writeTwoBit } from "../src/two-bit/write.js";
import { expectError } from "./helpers.js";

/** Occurrences by text search in a map of all k-mers, as the definition reads. */
function countByHand(sequences: readonly string[], k: number, bothStrands: boolean): number[][] {
  const counts = new Map<string, number>();
  const reverse = (kmer: string) =>
    [...kmer]
      .reverse()
      .map((base) => "TGCA"["ACGT".indexOf(base)])
      .join("");
  const places = sequences.map((sequence) =>
    Array.from({ length: sequence.length }, (_, i) => {
      const kmer = sequence.slice(i, i + k);
      return kmer.length === k && !kmer.includes("N") ? kmer : null;
    }),
  );
  for (const kmer of places.flat()) if (kmer !== null) counts.set(kmer, (counts.get(kmer) ?? 0) + 1);
  return places.map((kmers) =>
    kmers.map((kmer) => {
      if (kmer === null) return 0;
      const other = reverse(kmer);
      return counts.get(kmer)! + (bothStrands && other !== kmer ? (counts.get(other) ?? 0) : 0);
    }),
  );
}

const score = (n: number) => (n === 0 || n > 4 ? 0 : Math.fround(1 / n));

async function computeScores(
  sequences: readonly string[],
  k: number,
  bothStrands = false,
  tableBytes = 1 << 16,
): Promise<number[][]> {
  const genome = layOutGenome(
    sequences.map((sequence, i) => ({ name: `c${i}`, size: sequence.length })),
    "test",
  );
  sequences.forEach((sequence, i) => {
    genome.codes.set(encodeSequence(sequence), genome.chromosomes[i].offset);
  });
  await new KmerCounter(genome.codes, { k, bothStrands, tableBytes }).count();
  const values = sequences.map((sequence) => new Array<number>(sequence.length).fill(Number.NaN));
  for (const { chromosome, starts, ends, values: run } of uniquenessRuns(genome)) {
    for (let i = 0; i < starts.length; i++) {
      values[Number(chromosome.slice(1))].fill(run[i], starts[i], ends[i]);
    }
  }
  return values;
}

/** Chromosomes built from few pieces and their reverse complements, so that repeats, Ns and palindromes abound. */
const genomes = fc
  .array(
    fc
      .array(
        fc.oneof(
          fc.constantFrom("ACGT", "AAAAAAAA", "GATTACA", "TGTAATC", "N", "CCGG", "ACGTACGTTT", "NNN"),
          fc.string({ unit: fc.constantFrom("A", "C", "G", "T"), maxLength: 6 }),
        ),
        { maxLength: 12 },
      )
      .map((pieces) => pieces.join("")),
    { minLength: 1, maxLength: 4 },
  )
  .filter((sequences) => sequences.some((sequence) => sequence.length > 0));

describe("k-mer counts", () => {
  it("equal a brute-force count on genomes of repeats, whatever the table's size", async () => {
    await fc.assert(
      fc.asyncProperty(
        genomes,
        fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 80 })),
        fc.boolean(),
        fc.constantFrom(16, 40, 200, 1 << 16),
        async (sequences, k, bothStrands, tableBytes) => {
          const expected = countByHand(sequences, k, bothStrands).map((counts) => counts.map(score));
          expect(await computeScores(sequences, k, bothStrands, tableBytes)).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("counts one to four occurrences, more as 0, and none over the ends of chromosomes", async () => {
    const sequences = ["AAC", "AACAACAACN", "CCCC", "AC"];
    // AAC 4 times, ACA, CAA and CCC twice.
    expect(await computeScores(sequences, 3)).toEqual([
      [0.25, 0, 0],
      [0.25, 0.5, 0.5, 0.25, 0.5, 0.5, 0.25, 0, 0, 0],
      [0.5, 0.5, 0, 0],
      [0, 0],
    ]);
    expect((await computeScores(["ACACACACACA"], 2))[0]).toEqual([...new Array(10).fill(0), 0]);
  });

  it("counts the reverse strand on request, and a palindrome once a place", async () => {
    // GAATTC is its own reverse complement; GAAA and TTTC are each other's.
    expect(await computeScores(["GAATTC"], 6, true)).toEqual([[1, 0, 0, 0, 0, 0]]);
    expect((await computeScores(["GAAA", "TTTC"], 4, false)).map(([first]) => first)).toEqual([1, 1]);
    expect((await computeScores(["GAAA", "TTTC"], 4, true)).map(([first]) => first)).toEqual([0.5, 0.5]);
  });

  it("tells k-mers apart whose hashes are equal", async () => {
    // Every polynomial hash modulo 2^32 is the same for a Thue-Morse word of 2^11 letters and its complement.
    const word = Array.from({ length: 2048 }, (_, i) => {
      let ones = 0;
      for (let rest = i; rest > 0; rest >>= 1) ones += rest & 1;
      return ones % 2;
    });
    const [one, other] = ["AC", "CA"].map((letters) => word.map((bit) => letters[bit]).join(""));
    const firsts = async (sequences: string[]) =>
      (await computeScores(sequences, 2048)).map((scores) => scores[0]);
    expect(await firsts([one, other])).toEqual([1, 1]);
    expect(await firsts([one, other, one])).toEqual([0.5, 1, 0.5]);
  });

  it("refuses a k that is none and a genome without bases", async () => {
    await expectError(
      () => new KmerCounter(new Uint8Array(4), { k: 0, tableBytes: 1024 }),
      "k is 0; expected a whole number of at least 1.",
    );
    await expectError(
      () => layOutGenome([{ name: "a", size: 0 }], "g.fa"),
      "g.fa: 0 bases in 1 sequences; expected a genome of 1 to 4294967294 bases.",
    );
  });
});

describe("mappability files", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bindscape-mappability-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const sequences = ["ACGTTGCANNACGTTGCAAC", "TTGCAACG", "GG"];
  const records = sequences.map((sequence, i) => ({
    name: `c${i}`,
    description: "",
    codes: encodeSequence(sequence),
  }));

  it.each([
    ["FASTA", "genome.fa", 1],
    ["2bit", "genome.2bit", 1],
    ["two threads", "genome.fa", 2],
  ])("are the same from %s", async (_, name, threads) => {
    const genome = join(folder, name);
    await writeFileAtomically(genome, (sink) =>
      name.endsWith("2bit") ? writeTwoBit(sink, records) : writeFasta(sink, records),
    );
    const out = join(folder, `${name}-${threads}.bw`);
    const result = await writeMappability(genome, out, { k: 5, threads });
    const expected = countByHand(sequences, 5, false);
    const tally = (n: number) => expected.flat().filter((count) => count === n).length;
    expect(result).toEqual({
      chromosomes: 3,
      bases: 30,
      occurrences: { 1: tally(1), 2: tally(2), 3: tally(3), 4: tally(4), more: 0 },
      without: tally(0),
    });
    const { reader, close } = await openBigWig(out);
    for (const [i, sequence] of sequences.entries()) {
      expect([...(await reader.readValues(`c${i}`, 0, sequence.length))]).toEqual(expected[i].map(score));
    }
    close();
  });

  it("keeps to the chromosomes asked for, names one that is missing, and leaves nothing when stopped", async () => {
    const genome = join(folder, "some.fa");
    await writeFileAtomically(genome, (sink) => writeFasta(sink, records));
    const out = join(folder, "some.bw");
    await expectError(
      () => writeMappability(genome, out, { k: 5, chromosomes: ["c9"] }),
      `${genome}: no sequence named "c9"; expected names such as c0, c1, c2.`,
    );
    const stopped = new AbortController();
    const stop = () => stopped.abort(new Error("stopped"));
    await expect(
      writeMappability(genome, out, { k: 5, signal: stopped.signal, onProgress: stop }),
    ).rejects.toThrow("stopped");
    expect((await readdir(folder)).filter((name) => name.includes("some.bw"))).toEqual([]);
    const { chromosomes, occurrences } = await writeMappability(genome, out, { k: 5, chromosomes: ["c1"] });
    expect({ chromosomes, unique: occurrences[1] }).toEqual({ chromosomes: 1, unique: 4 });
  });
});
