import { gzipSync } from "node:zlib";
import {
  type ByteSource,
  MemorySink,
  readBed,
  readBedGraph,
  readChromosomeSizes,
  readFasta,
  readFragments,
  readGeneParts,
  readNarrowPeak,
  writeFasta,
} from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { readExpressionTable } from "@bindscape/study";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { makeSequences } from "./fuzz-two-bit.js";
import { mutate } from "./mutate.js";

const lines = (make: (i: number) => string) =>
  new TextEncoder().encode(Array.from({ length: 20 }, (_, i) => `${make(i)}\n`).join(""));

/** Damaged text files of every format: damaged before gzip, after it, and without it. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const fasta = new MemorySink();
  await writeFasta(fasta, makeSequences(new Random("fasta")));
  const formats: { sound: Uint8Array; read: (source: ByteSource) => Promise<unknown> }[] = [
    { sound: fasta.toBytes(), read: readFasta },
    { sound: lines((i) => `chr${i}\t${1000 * (i + 1)}`), read: readChromosomeSizes },
    { sound: lines((i) => `chr1\t${i}\t${i + 9}\tpeak${i}\t${i}\t+`), read: readBed },
    { sound: lines((i) => `chr1\t${i}\t${i + 9}\tp\t${i}\t.\t5.5\t-1\t2.5\t4`), read: readNarrowPeak },
    {
      sound: lines((i) => `chr1\t${i}\t${i + 70}\tACGT-1\t2`),
      read: (source) => drain(readFragments(source)),
    },
    { sound: lines((i) => `chr1\t${i}\t${i + 1}\t${i / 7}`), read: (source) => drain(readBedGraph(source)) },
    {
      sound: lines(
        (i) => `chr1\tx\t${["exon", "CDS", "UTR"][i % 3]}\t${i + 1}\t${i + 9}\t.\t+\t.\ttranscript_id "t";`,
      ),
      read: readGeneParts,
    },
    { sound: lines((i) => (i === 0 ? "gene\tA\tB" : `g${i}\t${i / 7}\t${i}`)), read: readExpressionTable },
  ];
  let chosen = formats[0];
  return fuzzReader(
    iterations,
    seed,
    (random) => {
      chosen = formats[random.integer(formats.length)];
      const { sound } = chosen;
      switch (random.integer(4)) {
        case 0:
          return mutate(sound, random);
        case 1:
          return gzipSync(mutate(sound, random));
        case 2:
          return mutate(gzipSync(sound, { level: random.integer(10) }), random);
        default:
          return mutate(
            Buffer.concat([gzipSync(sound), gzipSync(""), gzipSync(sound.subarray(0, 40))]),
            random,
          );
      }
    },
    (source) => chosen.read(source),
  );
}

async function drain(records: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of records);
}
