import type { SequenceRecord, Strand } from "@bindscape/genome";
import { sortOrder } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { type GenomicPlace, parseGenomicPlace } from "./genomic-coordinates.js";
import { PieceScanner } from "./piece-scanner.js";
import { PieceCutter } from "./pieces.js";
import { type MotifStatistics, makeCounts, samplingStep, summariseCounts } from "./scan-counts.js";
import { planScan, type ScanOptions, type ScanPlan } from "./scan-plan.js";
import { bitsOfScore } from "./score-matrix.js";
import type { SiteScannerOptions } from "./site-scanner.js";

/** A site of a motif. */
export interface MotifSite {
  /** Index of the motif. */
  readonly motif: number;
  /** Index of the sequence. */
  readonly sequence: number;
  /** 0-based, half-open, on the forward strand of the sequence. */
  readonly start: number;
  readonly end: number;
  readonly strand: Exclude<Strand, ".">;
  /** Log-odds in bits. */
  readonly score: number;
  readonly pValue: number;
  /** Null where q-values were not asked for. */
  readonly qValue: number | null;
  /** The letters of the site, in the motif's direction. */
  readonly matched: string;
  /** Where the sequence lies in a genome, if its name says so and that was asked for. */
  readonly place: GenomicPlace | null;
}

export interface ScanResult {
  /** By p-value; of equal ones by motif, sequence, start and strand. */
  readonly sites: readonly MotifSite[];
  readonly statistics: readonly MotifStatistics[];
  readonly plan: ScanPlan;
}

export interface ScanSequencesOptions extends ScanOptions, Pick<SiteScannerOptions, "useSimd"> {
  /** Reads places such as chr1:100-200 from the sequences' names; true when left out. */
  readonly parseGenomicCoordinates?: boolean;
}

/**
 * Finds the sites of motifs in sequences held in memory, with the scores, p-values and q-values of FIMO 5.5 (Grant,
 * Bailey and Noble 2011). Sites with an unknown letter have no score and are no tests. For files, and for what does
 * not fit into memory, there is `scanFiles` in Node.
 *
 * @throws BindscapeError for options out of range
 */
export function scan(
  motifs: readonly Motif[],
  sequences: readonly Pick<SequenceRecord, "name" | "codes">[],
  options: ScanSequencesOptions = {},
): ScanResult {
  const { parseGenomicCoordinates = true } = options;
  const plan = planScan(motifs, options);
  const bases = sequences.reduce((sum, { codes }) => sum + codes.length, 0);
  const scanner = new PieceScanner(plan, samplingStep(bases), options);
  const counts = makeCounts(plan);
  const cutter = new PieceCutter(Math.max(1, ...motifs.map(({ length }) => length)));
  const found = {
    motif: [] as number[],
    sequence: [] as number[],
    start: [] as number[],
    score: [] as number[],
  };
  const take = (pieces: Iterable<Parameters<PieceScanner["scan"]>[0]>) => {
    for (const piece of pieces) {
      const { count, motif, sequence, start, scoreAndStrand } = scanner.scan(piece, counts);
      for (let i = 0; i < count; i++) {
        found.motif.push(motif[i]);
        found.sequence.push(sequence[i]);
        found.start.push(start[i]);
        found.score.push(scoreAndStrand[i]);
      }
    }
  };
  for (const { codes } of sequences) take(cutter.add(codes));
  take(cutter.finish());
  const statistics = summariseCounts(plan, counts);
  const kept = plan.bestSite ? keepBestOfPieces(found) : Uint32Array.from(found.motif.keys());
  const places = sequences.map(({ name }) => (parseGenomicCoordinates ? parseGenomicPlace(name) : null));
  const keys = rankScores(plan);
  const order = sortOrder(
    Float64Array.from(kept, (i) => {
      const motif = found.motif[i];
      return keys[motif][(found.score[i] >>> 1) - plan.motifs[motif].lowest];
    }),
  );
  const sites: MotifSite[] = [];
  for (const at of order) {
    const motif = found.motif[kept[at]];
    const sequence = found.sequence[kept[at]];
    const start = found.start[kept[at]];
    const scoreAndStrand = found.score[kept[at]];
    const { matrix, tail, lowest } = plan.motifs[motif];
    const score = scoreAndStrand >>> 1;
    const qValue = plan.computeQValues ? statistics[motif].qValues[score - lowest] : null;
    if (qValue !== null && qValue > plan.qThreshold) continue;
    const end = start + matrix.length;
    const isReverse = (scoreAndStrand & 1) === 1;
    sites.push({
      motif,
      sequence,
      start,
      end,
      strand: isReverse ? "-" : "+",
      score: bitsOfScore(matrix, score),
      pValue: tail[score],
      qValue,
      matched: lettersOf(sequences[sequence].codes, start, end, isReverse),
      place: places[sequence],
    });
  }
  return { sites, statistics, plan };
}

/**
 * Ranks of all scores of interest by p-value, and of equal p-values by motif: a stable sort by rank of sites in the
 * order they are found gives the order of a report.
 */
export function rankScores({ motifs }: ScanPlan): Uint32Array[] {
  const offsets: number[] = [];
  let total = 0;
  for (const { tail, lowest } of motifs) {
    offsets.push(total);
    total += Math.max(0, tail.length - lowest);
  }
  const pValues = new Float64Array(total);
  for (const [motif, { tail, lowest }] of motifs.entries())
    pValues.set(tail.subarray(lowest), offsets[motif]);
  const ranks = new Uint32Array(total);
  for (const [rank, at] of sortOrder(pValues).entries()) ranks[at] = rank;
  return motifs.map(({ tail, lowest }, motif) =>
    ranks.subarray(offsets[motif], offsets[motif] + Math.max(0, tail.length - lowest)),
  );
}

function lettersOf(codes: Uint8Array, start: number, end: number, isReverse: boolean): string {
  let text = "";
  if (isReverse) for (let at = end - 1; at >= start; at--) text += "ACGT"[3 - codes[at]];
  else for (let at = start; at < end; at++) text += "ACGT"[codes[at]];
  return text;
}

/** Pieces gave the best of each of their segments; a long sequence has several. */
function keepBestOfPieces(found: {
  readonly motif: readonly number[];
  readonly sequence: readonly number[];
  readonly score: readonly number[];
}): Uint32Array {
  const best = new Map<string, number>();
  for (const [i, motif] of found.motif.entries()) {
    const key = `${motif} ${found.sequence[i]}`;
    const held = best.get(key);
    if (held === undefined || found.score[i] >>> 1 > found.score[held] >>> 1) best.set(key, i);
  }
  return Uint32Array.from(best.values());
}
