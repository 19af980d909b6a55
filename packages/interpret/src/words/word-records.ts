import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";
import type { WordRun, WordSubset } from "./analyse-words.js";
import type { WordEnrichment } from "./enrich-words.js";
import type { WordOrder } from "./word-matrix.js";
import type { WordSpacing } from "./word-spacing.js";

const wordSchema = z.object({
  word: z.string().regex(/^[ACGT]+$/),
  occurrences: z.number().int().min(1),
  top: z.number().int().min(0),
  /** Null where it is infinite. */
  oddsRatio: z.number().nullable(),
  log10P: z.number(),
  log10AdjustedP: z.number(),
});

const recordSchema = z.object({
  wordLength: z.number().int(),
  topShare: z.number(),
  order: z.object({ rows: z.array(z.string()), words: z.array(z.string()) }),
  runs: z.array(
    z.object({
      factor: z.string(),
      subset: z.enum(["all", "proximal", "distal"]),
      source: z.string(),
      sequences: z.number().int(),
      windows: z.number().int(),
      top: z.number().int(),
      words: z.array(wordSchema),
    }),
  ),
});

/** What words.json holds of an analysis, as another one compares itself with it. */
export interface WordRecord {
  readonly wordLength: number;
  readonly topShare: number;
  readonly order: WordOrder;
  readonly runs: readonly {
    readonly factor: string;
    readonly subset: WordSubset;
    readonly source: string;
    readonly sequences: number;
    readonly windows: number;
    readonly top: number;
    readonly words: readonly WordEnrichment[];
  }[];
}

/** The text of words.json. */
export function formatWordRecord(
  runs: readonly WordRun[],
  order: WordOrder,
  options: { readonly wordLength: number; readonly topShare: number },
  extra: Readonly<Record<string, unknown>>,
): string {
  const record = {
    ...options,
    order,
    ...extra,
    runs: runs.map(({ factor, subset, source, sequences, counts, words }) => ({
      factor,
      subset,
      source,
      sequences: sequences.count,
      windows: counts.windows,
      top: counts.top,
      threshold: counts.threshold,
      words: words.map(({ word, occurrences, top, oddsRatio, log10P, log10AdjustedP }) => ({
        word,
        occurrences,
        top,
        oddsRatio: Number.isFinite(oddsRatio) ? oddsRatio : null,
        log10P,
        log10AdjustedP,
      })),
    })),
  };
  return `${JSON.stringify(record)}\n`;
}

/** @throws BindscapeError for a text that is no words.json */
export function parseWordRecord(text: string, source: string): WordRecord {
  let parsed: z.infer<typeof recordSchema>;
  try {
    parsed = recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BindscapeError({
      source,
      found: "no record of enriched words",
      expected: "words.json as `bindscape words` writes it",
      cause,
    });
  }
  return {
    ...parsed,
    runs: parsed.runs.map((run) => ({
      ...run,
      words: run.words.map((entry) => ({
        ...entry,
        code: [...entry.word].reduce((code, letter) => code * 4 + "ACGT".indexOf(letter), 0),
        oddsRatio: entry.oddsRatio ?? Number.POSITIVE_INFINITY,
      })),
    })),
  };
}

/** words.tsv: every word of every run, by p-value. */
export function formatWordsTsv(runs: readonly WordRun[]): string {
  const lines = ["factor\tsubset\tword\toccurrences\ttop\todds_ratio\tp\tadjusted_p\tlog10_p"];
  for (const { factor, subset, words } of runs) {
    for (const { word, occurrences, top, oddsRatio, log10P, log10AdjustedP } of words) {
      const ratio = Number.isFinite(oddsRatio) ? Number(oddsRatio.toPrecision(6)) : "inf";
      lines.push(
        [
          factor.replaceAll(/[\t\n\r]/g, " "),
          subset,
          word,
          occurrences,
          top,
          ratio,
          formatPower(log10P),
          formatPower(log10AdjustedP),
          Number(log10P.toPrecision(6)),
        ].join("\t"),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** spacing.tsv: spacing and orientation of words to the core. */
export function formatSpacingTsv(
  runs: readonly { readonly factor: string; readonly spacings: readonly WordSpacing[] }[],
): string {
  const lines = [
    "factor\tword\tforward\treverse\tupstream\tdownstream\torientation_p\tside_p\tuniform_p\tprofile_p\tphase_p",
  ];
  for (const { factor, spacings } of runs) {
    for (const one of spacings) {
      const p = (value: number | null) => (value === null ? "NA" : `${Number(value.toPrecision(4))}`);
      lines.push(
        [
          factor.replaceAll(/[\t\n\r]/g, " "),
          one.word,
          one.forward,
          one.reverse,
          one.upstream,
          one.downstream,
          p(one.orientationP),
          p(one.sideP),
          p(one.uniformP),
          p(one.profileP),
          p(one.phaseP),
        ].join("\t"),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** 10 to a power in digits and exponent, also below what a double holds. */
export function formatPower(log10: number): string {
  if (log10 === 0) return "1";
  let exponent = Math.floor(log10);
  let digits = (10 ** (log10 - exponent)).toPrecision(4);
  // Rounding may carry: 9.99996 becomes 10.00.
  if (Number(digits) >= 10) {
    digits = "1.000";
    exponent++;
  }
  return exponent >= -4 ? `${Number((10 ** log10).toPrecision(4))}` : `${digits}e${exponent}`;
}
