// MEME and STREME: whether their motifs are found, and how significant each program calls them.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MemorySource } from "@bindscape/genome";
import { compare, discover, formatLog10, readMotifFile, readSequences } from "@bindscape/motifs";

const TOMTOM_LIMIT = 1e-4;

/** Runs of the reference programs: which sequences, which output, and ours with the same settings. */
const RUNS = [
  {
    program: "MEME",
    output: "gold/meme_suite/meme/meme.txt",
    sequences: "gold/meme_suite/datasets/lex0.fna",
    options: { method: "meme", motifs: 3 },
    // Motifs whose E-value says that they are there at all.
    isSignificant: ({ eValue }) => eValue < 0.05,
  },
  {
    program: "MEME",
    output: "gold/meme_suite/datasets/crp0.meme",
    sequences: "gold/meme_suite/datasets/crp0.fna",
    options: { method: "meme", motifs: 2 },
    isSignificant: ({ eValue }) => eValue < 0.05,
  },
  {
    program: "STREME",
    output: "gold/meme_suite/streme/streme.txt",
    sequences: "gold/meme_suite/datasets/Klf1.fna",
    options: { motifs: 10 },
    isSignificant: ({ eValue }, count) => eValue / count < 0.05,
  },
  {
    program: "STREME",
    output: "gold/meme_5.5.8_yeast/streme_10000peaks.txt",
    sequences: "gold/meme_5.5.8_yeast/peaks10000.fa.gz",
    options: { motifs: 5 },
    isSignificant: ({ eValue }, count) => eValue / count < 0.05,
  },
];

async function sequencesOf(file) {
  const bytes = readFileSync(file);
  return readSequences(
    new MemorySource(new Uint8Array(file.endsWith(".gz") ? gunzipSync(bytes) : bytes), file),
  );
}

async function rowsOf(run, data, database) {
  const [output, input] = [data(run.output), data(run.sequences)];
  if (output === null || input === null) return [];
  const references = await readMotifFile(output);
  const { motifs } = await discover(await sequencesOf(input), run.options);
  // Ours among the database's motifs, so that p-values rest on enough columns.
  const targets = [...motifs, ...database];
  const file = run.output.replace(/^gold\//, "");
  return references.flatMap((reference, rank) => {
    if (!run.isSignificant(reference, references.length)) return [];
    const matches = compare([reference], targets, { threshold: 1e6, thresholdOn: "E-value" });
    const best = matches
      .filter(({ target }) => target < motifs.length)
      .toSorted((a, b) => a.pValue - b.pValue)[0];
    const ours = motifs[best.target];
    const isEnriched = run.options.method !== "meme";
    const theirs = isEnriched
      ? `hold-out p ${(reference.eValue / references.length).toExponential(1)}`
      : `E ${reference.eValue.toExponential(1)}`;
    const mine = isEnriched
      ? `hold-out p ${formatLog10(ours.log10P)}, training p ${formatLog10(ours.training.log10P)}`
      : `E ${formatLog10(ours.log10E)}`;
    const name = reference.id.replace(/^\d+-/, "");
    return [
      {
        file: `\`${file}\`: ${run.program} ${rank + 1}, ${name}`,
        compared: `${theirs}, ${reference.sites} sites`,
        equal: `${best.target + 1}, ${ours.consensus}: ${mine}, ${ours.siteList.length} sites`,
        deviation: `Tomtom p ${best.pValue.toExponential(1)}${best.pValue < TOMTOM_LIMIT ? "" : ": not found"}`,
      },
    ];
  });
}

export async function section(data) {
  const databaseFile = data("motifs/JASPAR2022_CORE_non-redundant.meme");
  const database = databaseFile === null ? [] : await readMotifFile(databaseFile);
  const rows = [];
  for (const run of RUNS) rows.push(...(await rowsOf(run, data, database)));
  return {
    title: "Discover (MEME, STREME)",
    about:
      "Motifs that the references call significant (MEME: E < 0.05; STREME: hold-out p < 0.05). In the columns: the reference's motif, its significance and sites; " +
      'under "equal" the rank of the motif of ours most like it, its significance and sites; under "deviation" how alike the two are, by Tomtom\'s p-value among the ' +
      "motifs of JASPAR CORE (below 1e-4 counts as found). Searches take different ways and hold out different sequences, so that significances compare in order of magnitude only. " +
      "For the same alignment of sites our E-value and MEME's agree within a factor of two. On the 10,000 yeast peaks two of " +
      "STREME's four significant motifs are found: for the other two the search takes motifs with smaller p-values in training that " +
      "look like the same signals (CATCGTTA for CGTYACCG, a CAR repeat for AGCAGCWGSARCAGC) and erases them. Some settings of the " +
      "search were chosen on these peaks, so that this is no independent check.",
    rows,
  };
}
