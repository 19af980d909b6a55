import type { NpyArray } from "@bindscape/genome";
import { consensus, type Motif, type MotifMatch, totalInformation } from "@bindscape/motifs";
import type { AttributionFile } from "../attribution-file.js";
import type { SeqletMotifs, TrimmedPattern } from "./find-motifs.js";
import { placeStretch, type SeqletHit } from "./seqlet-hits.js";

type Named = Pick<AttributionFile, "names" | "places">;

/** What a sequence is called: its name, its place, or its number, counted from 1. */
export function sequenceName({ names, places }: Named, index: number): string {
  const place = places?.[index];
  return names?.[index] ?? (place ? `${place.chromosome}:${place.start}-${place.end}` : `${index + 1}`);
}

/** seqlets.tsv: the sites of motifs; coordinates 0-based and half-open; on the chromosome too where places are known. */
export function formatHitsTsv(hits: readonly SeqletHit[], file: Named): string {
  const columns = ["motif", "sequence", "start", "end", "strand", "contribution", "likeness"];
  if (file.places) columns.push("chromosome", "chromosome_start", "chromosome_end", "chromosome_strand");
  const lines = hits.map((hit) => {
    const fields: (string | number)[] = [
      hit.id,
      sequenceName(file, hit.sequence).replaceAll(/[\t\n\r]/g, " "),
      hit.start,
      hit.end,
      hit.strand,
      Number(hit.contribution.toPrecision(6)),
      Number(hit.likeness.toFixed(4)),
    ];
    const place = file.places?.[hit.sequence];
    if (place) {
      const at = placeStretch(place, hit);
      fields.push(at.chromosome, at.start, at.end, at.strand);
    }
    return fields.join("\t");
  });
  return `${[columns.join("\t"), ...lines].join("\n")}\n`;
}

/** hits.bed: sites on chromosomes, sorted, the likeness as a score of up to 1000; null where places are unknown. */
export function formatHitsBed(hits: readonly SeqletHit[], { places }: Named): string | null {
  if (places === undefined) return null;
  const rows = hits.map((hit) => ({ hit, at: placeStretch(places[hit.sequence], hit) }));
  rows.sort(
    (a, b) =>
      (a.at.chromosome < b.at.chromosome ? -1 : a.at.chromosome > b.at.chromosome ? 1 : 0) ||
      a.at.start - b.at.start ||
      a.at.end - b.at.end,
  );
  return rows
    .map(
      ({ hit, at }) =>
        `${at.chromosome}\t${at.start}\t${at.end}\t${hit.id}\t${Math.round(1000 * Math.max(0, hit.likeness))}\t${at.strand}\n`,
    )
    .join("");
}

/** Arrays of patterns.npz: for each motif `ID/contributions`, `ID/hypothetical` and `ID/counts` [W, 4], `ID/trim` [2]. */
export function patternArrays(patterns: readonly TrimmedPattern[]): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const { id, pattern, trim } of patterns) {
    const shape = [pattern.width, 4];
    arrays.set(`${id}/contributions`, { shape, data: pattern.contributions });
    if (pattern.hypothetical) arrays.set(`${id}/hypothetical`, { shape, data: pattern.hypothetical });
    arrays.set(`${id}/counts`, { shape, data: pattern.counts });
    arrays.set(`${id}/trim`, { shape: [2], data: Int32Array.of(trim.start, trim.end) });
  }
  return arrays;
}

/** What seqlets.json holds of each motif. */
export interface SeqletMotifSummary {
  readonly id: string;
  readonly sign: "positive" | "negative";
  readonly seqlets: number;
  readonly consensus: string;
  /** bp, and bits against equal bases. */
  readonly length: number;
  readonly information: number;
  /** Mean over sites of the sum of contributions. */
  readonly meanContribution: number;
  /** Known motifs it resembles, the best first; absent where none were given. */
  readonly matches?: readonly {
    readonly target: string;
    readonly name: string;
    readonly pValue: number;
    readonly eValue: number;
    readonly qValue: number;
  }[];
}

export function summariseMotifs(
  { patterns }: Pick<SeqletMotifs, "patterns">,
  hits: readonly SeqletHit[],
  known?: { readonly targets: readonly Motif[]; readonly matches: readonly MotifMatch[] },
): SeqletMotifSummary[] {
  return patterns.map(({ id, pattern, motif }, index) => {
    const own = hits.filter((hit) => hit.id === id);
    return {
      id,
      sign: pattern.sign,
      seqlets: pattern.members.length,
      consensus: consensus(motif),
      length: motif.length,
      information: totalInformation(motif),
      meanContribution:
        own.reduce((sum, { contribution }) => sum + contribution, 0) / Math.max(1, own.length),
      ...(known && {
        matches: known.matches
          .filter(({ query }) => query === index)
          .slice(0, 10)
          .map(({ target, pValue, eValue, qValue }) => ({
            target: known.targets[target].id,
            name: known.targets[target].name,
            pValue,
            eValue,
            qValue,
          })),
      }),
    };
  });
}
