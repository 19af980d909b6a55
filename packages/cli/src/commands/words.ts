import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { describeFileError, withSource, writeFileAtomically } from "@bindscape/genome";
import {
  drawWordHeatMap,
  formatSpacingTsv,
  formatWordRecord,
  formatWordsTsv,
  knownDistances,
  loadAttributionFile,
  parseWordRecord,
  proximalDistance,
  readTranscriptionStarts,
  renderWordsPage,
  runWords,
  selectSequences,
  type WordAnalysis,
  type WordRecord,
} from "@bindscape/interpret";
import { makeRunRecord, standaloneSvg } from "@bindscape/models";
import { readMotifFile, writeMotifs } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber } from "./shared-options.js";

export function addWordsCommand(program: Command): void {
  program
    .command("words")
    .description("which short words matter to a model: enrichment in its top windows outside the core motif")
    .argument(
      "<files...>",
      "attributions, one file a factor, as `bindscape interpret --out FILE.npz` writes them",
    )
    .requiredOption("--out <folder>", "folder to write")
    .option("--k <letters>", "letters of a word, 1 to 10", parseThreads, 5)
    .option("--top <share>", "share of windows that is marked as top", parseShare, 0.01)
    .addOption(
      new Option("--sequences <which>", "sequences to look at: those labelled bound, or all")
        .choices(["bound", "all"])
        .default("bound"),
    )
    .option(
      "--core <where>",
      "core motif: file (as the files say), none, or START-END in every sequence",
      parseCore,
      "file",
    )
    .option("--names <list>", "names of the factors, in the order of the files", parseList)
    .option("--listed <number>", "words in the heat map, merged over factors", parseThreads, 50)
    .option(
      "--motifs <file>",
      "known motifs of any format, for Tomtom's comparison with the bases around words",
    )
    .option("--thresh <q>", "with --motifs: largest q-value of a match", parseShare, 0.1)
    .option(
      "--tss <file>",
      "transcription starts: GTF, GFF3, BED or SGD_features.tab; proximal and distal sites apart",
    )
    .option(
      "--tss-distance <bp>",
      "sites as near to a start are proximal (default: by --assembly, else 3000)",
      parseWholeNumber,
    )
    .option(
      "--assembly <name>",
      `sets the distance: ${Object.entries(knownDistances)
        .map(([name, bp]) => `${name} ${bp}`)
        .join(", ")}`,
    )
    .option(
      "--against <folder...>",
      "earlier outputs of this command to compare with: scatter plots, one heat map each",
    )
    .option("--order-from <folder>", "keep the order of words and factors of an earlier output")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Windows are as long as a word and move by 1 bp; those that touch the core motif are left out. A window scores as the
mean of its bases' contributions; the top share of all windows of a factor is marked. Words are read on the core's
strand. One-sided Fisher exact test, odds ratio, p nominal and times the number of words (Bonferroni). The heat map lists
the words of the largest odds ratio in any factor, those with p above 0.01 counting as 0 (AgentBind, Zheng et al. 2021).

Writes words.tsv, words.meme (bases around words), spacing.tsv, tomtom matches in words.json, heat-map.svg, words.html.

Examples:
  bindscape words sp1.npz nfya.npz ctcf.npz --motifs JASPAR.meme --out words
  bindscape words reb1.npz --tss SGD_features.tab.gz --assembly sacCer3 --out reb1-words
  bindscape words sp1-pretrained.npz --against words --order-from words --out pretrained-words`,
    )
    .action(async (files: string[], given: WordFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      checkNames(files, given);
      const record = await makeInputs(files, given);
      const analysis = await withInterrupt("Nothing was written", (signal) =>
        runWords(
          files.map((file) => async () => readBound(file, given, (line) => bar.say(line))),
          {
            wordLength: given.k,
            topShare: given.top,
            core: given.core,
            listed: given.listed,
            others: record.others.map(({ record: other }) => other),
            order: record.orderFrom?.order,
            targets: record.targets,
            threshold: given.thresh,
            starts: record.starts,
            onProgress: bar.listener,
            signal,
          },
          given.names,
        ),
      );
      bar.clear();
      const warnings = [...analysis.warnings, ...nearlyAllNear(analysis, record.starts?.distance)];
      for (const warning of warnings) bar.say(`warning: ${warning}`);
      const seconds = (performance.now() - started) / 1000;
      const names = await writeWords(files, given, { ...analysis, warnings }, record, seconds);
      report(bar, analysis, given, names, seconds);
    });
}

/** Bound sequences, or all with a word about it where a file has no labels and none were asked for by name. */
async function readBound(file: string, given: WordFlags, say: (line: string) => void) {
  const loaded = await loadAttributionFile(file);
  if (given.sequences === "all") return loaded;
  if (loaded.labels === undefined) {
    say(`warning: ${file} has no labels: all of its ${loaded.count} sequences are looked at`);
    return loaded;
  }
  return selectSequences(loaded, "bound");
}

type Inputs = Awaited<ReturnType<typeof makeInputs>>;

/** What is read besides the attributions. */
async function makeInputs(files: readonly string[], given: WordFlags) {
  if (given.tssDistance !== undefined && given.tss === undefined) {
    throw new BindscapeError({
      found: "--tss-distance without --tss",
      expected: "a file of transcription starts",
    });
  }
  if (
    given.assembly !== undefined &&
    !Object.hasOwn(knownDistances, given.assembly) &&
    given.tssDistance === undefined
  ) {
    throw new BindscapeError({
      found: `the assembly ${given.assembly}`,
      expected: `one of ${Object.keys(knownDistances).join(", ")}, or --tss-distance`,
    });
  }
  for (const folder of [...(given.against ?? []), ...(given.orderFrom ? [given.orderFrom] : [])]) {
    if (resolve(folder) !== resolve(given.out)) continue;
    throw new BindscapeError({
      source: folder,
      found: "the folder that is to be written",
      expected: "another --out",
    });
  }
  const others: { name: string; record: WordRecord }[] = [];
  for (const folder of given.against ?? []) {
    const record = await readRecord(folder);
    checkLength(record, folder, given.k);
    others.push({ name: basename(resolve(folder)), record });
  }
  const orderFrom = given.orderFrom === undefined ? undefined : await readRecord(given.orderFrom);
  if (orderFrom) checkLength(orderFrom, given.orderFrom as string, given.k);
  const starts =
    given.tss === undefined
      ? undefined
      : {
          positions: await withSource(given.tss, readTranscriptionStarts),
          distance: given.tssDistance ?? proximalDistance(given.assembly),
          source: given.tss,
        };
  return {
    others,
    orderFrom,
    starts,
    targets: given.motifs === undefined ? [] : await readMotifFile(given.motifs),
    inputs: [
      ...files,
      ...[given.motifs, given.tss].filter((file) => file !== undefined),
      ...[...(given.against ?? []), ...(given.orderFrom ? [given.orderFrom] : [])].map(recordFile),
    ],
  };
}

function recordFile(folder: string): string {
  return existsSync(folder) && statSync(folder).isDirectory() ? join(folder, "words.json") : folder;
}

async function readRecord(folder: string): Promise<WordRecord> {
  const file = recordFile(folder);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw describeFileError(error, file, "read");
  }
  return parseWordRecord(text, file);
}

function checkLength(record: WordRecord, folder: string, letters: number): void {
  if (record.wordLength === letters) return;
  throw new BindscapeError({
    source: folder,
    found: `words of ${record.wordLength} letters`,
    expected: `${letters}, as asked for here (--k)`,
  });
}

function checkNames(files: readonly string[], { names }: WordFlags): void {
  if (names === undefined || (names.length === files.length && new Set(names).size === names.length)) return;
  throw new BindscapeError({
    found: `${names.length} names of factors, ${new Set(names).size} of them different, for ${files.length} files`,
    expected: "one of its own for each file (--names)",
  });
}

/** A distance that hardly any site is beyond tells nothing apart. */
function nearlyAllNear({ runs }: WordAnalysis, distance: number | undefined): string[] {
  return runs.flatMap((run) => {
    if (run.subset !== "proximal") return [];
    const all = runs.find(({ factor, subset }) => factor === run.factor && subset === "all");
    const share = run.sequences.count / Math.max(1, all?.sequences.count ?? 1);
    if (share <= 0.9) return [];
    return [
      `${run.factor}: ${Math.round(100 * share)} % of sites lie within ${distance} bp of a transcription start; a smaller --tss-distance tells more.`,
    ];
  });
}

async function writeWords(
  files: readonly string[],
  given: WordFlags,
  analysis: WordAnalysis,
  { others, orderFrom, starts, inputs }: Inputs,
  seconds: number,
): Promise<string[]> {
  const { runs, order, motifs, spacing, warnings } = analysis;
  const page = renderWordsPage({
    title: files.length === 1 ? `Words of ${runs[0].factor}` : `Words of ${files.length} factors`,
    wordLength: given.k,
    topShare: given.top,
    runs,
    order,
    ...(orderFrom && { orderFrom: basename(resolve(given.orderFrom as string)) }),
    motifs,
    spacing,
    others,
    proximal: starts?.distance,
    warnings,
    command: commandText(),
  });
  const around = motifs.flatMap(({ factor, motifs: own }) =>
    own.map((motif) => ({ ...motif, id: `${factor}_${motif.id}`.replace(/\s+/g, "_") })),
  );
  const known = motifs.map(({ factor, motifs: own, matches, targets }) => ({
    factor,
    matches: matches.map(({ query, target, pValue, eValue, qValue }) => ({
      word: own[query].id,
      target: targets[target].id,
      name: targets[target].name,
      pValue,
      eValue,
      qValue,
    })),
  }));
  const record = await makeRunRecord(commandText(), null, inputs, seconds);
  const rows = runs
    .filter(({ subset }) => subset === "all")
    .map(({ factor, words }) => ({ name: factor, words }));
  const texts: Record<string, string> = {
    "words.tsv": formatWordsTsv(runs),
    "spacing.tsv": formatSpacingTsv(spacing),
    ...(around.length > 0 && { "words.meme": writeMotifs(around, "meme", { replaceSpaces: true }) }),
    ...(order.words.length > 0 && {
      "heat-map.svg": standaloneSvg(
        drawWordHeatMap({
          id: "words",
          title: "Enriched words",
          description: `${rows.length} factors and ${order.words.length} words`,
          rows,
          order,
        }),
      ),
    }),
    "words.json": formatWordRecord(
      runs,
      order,
      { wordLength: given.k, topShare: given.top },
      {
        proximal: starts?.distance,
        known,
        warnings,
      },
    ),
    "words.html": page,
    "run.json": `${JSON.stringify(record, null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(texts)) await writeFileAtomically(join(given.out, name), text);
  return Object.keys(texts);
}

function report(
  bar: ProgressBar,
  { runs, order }: WordAnalysis,
  given: WordFlags,
  names: readonly string[],
  seconds: number,
): void {
  const summary = runs.map(({ factor, subset, sequences, counts, words }) => ({
    factor,
    subset,
    sequences: sequences.count,
    windows: counts.windows,
    top: counts.top,
    enriched: words.filter(({ log10AdjustedP }) => log10AdjustedP <= Math.log10(0.05)).length,
    best: words.slice(0, 10).map(({ word, oddsRatio, log10P, log10AdjustedP }) => ({
      word,
      oddsRatio: Number.isFinite(oddsRatio) ? oddsRatio : null,
      log10P,
      log10AdjustedP,
    })),
  }));
  for (const { factor, subset, sequences, enriched, best } of summary) {
    bar.say(
      `${factor}${subset === "all" ? "" : `, ${subset}`}: ${enriched} enriched words in ${sequences.toLocaleString("en-US")} sequences: ${best
        .slice(0, 5)
        .map(
          ({ word, oddsRatio }) =>
            `${word} (${oddsRatio === null ? "only in top windows" : `odds ratio ${oddsRatio.toFixed(1)}`})`,
        )
        .join(", ")}`,
    );
  }
  bar.say(`wrote ${names.slice(0, -1).join(", ")} to ${given.out}, ${formatDuration(seconds)}`);
  if (given.json) printJson({ out: given.out, runs: summary, words: order.words, seconds });
}

interface WordFlags {
  readonly out: string;
  readonly k: number;
  readonly top: number;
  readonly sequences: "bound" | "all";
  readonly core: "file" | "none" | readonly [number, number];
  readonly names?: readonly string[];
  readonly listed: number;
  readonly motifs?: string;
  readonly thresh: number;
  readonly tss?: string;
  readonly tssDistance?: number;
  readonly assembly?: string;
  readonly against?: readonly string[];
  readonly orderFrom?: string;
  readonly json?: boolean;
}

function parseCore(text: string): WordFlags["core"] {
  if (text === "file" || text === "none") return text;
  const [, start, end] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (start === undefined || Number(start) >= Number(end)) {
    throw new InvalidArgumentError("Expected file, none or START-END (0-based, half-open).");
  }
  return [Number(start), Number(end)];
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number above 0 and below 1.");
  }
  return value;
}
