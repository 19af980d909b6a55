import { compare, type Motif, type MotifMatch } from "@bindscape/motifs";
import type { ProgressListener } from "@bindscape/numerics";
import type { AttributionFile } from "../attribution-file.js";
import { type AnalyseWordsOptions, analyseWords, factorName, type WordRun } from "./analyse-words.js";
import {
  extendOrder,
  listTopWords,
  orderByClustering,
  significantRatio,
  type WordOrder,
  type WordRow,
} from "./word-matrix.js";
import { wordMotifs } from "./word-motifs.js";
import type { WordRecord } from "./word-records.js";
import { measureSpacing } from "./word-spacing.js";
import type { FactorSpacing, WordMotifs } from "./words-page.js";

export interface RunWordsOptions extends AnalyseWordsOptions {
  /** Words of each analysis that a heat map shows; default 50. */
  readonly listed?: number;
  /** Earlier analyses whose words are listed too. */
  readonly others?: readonly WordRecord[];
  /** Order of rows and words to keep. */
  readonly order?: WordOrder;
  /** Known motifs to compare the surroundings of words with, and the largest q-value of a match; default 0.1. */
  readonly targets?: readonly Motif[];
  readonly threshold?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** An analysis of enriched words, ready to be written. */
export interface WordAnalysis {
  readonly runs: readonly WordRun[];
  readonly order: WordOrder;
  readonly motifs: readonly WordMotifs[];
  readonly spacing: readonly FactorSpacing[];
  readonly warnings: readonly string[];
}

/** Words whose surroundings and spacing are looked at, of each factor. */
const LOOKED_AT = 30;

/**
 * Enriched words of several factors, the merged list of the most enriched ones in the order of clustering, and of each
 * factor's words the bases around them, known motifs like those, and the spacing to the core.
 * @param load files one after another, so that one at a time is in memory
 * @throws BindscapeError as `analyseWords` does
 */
export async function runWords(
  load: readonly (() => Promise<AttributionFile>)[],
  options: RunWordsOptions = {},
  factors?: readonly string[],
): Promise<WordAnalysis> {
  const { listed = 50, others = [], targets = [], threshold = 0.1, onProgress, signal } = options;
  const runs: WordRun[] = [];
  const warnings: string[] = [];
  const motifs: WordMotifs[] = [];
  const spacing: FactorSpacing[] = [];
  for (const [index, loadFile] of load.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ task: "counting words", done: index, total: load.length, unit: "files" });
    const file = await loadFile();
    const found = analyseWords(file, { ...options, factor: uniqueName(runs, file, factors?.[index]) });
    warnings.push(...found.warnings);
    const [all] = found.runs;
    const codes = all.words.filter((entry) => significantRatio(entry) > 0).map(({ code }) => code);
    const own = wordMotifs(all.sequences, all.counts, codes.slice(0, LOOKED_AT));
    const matches: MotifMatch[] =
      targets.length > 0 && own.length > 0 ? compare(own, targets, { threshold }) : [];
    motifs.push({ factor: all.factor, motifs: own, matches, targets });
    const { cores } = all.sequences;
    if (cores !== null) {
      const sequences = { ...all.sequences, cores };
      spacing.push({
        factor: all.factor,
        ...measureSpacing(sequences, all.counts, codes.slice(0, LOOKED_AT)),
      });
    }
    // What is no longer needed would hold every file's arrays until the end.
    runs.push(...found.runs.map(dropArrays));
  }
  onProgress?.({ task: "counting words", done: load.length, total: load.length, unit: "files" });
  const rows = rowsOf(runs);
  const words = [
    ...new Set([
      ...listTopWords(rows, listed),
      ...others.flatMap((record) => listTopWords(rowsOf(record.runs), listed)),
    ]),
  ];
  const order = options.order ? extendOrder(options.order, rows, words) : orderByClustering(rows, words);
  return { runs, order, motifs, spacing, warnings };
}

function rowsOf(runs: readonly Pick<WordRun, "factor" | "subset" | "words">[]): WordRow[] {
  return runs.filter(({ subset }) => subset === "all").map(({ factor, words }) => ({ name: factor, words }));
}

function dropArrays(run: WordRun): WordRun {
  const { source, count, length, cores } = run.sequences;
  const empty = { codes: new Uint8Array(0), scores: new Float32Array(0) };
  return {
    ...run,
    sequences: { source, count, length, ...empty, cores: cores === null ? null : new Int32Array(0) },
    counts: { ...run.counts, topWindows: [] },
  };
}

/** The factor's name, with the file's where another run has it already. */
function uniqueName(runs: readonly WordRun[], file: AttributionFile, given: string | undefined): string {
  const base = (file.source.split(/[\\/]/).at(-1) ?? file.source).replace(/\.npz$/i, "");
  const name = given ?? factorName(file);
  if (!runs.some(({ factor }) => factor === name)) return name;
  const longer = `${name} (${base})`;
  if (!runs.some(({ factor }) => factor === longer)) return longer;
  return `${longer} ${runs.length + 1}`;
}
