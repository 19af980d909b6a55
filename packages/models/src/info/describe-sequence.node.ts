import {
  type ByteSource,
  type ChromosomeSize,
  openFile,
  readLineBatches,
  TwoBitReader,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type Contents, count, formatNames, formatNumber, formatShare } from "./description.js";

/** The sequences of a 2bit file; bases are not read. */
export async function describeTwoBit(source: ByteSource): Promise<Contents> {
  const reader = await TwoBitReader.open(source);
  const sequences: ChromosomeSize[] = [];
  for (const name of reader.names) sequences.push({ name, size: await reader.readSize(name) });
  return { kind: "2bit genome", ...describeSequences(sequences, {}, []) };
}

/** What the letters of FASTA lines stand for: 1 A or T, 2 C or G, 3 other IUPAC letters and gaps, 0 nothing. */
const letterKinds = new Uint8Array(128);
for (const [letters, kind] of [
  ["ATU", 1],
  ["CG", 2],
  ["NRYSWKMBDHVX-.*", 3],
] as const) {
  for (const letter of letters + letters.toLowerCase()) letterKinds[letter.charCodeAt(0)] = kind;
}

/** The sequences and the composition of a FASTA file; it is streamed. */
export async function describeFasta(file: string): Promise<Contents> {
  const source = await openFile(file);
  const sequences: { name: string; size: number }[] = [];
  const counts = [0, 0, 0, 0];
  try {
    for await (const { firstLine, texts } of readLineBatches(source)) {
      for (let i = 0; i < texts.length; i++) {
        const text = texts[i];
        if (text.startsWith(">")) {
          sequences.push({ name: text.slice(1).trim().split(/\s/, 1)[0], size: 0 });
          continue;
        }
        if (text.trim() === "" || text.startsWith(";")) continue;
        const letters = text.trim();
        const sequence = sequences.at(-1);
        for (let k = 0; k < letters.length; k++) {
          const kind = letterKinds[letters.charCodeAt(k)] ?? 0;
          if (kind === 0 || sequence === undefined) {
            throw new BindscapeError({
              source: file,
              line: firstLine + i,
              found:
                sequence === undefined
                  ? "sequence before the first header"
                  : `the character ${JSON.stringify(letters[k])}`,
              expected: sequence === undefined ? 'a line that begins with ">"' : "IUPAC letters of DNA",
            });
          }
          counts[kind]++;
        }
        sequence!.size += letters.length;
      }
    }
  } finally {
    await source.close();
  }
  const [, weak, strong, other] = counts;
  const composition = {
    gcShare: weak + strong === 0 ? null : strong / (weak + strong),
    unknownBases: other,
  };
  const rows: Contents["rows"] = [
    ["G and C", `${formatShare(strong, weak + strong)} of the bases that are known`],
    ["N and others", `${formatNumber(other)} bp`],
  ];
  return { kind: "FASTA sequences", ...describeSequences(sequences, composition, rows) };
}

function describeSequences(
  sequences: readonly ChromosomeSize[],
  facts: Contents["facts"],
  rows: Contents["rows"],
): Omit<Contents, "kind"> {
  const bases = sequences.reduce((sum, { size }) => sum + size, 0);
  const longest = sequences.reduce(
    (best, sequence) => (sequence.size > best.size ? sequence : best),
    sequences[0],
  );
  return {
    facts: { sequences: sequences.map(({ name, size }) => ({ name, size })), bases, ...facts },
    rows: [
      ["sequences", `${formatNumber(sequences.length)}: ${formatNames(sequences.map(({ name }) => name))}`],
      [
        "length",
        `${formatNumber(bases)} bp${longest ? `; the longest is ${longest.name}, ${formatNumber(longest.size)} bp` : ""}`,
      ],
      ...rows,
    ],
  };
}

/** The chromosomes of a chrom.sizes file or a .fai index. */
export function describeChromosomeSizes(sizes: readonly ChromosomeSize[]): Contents {
  const bases = sizes.reduce((sum, { size }) => sum + size, 0);
  return {
    kind: "chromosome lengths",
    facts: { chromosomes: sizes, bases },
    rows: [
      ["chromosomes", `${count(sizes.length, "chromosome")}: ${formatNames(sizes.map(({ name }) => name))}`],
      ["length", `${formatNumber(bases)} bp`],
    ],
  };
}
