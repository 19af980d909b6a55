import { availableParallelism } from "node:os";
import { basename } from "node:path";
import {
  type AttributionFile,
  empiricalNull,
  findSeqletMotifs,
  hypotheticalScores,
  listHits,
  loadAttributionFile,
  renderSeqletsPage,
  scorePositions,
  selectSequences,
  summariseMotifs,
  sumWindows,
  writeSeqletFiles,
} from "@bindscape/interpret";
import { makeRunRecord } from "@bindscape/models";
import { compareInThreads, type Motif, readMotifFile } from "@bindscape/motifs";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "./shared-options.js";

export function addSeqletsCommand(program: Command): void {
  program
    .command("seqlets")
    .description(
      "motifs from attributions, as TF-MoDISco finds them: stretches that matter, clustered and aligned",
    )
    .argument("<file>", "attributions, as `bindscape interpret --out FILE.npz` writes them")
    .requiredOption("--out <folder>", "folder to write")
    .option("--motifs <file>", "known motifs of any format to compare with, as Tomtom does")
    .addOption(
      new Option("--sequences <which>", "sequences to look at: all, or those labelled bound")
        .choices(["all", "bound"])
        .default("all"),
    )
    .option("--window <bp>", "contributions are summed over so many bases", parseThreads, 21)
    .option("--flank <bp>", "bases added on either side of a window", parseWholeNumber, 10)
    .option("--fdr <rate>", "largest false discovery rate of windows", parseShare, 0.05)
    .option(
      "--null <file>",
      "attributions of sequences without motifs, such as shuffled ones (default: a Laplace distribution fitted to the scores)",
    )
    .option("--min-share <share>", "share of windows that passes at least", parseShare, 0.03)
    .option("--max-share <share>", "share of windows that passes at most", parseShare, 0.2)
    .option("--min-seqlets <number>", "fewest seqlets of a motif", parseThreads, 20)
    .option(
      "--max-seqlets <number>",
      "most seqlets of a sign that are clustered; the others are assigned",
      parseThreads,
      5000,
    )
    .option("--merge <cosine>", "motifs whose contributions are this alike are one", parseShare, 0.75)
    .option(
      "--trim <share>",
      "ends of motifs that contribute less than this share of the largest position are cut off",
      parseShare,
      0.25,
    )
    .option("--min-bits <number>", "fewest bits that the best 8 positions of a motif hold", parseNumber, 4)
    .option("--thresh <q>", "with --motifs: largest q-value of a match", parseShare, 0.1)
    .option("--seed <number>", "of drawing and clustering", parseWholeNumber, 0)
    .option(
      "--threads <number>",
      "threads for comparing with known motifs (default: all cores)",
      parseThreads,
    )
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Writes motifs.meme, patterns.npz (contributions, hypothetical contributions and counts of each motif, [W, 4]),
seqlets.tsv (sites, 0-based), hits.bed where the file knows places, tomtom.tsv with --motifs, seqlets.json and
seqlets.html. Scores are in the unit of the attributions: a change of the logit, unless they were made otherwise.

Examples:
  bindscape interpret models/reb1 --method deeplift --study study.yaml --regions peaks.bed --out reb1.npz
  bindscape seqlets reb1.npz --motifs JASPAR2022_fungi.pfm --out reb1-motifs
  bindscape seqlets reb1.npz --null shuffled.npz --fdr 0.01 --min-seqlets 50 --out reb1-strict`,
    )
    .action(async (name: string, given: SeqletFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const file = selectSequences(await loadAttributionFile(name), given.sequences);
      const targets = given.motifs === undefined ? undefined : await readMotifFile(given.motifs);
      const nullFile = given.null === undefined ? undefined : await loadAttributionFile(given.null);
      if (nullFile && nullFile.method !== "" && file.method !== "" && nullFile.method !== file.method) {
        throw new BindscapeError({
          source: nullFile.source,
          found: `attributions by ${nullFile.method}`,
          expected: `${file.method}, as in ${file.source}`,
        });
      }
      const page = await withInterrupt("Nothing was written", async (signal) =>
        makePage(file, nullFile, targets, given, bar.listener, signal),
      );
      bar.clear();
      const seconds = (performance.now() - started) / 1000;
      const inputs = [name, given.motifs, given.null].filter((one) => one !== undefined);
      const record = await makeRunRecord(commandText(), given.seed, inputs, seconds);
      const { motifs, summary } = page;
      const written = await writeSeqletFiles(given.out, { file, ...page, record });
      for (const motif of summary) {
        const best = motif.matches?.[0];
        bar.say(
          `${motif.id} ${motif.consensus}: ${motif.seqlets.toLocaleString("en-US")} seqlets${best ? `, like ${best.target} (q ${best.qValue.toPrecision(2)})` : ""}`,
        );
      }
      bar.say(
        `wrote ${written.slice(0, -1).join(", ")} to ${given.out}: ${summary.length} ${summary.length === 1 ? "motif" : "motifs"} from ${(motifs.found.positive.length + motifs.found.negative.length).toLocaleString("en-US")} seqlets of ${file.count.toLocaleString("en-US")} sequences, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, sequences: file.count, motifs: summary, seconds });
    });
}

async function makePage(
  file: AttributionFile,
  nullFile: AttributionFile | undefined,
  targets: readonly Motif[] | undefined,
  given: SeqletFlags,
  onProgress: ProgressListener,
  signal: AbortSignal,
) {
  const scores = scorePositions(file);
  const { count, length, codes } = file;
  const motifs = findSeqletMotifs(
    { count, length, codes, scores, hypothetical: hypotheticalScores(file) },
    {
      window: given.window,
      flank: given.flank,
      fdr: given.fdr,
      shares: [given.minShare, given.maxShare],
      ...(nullFile && {
        makeNull: () =>
          empiricalNull(sumWindows(scorePositions(nullFile), nullFile.count, nullFile.length, given.window)),
      }),
      minimumSeqlets: given.minSeqlets,
      maximumSeqlets: given.maxSeqlets,
      mergeThreshold: given.merge,
      trimShare: given.trim,
      minimumBits: given.minBits,
      seed: given.seed,
      onProgress,
      signal,
    },
  );
  const hits = listHits(motifs.patterns, { length, scores });
  const queries = motifs.patterns.map(({ motif }) => motif);
  const known = targets && {
    name: basename(given.motifs ?? ""),
    targets,
    matches:
      queries.length === 0
        ? []
        : await compareInThreads(queries, targets, {
            threshold: given.thresh,
            threads: given.threads ?? availableParallelism(),
            onProgress,
            signal,
          }),
  };
  const warnings: string[] = [];
  if (motifs.found.isByShare) {
    warnings.push(
      `The false discovery rate would have let ${given.minShare > 0 ? `less than ${given.minShare} or ` : ""}more than ${given.maxShare} of the windows pass, so the share of windows set the thresholds: motifs of few seqlets may be noise.`,
    );
  }
  const page = renderSeqletsPage({
    title: `Motifs of ${basename(file.source)}`,
    method: file.method,
    sequences: count,
    length,
    motifs,
    windowScores: sumWindows(scores, count, length, given.window),
    hits,
    known,
    warnings,
    command: commandText(),
  });
  return { motifs, hits, known, page, summary: summariseMotifs(motifs, hits, known) };
}

interface SeqletFlags {
  readonly out: string;
  readonly motifs?: string;
  readonly sequences: "all" | "bound";
  readonly window: number;
  readonly flank: number;
  readonly fdr: number;
  readonly null?: string;
  readonly minShare: number;
  readonly maxShare: number;
  readonly minSeqlets: number;
  readonly maxSeqlets: number;
  readonly merge: number;
  readonly trim: number;
  readonly minBits: number;
  readonly thresh: number;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: boolean;
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to 1.");
  }
  return value;
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number of at least 0.");
  }
  return value;
}
