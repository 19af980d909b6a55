import type { SequenceRecord } from "@bindscape/genome";
import { BindscapeError, logBinomialTail } from "@bindscape/numerics";
import { backgroundFromSequences } from "../background.js";
import type { Background, Motif } from "../motif.js";
import { bitsOfScore, highestScore, makeScoreMatrix } from "../scan/score-matrix.js";
import { type BestSites, findBestSites } from "./best-sites.js";

/** Where the best sites of a motif lie in sequences of one length, as CentriMo counts them. */
export interface SitePositions {
  /** Offset of a site's middle from the middle of the sequence, in bp, for each place a site can start. */
  readonly offsets: Float64Array;
  /** Sequences whose best site is there; one with several best sites counts for each in equal parts. */
  readonly counts: Float64Array;
  /** Sequences with a site. */
  readonly sites: number;
  /** Sequences looked at: those of the common length. */
  readonly sequences: number;
}

/** A stretch of places in which best sites are more frequent than if all places were as likely. */
export interface CentralRegion {
  /** Offset of its middle from the middle of the sequence, in bp. */
  readonly centre: number;
  /** Places in it, and in all. */
  readonly width: number;
  readonly places: number;
  readonly sitesInside: number;
  readonly sites: number;
  /** ln of the binomial p-value, and of the same corrected for the stretches tried (Bonferroni, as 1 - (1 - p)^tests). */
  readonly logPValue: number;
  readonly logAdjustedPValue: number;
  /** Corrected p times the number of motifs tested. */
  readonly eValue: number;
  /** Stretches tried. */
  readonly tests: number;
}

/** A motif's positions, and the stretch where they are most enriched; null where no sequence has a site. */
export interface CentralEnrichment {
  readonly positions: SitePositions;
  readonly region: CentralRegion | null;
}

export interface CentralEnrichmentOptions {
  /** Lowest log-odds of a site, in bits; 5 when left out. */
  readonly leastScore?: number;
  /** Stretches about any place rather than about the middle alone; false when left out. */
  readonly isLocal?: boolean;
  /** A, C, G, T; the sequences' own when left out. */
  readonly background?: Background;
  readonly pseudocount?: number;
  readonly bothStrands?: boolean;
}

/**
 * Whether the best sites of motifs lie in the middle of sequences, or together elsewhere (CentriMo: Bailey and
 * Machanick 2012; local mode: Lesluyes et al. 2014). Sequences of another length than the most frequent are left out.
 *
 * @throws BindscapeError for no sequences
 */
export function testCentralEnrichment(
  motifs: readonly Motif[],
  sequences: readonly Pick<SequenceRecord, "codes">[],
  options: CentralEnrichmentOptions = {},
): CentralEnrichment[] {
  const { leastScore = 5, isLocal = false, pseudocount, bothStrands = true } = options;
  const length = commonLength(sequences);
  const codes = sequences.map((sequence) => sequence.codes).filter((one) => one.length === length);
  const background =
    options.background ?? backgroundFromSequences(codes, { pseudocount: 0, bothStrands }).words[0];
  const planned = motifs.map((motif) => {
    const matrix = makeScoreMatrix(motif, { background, pseudocount });
    // The first score of at least so many bits.
    let lowest = Math.max(0, Math.floor((leastScore - matrix.length * matrix.offset) * matrix.scale) - 1);
    while (lowest <= highestScore(matrix) && bitsOfScore(matrix, lowest) < leastScore) lowest++;
    return { matrix, lowest };
  });
  const results: CentralEnrichment[] = [];
  for (const best of findBestSites(planned, codes, bothStrands)) {
    const { matrix } = planned[results.length];
    const positions = countPositions(best, length, matrix.length);
    results.push({ positions, region: findRegion(positions, isLocal, motifs.length) });
  }
  return results;
}

function commonLength(sequences: readonly Pick<SequenceRecord, "codes">[]): number {
  const counts = new Map<number, number>();
  for (const { codes } of sequences) counts.set(codes.length, (counts.get(codes.length) ?? 0) + 1);
  const [first] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
  if (first === undefined) throw new BindscapeError({ source: "central enrichment", found: "no sequences" });
  return first[0];
}

function countPositions({ starts }: BestSites, length: number, width: number): SitePositions {
  const places = Math.max(0, length - width + 1);
  const counts = new Float64Array(places);
  let sites = 0;
  for (const equals of starts) {
    if (equals === undefined) continue;
    sites++;
    for (const start of equals) counts[start] += 1 / equals.length;
  }
  const offsets = Float64Array.from({ length: places }, (_, start) => start + width / 2 - length / 2);
  return { offsets, counts, sites, sequences: starts.length };
}

/** The stretch with the least p-value; the shorter of two as good. */
function findRegion(
  { counts, offsets, sites }: SitePositions,
  isLocal: boolean,
  motifs: number,
): CentralRegion | null {
  const places = counts.length;
  if (sites === 0 || places < 3) return null;
  const before = new Float64Array(places + 1);
  for (let i = 0; i < places; i++) before[i + 1] = before[i] + counts[i];
  let tests = 0;
  let best = { logP: Number.POSITIVE_INFINITY, from: 0, width: 0, inside: 0 };
  const tryStretch = (from: number, width: number) => {
    tests++;
    // Whole sites, since a sequence is one trial; parts of ties are rounded.
    const inside = Math.min(sites, Math.round(before[from + width] - before[from]));
    const share = width / places;
    if (best.width > 0 && inside <= sites * share) return;
    const logP = logBinomialTail(inside, sites, share);
    if (logP < best.logP) best = { logP, from, width, inside };
  };
  for (let width = isLocal ? 1 : 2 - (places & 1); width < places; width += isLocal ? 1 : 2) {
    if (isLocal) for (let from = 0; from + width <= places; from++) tryStretch(from, width);
    else tryStretch((places - width) / 2, width);
  }
  const logAdjustedPValue = adjust(best.logP, tests);
  return {
    centre: (offsets[best.from] + offsets[best.from + best.width - 1]) / 2,
    width: best.width,
    places,
    sitesInside: best.inside,
    sites,
    logPValue: best.logP,
    logAdjustedPValue,
    eValue: motifs * Math.exp(logAdjustedPValue),
    tests,
  };
}

/** ln(1 - (1 - p)^tests), also where p is too small for a double. */
function adjust(logP: number, tests: number): number {
  const p = Math.exp(logP);
  if (p * tests < 1e-12) return logP + Math.log(tests);
  return Math.log(-Math.expm1(tests * Math.log1p(-p)));
}
