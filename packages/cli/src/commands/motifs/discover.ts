import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { openSource, writeFileAtomically } from "@bindscape/genome";
import { makeRunRecord, readSequenceInput, renderDiscoveryPage } from "@bindscape/models";
import {
  type Alphabet,
  DNA,
  discover,
  formatLog10,
  METHYLATED_DNA,
  readBackground,
  readMotifText,
  readSequences,
  type SiteDistribution,
  summariseDiscovery,
  writeDiscoveredMeme,
  writeSequencesTsv,
  writeSitesTsv,
} from "@bindscape/motifs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "../shared-options.js";
import { requireKnownLetters } from "./known-letters.js";

export function addMotifsDiscoverCommand(parent: Command): void {
  parent
    .command("discover")
    .description("find motifs de novo: enriched ones as STREME does, or by expectation maximisation as MEME")
    .argument("<sequences>", "FASTA, plain or gzip; or peaks (narrowPeak, BED) with --genome")
    .requiredOption("--out <folder>", "folder to write motifs.meme, sites.tsv, discover.html to")
    .addOption(
      new Option("--method <name>", "streme: for many sequences; meme: for up to about a thousand")
        .choices(["streme", "meme"])
        .default("streme"),
    )
    .option(
      "--nmotifs <number>",
      "motifs to find (default: meme 1, streme until --patience ends it)",
      parseThreads,
    )
    .option("--minw <bp>", "narrowest motif (default: 8)", parseThreads)
    .option("--maxw <bp>", "widest motif (default: streme 15, meme 50)", parseThreads)
    .option("--norc", "read the given strand alone (default: both strands)")
    .addOption(new Option("--revcomp", "read both strands").hideHelp())
    .option("--genome <file>", "genome of the peaks: FASTA or 2bit")
    .option("--width <bp>", "with --genome: letters about each summit", parseThreads, 100)
    .option("--control <fasta>", "streme: control sequences (default: the sequences shuffled)")
    .option(
      "--order <number>",
      "streme: shuffles keep words of this and one more letter",
      parseWholeNumber,
      2,
    )
    .option("--hofract <share>", "streme: share of the sequences held out for p-values", parseShare, 0.1)
    .option("--thresh <p>", "streme: largest p-value of a motif that counts", parsePositive, 0.05)
    .option("--patience <number>", "streme: motifs in a row that may miss --thresh", parseThreads, 3)
    .addOption(
      new Option("--mod <distribution>", "meme: sites of a sequence: one, at most one, any number")
        .choices(["oops", "zoops", "anr"])
        .default("zoops"),
    )
    .option("--minsites <number>", "meme: fewest sites of a motif (default: 2)", parseThreads)
    .option(
      "--maxsites <number>",
      "meme: most sites of a motif (default: the number of sequences)",
      parseThreads,
    )
    .option("--bfile <file>", "background file (default: from the controls, or the sequences)")
    .addOption(
      new Option("--alph <alphabet>", "streme: letters of the sequences; methylated adds m and 1")
        .choices(["dna", "methylated"])
        .default("dna"),
    )
    .option("--seed <number>", "seed of shuffles, hold-out and starts", parseWholeNumber, 0)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Options are named as STREME's and MEME's. With streme, p-values come from sequences held out, which the search never
sees; motifs are ranked by them. With meme, E-values are of the alignments of sites, and each motif's sites are erased
before the next. Sequences may have different lengths and repeated names.

Examples:
  bindscape motifs discover peaks.fa --nmotifs 5 --out found
  bindscape motifs discover CTCF.narrowPeak.gz --genome hg38.2bit --nmotifs 5 --out ctcf
  bindscape motifs discover top500.fa --method meme --nmotifs 5 --minw 6 --maxw 30 --out meme
  bindscape motifs discover treated.fa --control untreated.fa --out differential`,
    )
    .action(async (file: string, given: DiscoverFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const alphabet = ALPHABETS[given.alph];
      const input = { genome: given.genome ?? null, width: given.width, alphabet };
      const sequences = await readSequenceInput(file, input);
      requireKnownLetters(sequences, file, alphabet.letters.length);
      const control = given.control === undefined ? undefined : await readFastaFile(given.control, alphabet);
      const background =
        given.bfile === undefined
          ? undefined
          : readBackground(await readMotifText(given.bfile), given.bfile, alphabet);
      const result = await withInterrupt("Nothing was written", (signal) =>
        discover(sequences, {
          method: given.method,
          motifs: given.nmotifs,
          minimumWidth: given.minw,
          maximumWidth: given.maxw,
          bothStrands: !given.norc,
          control,
          order: given.order,
          holdOut: given.hofract,
          threshold: given.thresh,
          patience: given.patience,
          distribution: given.mod,
          minimumSites: given.minsites,
          maximumSites: given.maxsites,
          background,
          seed: given.seed,
          alphabet,
          onProgress: bar.listener,
          signal,
        }),
      );
      bar.clear();
      const seconds = (performance.now() - started) / 1000;
      const page = renderDiscoveryPage({
        result,
        lengths: sequences.map(({ codes }) => codes.length),
        sequencesName: basename(file),
        seconds,
        command: commandText(),
      });
      await mkdir(given.out, { recursive: true });
      const inputs = [file, given.genome, given.control, given.bfile].filter((name) => name !== undefined);
      const record = await makeRunRecord(commandText(), given.seed, inputs, seconds);
      const files: Record<string, string> = {
        "motifs.meme": writeDiscoveredMeme(result),
        "sites.tsv": writeSitesTsv(result, sequences),
        ...(given.method === "streme"
          ? { "sequences.tsv": writeSequencesTsv(result, sequences, control) }
          : {}),
        "discover.json": `${JSON.stringify(summariseDiscovery(result), null, 2)}\n`,
        "discover.html": page,
        "run.json": `${JSON.stringify(record, null, 2)}\n`,
      };
      for (const [name, text] of Object.entries(files)) {
        await writeFileAtomically(join(given.out, name), text);
      }
      for (const motif of result.motifs) {
        const p = motif.log10P === null ? "" : `, p ${formatLog10(motif.log10P)}`;
        bar.say(
          `${motif.consensus}: ${motif.siteList.length.toLocaleString("en-US")} sites${p}, E ${formatLog10(motif.log10E)}`,
        );
      }
      bar.say(
        `wrote ${Object.keys(files).slice(0, -1).join(", ")} to ${given.out}: ${result.motifs.length} motifs in ${sequences.length.toLocaleString("en-US")} sequences, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, ...summariseDiscovery(result), seconds });
    });
}

const ALPHABETS: Readonly<Record<"dna" | "methylated", Alphabet>> = { dna: DNA, methylated: METHYLATED_DNA };

interface DiscoverFlags {
  readonly out: string;
  readonly method: "streme" | "meme";
  readonly nmotifs?: number;
  readonly minw?: number;
  readonly maxw?: number;
  readonly norc?: boolean;
  readonly genome?: string;
  readonly width: number;
  readonly control?: string;
  readonly order: number;
  readonly hofract: number;
  readonly thresh: number;
  readonly patience: number;
  readonly mod: SiteDistribution;
  readonly minsites?: number;
  readonly maxsites?: number;
  readonly bfile?: string;
  readonly alph: "dna" | "methylated";
  readonly seed: number;
  readonly json?: boolean;
}

async function readFastaFile(file: string, alphabet: Alphabet) {
  const source = await openSource(file);
  try {
    return await readSequences(source, alphabet);
  } finally {
    await source.close();
  }
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 0.5)) {
    throw new InvalidArgumentError("Expected a share from 0 to 0.5.");
  }
  return value;
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
