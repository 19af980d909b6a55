import { type ByteSource, readAllBytes, streamFasta } from "@bindscape/genome";
import {
  isConsensus,
  METHYLATED_DNA,
  motifFromConsensus,
  parseGenomicPlace,
  readBackground,
  readCalledPeaks,
  readSequences,
} from "@bindscape/motifs";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

const encode = (text: string) => new TextEncoder().encode(text);
const textOf = async (source: ByteSource) => new TextDecoder().decode(await readAllBytes(source));

const BACKGROUND = encode(
  `# order 1\n${[..."ACGT"].map((a) => `${a} 0.25`).join("\n")}\n${[..."ACGT"].flatMap((a) => [..."ACGT"].map((b) => `${a}${b} 0.0625`)).join("\n")}\n`,
);

/** Damaged copies of what motif verbs read besides motifs: backgrounds, consensus texts, sequences and peaks. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const formats: { sound: Uint8Array; read: (source: ByteSource) => Promise<unknown> }[] = [
    { sound: BACKGROUND, read: async (source) => readBackground(await textOf(source), "fuzz") },
    {
      sound: encode("CGG[^T]N{11}[AG]{2}CCGRYSWKMBDHV."),
      read: async (source) => {
        const text = await textOf(source);
        isConsensus(text);
        return motifFromConsensus(text);
      },
    },
    {
      sound: encode("CGGN{11}CCG[AG][^T]"),
      read: async (source) => motifFromConsensus(await textOf(source)),
    },
    {
      sound: encode(">a one\nACGTNacgtnRYm1\nACGT\n\n>a two\r\nAC GT\r\n;comment\n>b\n"),
      read: (source) => readSequences(source, METHYLATED_DNA),
    },
    { sound: encode(">chr1:10-20 x\nACGTNacgtnRY\n>b\nACGT\n"), read: readSequences },
    {
      sound: encode(">chr1:10-20 x\nACGTNacgtnRY\n>chr1:10-20\nACGT\n"),
      read: async (source) => {
        for await (const { name } of streamFasta(source, { uniqueNames: false })) parseGenomicPlace(name);
      },
    },
    { sound: encode("chr1\t10\t90\tp\t5\t.\t7.5\t-1\t3.2\t4\n".repeat(5)), read: readCalledPeaks },
    { sound: encode("chr1\t10\t90\tp\t5\t+\n".repeat(5)), read: readCalledPeaks },
  ];
  let chosen = formats[0];
  return fuzzReader(
    iterations,
    seed,
    (random) => {
      chosen = formats[random.integer(formats.length)];
      return mutate(chosen.sound, random);
    },
    (source) => chosen.read(source),
  );
}
