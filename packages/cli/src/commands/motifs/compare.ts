import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { BINDSCAPE_VERSION, makeRunRecord, renderComparisonPage } from "@bindscape/models";
import {
  compareInThreads,
  isConsensus,
  MOTIF_DISTANCES,
  type Motif,
  type MotifDistance,
  motifFromConsensus,
  readMotifFile,
  readQueryBackground,
  writeTomtomTsv,
} from "@bindscape/motifs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads } from "../shared-options.js";

export function addMotifsCompareCommand(parent: Command): void {
  parent
    .command("compare")
    .description("compare motifs with a database, as Tomtom does: p-, E- and q-values, aligned logos")
    .argument(
      "<queries>",
      "motif file of any format, or a consensus: IUPAC letters, or classes as in TT[AC]CCG",
    )
    .argument("<targets>", "motif file of any format")
    .requiredOption("--out <folder>", "folder to write tomtom.tsv and compare.html to")
    .addOption(
      new Option("--dist <distance>", "how alike two columns are")
        .choices([...MOTIF_DISTANCES])
        .default("ed"),
    )
    .option("--norc", "do not try targets as their reverse complements")
    .option("--min-overlap <columns>", "fewest aligned columns", parseThreads, 1)
    .option("--thresh <number>", "largest q-value (or E-value) of a match", parseThreshold, 0.5)
    .option("--evalue", "the threshold is on the E-value")
    .option("--incomplete-scores", "score aligned columns alone, each offset with its own p-value")
    .option("--motif-pseudo <number>", "sites' worth of background added to motifs", parsePseudocount, 0.1)
    .option("--bfile <background>", "--query--, --uniform--, --nrdb--, or a background file", "--query--")
    .option("--threads <number>", "threads for many queries (default: all cores)", parseThreads)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Options are named as Tomtom's, and have its defaults. A match's p-value is the chance that a motif of columns drawn
from all targets fits the query as well at its best offset; E is p times the number of targets. Query columns beyond
the target's end count as the middle of their scores, unless --incomplete-scores is given.

Examples:
  bindscape motifs compare kernels.meme JASPAR.meme --out compared
  bindscape motifs compare dreme.txt JASPAR.meme --dist pearson --min-overlap 5 --evalue --thresh 10 --out compared
  bindscape motifs compare 'CGGN{11}CCG' JASPAR_fungi.pfm --out gal4`,
    )
    .action(async (queryName: string, targetFile: string, given: CompareFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const isText = !existsSync(queryName) && isConsensus(queryName);
      const queries = isText ? [motifFromConsensus(queryName)] : await readMotifFile(queryName);
      const targets = await readMotifFile(targetFile);
      const thresholdOn = given.evalue ? "E-value" : "q-value";
      const matches = await withInterrupt("Nothing was written", async (signal) =>
        compareInThreads(queries, targets, {
          distance: given.dist,
          bothStrands: !given.norc,
          minimumOverlap: given.minOverlap,
          completeScores: !given.incompleteScores,
          pseudocount: given.motifPseudo,
          background: await readQueryBackground(given.bfile, isText ? null : queryName),
          threshold: given.thresh,
          thresholdOn,
          threads: given.threads ?? availableParallelism(),
          onProgress: bar.listener,
          signal,
        }),
      );
      bar.clear();
      await mkdir(given.out, { recursive: true });
      const comments = [
        `bindscape motifs compare: Version ${BINDSCAPE_VERSION}`,
        "The format of this file is described at https://meme-suite.org/meme/doc/tomtom-output-format.html.",
        commandText(),
      ];
      await writeFileAtomically(
        join(given.out, "tomtom.tsv"),
        writeTomtomTsv(matches, queries, targets, comments),
      );
      const page = renderComparisonPage({
        queries,
        targets,
        matches,
        queriesName: isText ? queryName : basename(queryName),
        targetsName: basename(targetFile),
        threshold: `${thresholdOn} at most ${given.thresh}`,
        method: describeMethod(given),
        command: commandText(),
      });
      await writeFileAtomically(join(given.out, "compare.html"), page);
      const seconds = (performance.now() - started) / 1000;
      const inputs = [...(isText ? [] : [queryName]), targetFile];
      const record = await makeRunRecord(commandText(), null, inputs, seconds);
      await writeFileAtomically(join(given.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      const matched = new Set(matches.map(({ query }) => query)).size;
      bar.say(
        `wrote tomtom.tsv, compare.html to ${given.out}: ${countOf(matches.length, "match", "matches")} for ${matched} of ${countOf(queries.length, "query", "queries")} among ${countOf(targets.length, "target", "targets")}, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, ...summarise(queries, targets, matches), seconds });
    });
}

function summarise(
  queries: readonly Motif[],
  targets: readonly Motif[],
  matches: readonly Awaited<ReturnType<typeof compareInThreads>>[number][],
): Record<string, unknown> {
  const best = queries.map(({ id }, index) => {
    const match = matches.find(({ query }) => query === index);
    return match === undefined
      ? { query: id, target: null }
      : {
          query: id,
          target: targets[match.target].id,
          name: targets[match.target].name,
          pValue: match.pValue,
          eValue: match.eValue,
          qValue: match.qValue,
        };
  });
  return { queries: queries.length, targets: targets.length, matches: matches.length, best };
}

function describeMethod({ dist, norc, minOverlap, incompleteScores }: CompareFlags): string {
  return [
    `Columns are compared by ${DISTANCE_NAMES[dist]}`,
    norc ? ", targets as they are" : ", targets on both strands",
    minOverlap > 1 ? `, with at least ${minOverlap} columns aligned` : "",
    incompleteScores ? ", aligned columns alone scored" : "",
    ".",
  ].join("");
}

const DISTANCE_NAMES: Readonly<Record<MotifDistance, string>> = {
  ed: "their Euclidean distance",
  sandelin: "Sandelin and Wasserman's similarity",
  pearson: "Pearson correlation",
  kullback: "Kullback-Leibler divergence",
  allr: "average log-likelihood ratio",
  blic1: "BLiC with one prior component",
  blic5: "BLiC with five prior components",
  llr1: "log-likelihood ratio with one prior component",
  llr5: "log-likelihood ratio with five prior components",
};

interface CompareFlags {
  readonly out: string;
  readonly dist: MotifDistance;
  readonly norc?: boolean;
  readonly minOverlap: number;
  readonly thresh: number;
  readonly evalue?: boolean;
  readonly incompleteScores?: boolean;
  readonly motifPseudo: number;
  readonly bfile: string;
  readonly threads?: number;
  readonly json?: boolean;
}

function countOf(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

function parseThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number of at least 0.");
  }
  return value;
}

function parsePseudocount(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
