import { areaUnderRoc, BindscapeError, type RocCurve, rocCurve } from "@bindscape/numerics";

/** A stretch of one sequence, 0-based and half-open. */
export interface MotifPlace {
  /** Index of the sequence among those scored. */
  readonly sequence: number;
  readonly start: number;
  readonly end: number;
}

/** A score for every base of some sequences, and where the motifs are that make them what they are. */
export interface ScoredBases {
  readonly count: number;
  /** bp of a sequence. */
  readonly length: number;
  /** [count, length], row-major. */
  readonly scores: ArrayLike<number>;
  /** What a method should find; places of one sequence do not overlap. */
  readonly motifs: readonly MotifPlace[];
  /** Stretches that are neither motif nor background, such as a core motif that every sequence has: left out. */
  readonly ignored?: readonly MotifPlace[];
}

/** Choices that the paper leaves open, with the defaults named here. */
export interface InterpreterMetricOptions {
  /** Whether bases are ranked by the size of their score or with its sign. Default "absolute". */
  readonly score?: "absolute" | "signed";
  /** Whether a base is ranked among those of its sequence, or of all sequences. Default "sequence". */
  readonly ranking?: "sequence" | "pooled";
  /** Share of bases that count as top scoring. Default 0.05. */
  readonly topShare?: number;
  /** Share of a motif's bases that must be top scoring for the motif to be found. Default 0.5. */
  readonly foundShare?: number;
  /**
   * What is counted along the false-positive axis of metric 4: background bases that are top scoring, or stretches of
   * background, as long as a motif and side by side, found by the rule for motifs. Default "bases".
   */
  readonly falsePositives?: "bases" | "stretches";
  /**
   * How metric 5 is averaged. "pooled" (default): mean score of all motif bases over mean score of all background bases;
   * "sequence": the mean over sequences of each one's own ratio, sequences without background score left out.
   */
  readonly signalToNoise?: "pooled" | "sequence";
}

/** Metrics 2 to 5 of the paper, and two numbers that help to read them. */
export interface InterpreterMetrics {
  /** Share of top-scoring bases that lie in motifs; 0 where no base stands out. */
  readonly accuracy: number;
  /** What accuracy would be if all motif bases scored highest: below 1 where motifs have fewer bases than the top. */
  readonly bestAccuracy: number;
  /** Share of motifs of which at least half the bases are top scoring. */
  readonly recall: number;
  /** Area under recall against false positives as the top grows from none to all bases. */
  readonly auroc: number;
  /** The same with single bases in the place of motifs. */
  readonly baseAuroc: number;
  readonly signalToNoise: number;
}

const background = 0;
const inMotif = 1;
const left = 2;

/**
 * Measures how well scores point at embedded motifs (Zheng et al. 2021, Methods, "Model interpretation methods", metrics
 * 2 to 5; metric 1 is run time). Bases of equal score enter the top together, and only if they all fit in: a method that
 * cannot tell bases apart has no top.
 * @throws BindscapeError where shapes do not fit, places are outside or overlap, or a score is not a number
 */
export function measureInterpreter(
  scored: ScoredBases,
  options: InterpreterMetricOptions = {},
): InterpreterMetrics {
  const { score = "absolute", topShare = 0.05, foundShare = 0.5, signalToNoise = "pooled" } = options;
  checkShare("topShare", topShare);
  checkShare("foundShare", foundShare);
  const kinds = markBases(scored);
  const values = readScores(scored, score);
  const ranks = rankBases(scored, values, kinds, options.ranking ?? "sequence");
  const found = rankMotifs(scored.motifs, ranks, scored.length, foundShare);
  let top = 0;
  let hits = 0;
  const baseScores: number[] = [];
  const baseLabels: number[] = [];
  for (const [i, kind] of kinds.entries()) {
    if (kind === left) continue;
    if (ranks[i] <= topShare) {
      top++;
      if (kind === inMotif) hits++;
    }
    baseScores.push(-ranks[i]);
    baseLabels.push(kind);
  }
  const { scores, labels } = rankForRoc(scored, options, kinds, ranks);
  return {
    accuracy: top === 0 ? 0 : hits / top,
    bestAccuracy: measureBest(kinds, groupSize(scored, options.ranking), topShare),
    recall: found.filter((rank) => rank <= topShare).length / found.length,
    auroc: areaUnderRoc(scores, labels),
    baseAuroc: areaUnderRoc(baseScores, baseLabels),
    signalToNoise: divideMeans(scored, values, kinds, signalToNoise),
  };
}

/** The curve under metric 4: recall of motifs against false positives, as the top grows. */
export function interpreterRoc(scored: ScoredBases, options: InterpreterMetricOptions = {}): RocCurve {
  const kinds = markBases(scored);
  const values = readScores(scored, options.score ?? "absolute");
  const ranks = rankBases(scored, values, kinds, options.ranking ?? "sequence");
  const { scores, labels } = rankForRoc(scored, options, kinds, ranks);
  return rocCurve(scores, labels);
}

/** Motifs as positives, background as negatives, each by the share of bases at which it enters the top. */
function rankForRoc(
  { motifs, count, length }: ScoredBases,
  { falsePositives = "bases", foundShare = 0.5 }: InterpreterMetricOptions,
  kinds: Uint8Array,
  ranks: Float64Array,
): { scores: number[]; labels: number[] } {
  const positives = rankMotifs(motifs, ranks, length, foundShare);
  const negatives =
    falsePositives === "bases"
      ? Array.from(ranks).filter((_, i) => kinds[i] === background)
      : rankMotifs(tileBackground(kinds, count, length, motifs), ranks, length, foundShare);
  return {
    scores: [...positives, ...negatives].map((rank) => -rank),
    labels: [...positives.map(() => 1), ...negatives.map(() => 0)],
  };
}

/** What every base is; throws where places are not as they should be. */
function markBases({ count, length, scores, motifs, ignored = [] }: ScoredBases): Uint8Array {
  const refuse = (found: string, expected: string) => {
    throw new BindscapeError({ source: "scored bases", found, expected });
  };
  if (scores.length !== count * length)
    refuse(`${scores.length} scores`, `${count} x ${length}, one a base of each sequence`);
  if (motifs.length === 0) refuse("no embedded motif", "at least one, or nothing can be found");
  const kinds = new Uint8Array(count * length);
  for (const [places, kind] of [
    [motifs, inMotif],
    [ignored, left],
  ] as const) {
    for (const { sequence, start, end } of places) {
      if (!(sequence >= 0 && sequence < count && start >= 0 && end <= length && start < end))
        refuse(`bases ${start} to ${end} of sequence ${sequence}`, `places in ${count} x ${length} bases`);
      const stretch = kinds.subarray(sequence * length + start, sequence * length + end);
      if (stretch.some((before) => before !== background))
        refuse(`places that overlap at ${start} to ${end} of sequence ${sequence}`, "places apart");
      stretch.fill(kind);
    }
  }
  return kinds;
}

function readScores({ scores, length }: ScoredBases, kind: "absolute" | "signed"): Float64Array {
  return Float64Array.from({ length: scores.length }, (_, i) => {
    const value = scores[i];
    if (Number.isNaN(value)) {
      throw new BindscapeError({
        source: "scored bases",
        found: `no number at base ${i % length} of sequence ${Math.floor(i / length)}`,
        expected: "a score for every base",
      });
    }
    return kind === "absolute" ? Math.abs(value) : value;
  });
}

/** Bases that are ranked together. */
function groupSize({ count, length }: ScoredBases, ranking: "sequence" | "pooled" = "sequence"): number {
  return ranking === "pooled" ? count * length : length;
}

/** Accuracy where all motif bases score highest. */
function measureBest(kinds: Uint8Array, size: number, topShare: number): number {
  let top = 0;
  let hits = 0;
  for (let from = 0; from < kinds.length; from += size) {
    const group = kinds.subarray(from, from + size).filter((kind) => kind !== left);
    // A hair above, for shares that have no exact binary form.
    const room = Math.floor(topShare * group.length + 1e-9);
    top += room;
    hits += Math.min(room, group.filter((kind) => kind === inMotif).length);
  }
  return top === 0 ? 0 : hits / top;
}

/** The share of the bases ranked together that score at least as high: how large the top must be to hold a base. */
function rankBases(
  scored: ScoredBases,
  values: Float64Array,
  kinds: Uint8Array,
  ranking: "sequence" | "pooled",
): Float64Array {
  const ranks = new Float64Array(values.length).fill(Number.POSITIVE_INFINITY);
  const size = groupSize(scored, ranking);
  for (let from = 0; from < values.length; from += size) {
    const order: number[] = [];
    for (let i = from; i < from + size; i++) if (kinds[i] !== left) order.push(i);
    order.sort((a, b) => values[b] - values[a]);
    for (let i = order.length - 1, last = order.length; i >= 0; i--) {
      if (i < order.length - 1 && values[order[i]] !== values[order[i + 1]]) last = i + 1;
      ranks[order[i]] = last / order.length;
    }
  }
  return ranks;
}

/** The share of bases at which at least `foundShare` of each place's bases are in the top. */
function rankMotifs(
  places: readonly MotifPlace[],
  ranks: Float64Array,
  length: number,
  foundShare: number,
): number[] {
  return places.map(({ sequence, start, end }) => {
    const inside = ranks.slice(sequence * length + start, sequence * length + end).sort();
    return inside[Math.max(1, Math.ceil(foundShare * inside.length)) - 1];
  });
}

/** Stretches of background as long as the motifs are on average, side by side. */
function tileBackground(
  kinds: Uint8Array,
  count: number,
  length: number,
  motifs: readonly MotifPlace[],
): MotifPlace[] {
  const width = Math.round(motifs.reduce((sum, { start, end }) => sum + end - start, 0) / motifs.length);
  const tiles: MotifPlace[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    for (let start = 0, at = 0; at < length; at++) {
      if (kinds[sequence * length + at] !== background) start = at + 1;
      else if (at + 1 - start === width) {
        tiles.push({ sequence, start, end: at + 1 });
        start = at + 1;
      }
    }
  }
  return tiles;
}

function divideMeans(
  { count, length }: ScoredBases,
  values: Float64Array,
  kinds: Uint8Array,
  averaging: "pooled" | "sequence",
): number {
  const size = averaging === "pooled" ? count * length : length;
  const ratios: number[] = [];
  for (let from = 0; from < values.length; from += size) {
    const sums = [0, 0];
    const counts = [0, 0];
    for (let i = from; i < from + size; i++) {
      if (kinds[i] === left) continue;
      sums[kinds[i]] += values[i];
      counts[kinds[i]]++;
    }
    const ratio = sums[inMotif] / counts[inMotif] / (sums[background] / counts[background]);
    if (averaging === "pooled") return ratio;
    if (Number.isFinite(ratio)) ratios.push(ratio);
  }
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}

function checkShare(source: string, value: number): void {
  if (value > 0 && value <= 1) return;
  throw new BindscapeError({ source, found: `${value}`, expected: "a number above 0, at most 1" });
}
