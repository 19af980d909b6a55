import { BindscapeError } from "@bindscape/numerics";
import type { AttributionFile } from "../attribution-file.js";
import { scorePositions } from "../position-scores.js";
import { takeSequences } from "../select-sequences.js";
import { enrichWords, type WordEnrichment } from "./enrich-words.js";
import { type ScanWordsOptions, scanWords, type WordCounts, type WordSequences } from "./scan-words.js";
import { distancesToStarts, type TranscriptionStarts } from "./transcription-starts.js";

/** Which part of a factor's sequences: all, or those within or beyond a distance of a transcription start. */
export type WordSubset = "all" | "proximal" | "distal";

/** Words of one factor in one part of its sequences. */
export interface WordRun {
  readonly factor: string;
  readonly subset: WordSubset;
  /** File the attributions are from. */
  readonly source: string;
  readonly sequences: WordSequences;
  readonly counts: WordCounts;
  readonly words: readonly WordEnrichment[];
}

export interface AnalyseWordsOptions extends ScanWordsOptions {
  /** Name of the factor; see {@link factorName} where absent. */
  readonly factor?: string;
  /** Where cores are: as the file says (default), nowhere, or at the same place in all sequences. */
  readonly core?: "file" | "none" | readonly [number, number];
  /** Transcription starts and the bp within which a site is proximal: the parts are analysed too. */
  readonly starts?: {
    readonly positions: TranscriptionStarts;
    readonly distance: number;
    readonly source: string;
  };
}

/** Top windows that an analysis must have, so that a word can be enriched among them at all. */
export const FEWEST_TOP_WINDOWS = 50;

/**
 * Enriched words of a factor's sequences, and of the proximal and distal ones where transcription starts are given.
 * @returns the runs, and what was left out and why
 * @throws BindscapeError for a file without cores, without places where transcription starts are given, and with too few
 *   sequences: the message says how many are needed
 */
export function analyseWords(
  file: AttributionFile,
  options: AnalyseWordsOptions = {},
): { runs: WordRun[]; warnings: string[] } {
  const { factor = factorName(file), starts } = options;
  const warnings: string[] = [];
  const cores = findCores(file, options.core ?? "file");
  if (cores !== null && file.strands === undefined) {
    warnings.push(
      `${file.source} does not say which strand cores are on: words are read as sequences are stored.`,
    );
  }
  const runs = [analysePart(file, cores, factor, "all", options)];
  if (starts !== undefined) {
    if (file.places === undefined) {
      throw new BindscapeError({
        source: file.source,
        found: "no places of the sequences",
        expected: "where each lies on its chromosome, to tell proximal from distal ones",
        next: "Explain regions of a study (--regions), or leave out --tss",
      });
    }
    const distances = distancesToStarts(file.places, cores, starts.positions, starts.source);
    for (const subset of ["proximal", "distal"] as const) {
      const rows = [...distances.keys()].filter(
        (i) => distances[i] <= starts.distance === (subset === "proximal"),
      );
      const part = rows.length > 0 ? takeSequences({ ...file, cores: cores ?? undefined }, rows) : null;
      const needed = part && sequencesNeeded(part, cores === null ? null : (part.cores ?? null), options);
      if (part === null || rows.length < (needed ?? 1)) {
        warnings.push(
          `${factor}: ${rows.length} ${subset} sequences (${subset === "proximal" ? "within" : "beyond"} ${starts.distance} bp) are too few${needed === null ? "" : `, ${needed} are needed`}.`,
        );
        continue;
      }
      runs.push(analysePart(part, cores === null ? null : (part.cores ?? null), factor, subset, options));
    }
  }
  return { runs, warnings };
}

/** The factor that a file explains: its task's, with the cell where there is one, or the file's name. */
export function factorName({ tasks, target, source }: AttributionFile): string {
  const task = tasks[target];
  if (task !== undefined && task.factor !== "") {
    return task.cell === "" || task.cell === "unknown" ? task.factor : `${task.factor} ${task.cell}`;
  }
  return (source.split(/[\\/]/).at(-1) ?? source).replace(/\.npz$/i, "");
}

function analysePart(
  file: AttributionFile,
  cores: Int32Array | null,
  factor: string,
  subset: WordSubset,
  options: AnalyseWordsOptions,
): WordRun {
  const { source, count, length, codes, strands } = file;
  const needed = sequencesNeeded(file, cores, options);
  if (count < needed) {
    throw new BindscapeError({
      source,
      found: `${count} ${count === 1 ? "sequence" : "sequences"}`,
      expected: `at least ${needed}, for ${FEWEST_TOP_WINDOWS} top windows`,
      next: "Explain more sequences, or mark a larger share of windows (--top)",
    });
  }
  const sequences: WordSequences = {
    source,
    count,
    length,
    codes,
    scores: scorePositions(file),
    cores,
    strands,
  };
  const counts = scanWords(sequences, options);
  return { factor, subset, source, sequences, counts, words: enrichWords(counts) };
}

function findCores(file: AttributionFile, core: NonNullable<AnalyseWordsOptions["core"]>): Int32Array | null {
  if (core === "none") return null;
  const { source, count, length, cores } = file;
  if (core === "file") {
    if (cores !== undefined) return cores;
    throw new BindscapeError({
      source,
      found: "no core motifs",
      expected: 'an array "cores" [N, 2], so that words of the core itself do not count',
      next: "Explain sequences of `dataset motif-sites`, or say where cores are: --core START-END, or --core none",
    });
  }
  const [start, end] = core;
  if (!(start >= 0 && start < end && end <= length)) {
    throw new BindscapeError({
      source,
      found: `a core from ${start} to ${end}`,
      expected: `0-based start and end within the ${length} bp of the sequences`,
    });
  }
  return Int32Array.from({ length: 2 * count }, (_, i) => core[i % 2]);
}

/** Sequences that make {@link FEWEST_TOP_WINDOWS} top windows. */
function sequencesNeeded(
  { length }: AttributionFile,
  cores: Int32Array | null,
  { wordLength = 5, topShare = 0.01 }: ScanWordsOptions,
): number {
  const lost = cores === null || cores.length === 0 ? 0 : cores[1] - cores[0] + wordLength - 1;
  return Math.ceil(FEWEST_TOP_WINDOWS / (topShare * Math.max(1, length - wordLength + 1 - lost)));
}
