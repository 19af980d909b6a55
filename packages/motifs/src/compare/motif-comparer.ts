import { BindscapeError } from "@bindscape/numerics";
import { type Background, checkBackground, type Motif, UNIFORM_BACKGROUND } from "../motif.js";
import { isSimdSupported } from "../scan/site-filter.js";
import {
  type Columns,
  complementColumns,
  MOTIF_DISTANCES,
  type MotifDistance,
  makeColumnScorer,
} from "./column-scores.js";
import { ScalarScores } from "./scalar-scores.js";
import { ScoreNull, TableRoom } from "./score-null.js";
import { startsOf } from "./scores.js";
import { LONGEST_QUERY, SimdScores } from "./simd-scores.js";

/** How motifs are compared; what is left out is as Tomtom 5.5 has it. */
export interface ComparerOptions {
  /** How alike two columns are; "ed" when left out. */
  readonly distance?: MotifDistance;
  /** Whether targets are also tried as their reverse complements; true when left out. */
  readonly bothStrands?: boolean;
  /** Fewest columns that must be aligned, or all of the narrower motif where it has fewer; 1 when left out. */
  readonly minimumOverlap?: number;
  /**
   * Whether query columns without a partner count as their {@link MiddleScore}, so that the scores of all offsets are
   * alike; true when left out. If not, each offset has its own p-value and the smallest one counts.
   */
  readonly completeScores?: boolean;
  /** Background counts added to each column's sites; 0.1 when left out. */
  readonly pseudocount?: number;
  /** Of pseudocounts and likelihood ratios: A, C, G, T; a quarter each when left out. */
  readonly background?: Background;
  /** False leaves vector instructions unused, which are only a matter of speed; true when left out. */
  readonly simd?: boolean;
}

/** The best alignment of one query with each target, in the order of the targets. */
export interface Alignments {
  /** Of the better orientation, both being tried: 1 - (1 - p)^2. */
  readonly pValues: Float64Array;
  /** How far the query is shifted to the right against the target: target column of the first query column. */
  readonly offsets: Int16Array;
  /** Aligned columns. */
  readonly overlaps: Uint16Array;
  /** 1 where the target is aligned as its reverse complement. */
  readonly isReversed: Uint8Array;
  /** P-values of all targets forward, then of all reversed: what q-values are made of. */
  readonly allPValues: Float64Array;
}

/** Sites of a motif that does not say, as the MEME suite assumes. */
const DEFAULT_SITES = 20;

/**
 * Compares motifs with a fixed set of targets, whose columns are prepared once. For a query: scores of all its columns
 * with all target columns, as whole numbers over a range of 100; the best sum over the offsets of each target; the
 * chance of such a sum from {@link ScoreNull}.
 */
export class MotifComparer {
  readonly targets: readonly Motif[];
  readonly distance: MotifDistance;
  readonly bothStrands: boolean;
  readonly minimumOverlap: number;
  readonly completeScores: boolean;
  readonly #pseudocount: number;
  readonly #background: Background;
  readonly #starts: Int32Array;
  /** Widths of targets, each once, ascending. */
  readonly #widths: readonly number[];
  readonly #scalar: ScalarScores;
  readonly #room = new TableRoom();
  /** Null where there are no vectors, or the distance is another. */
  readonly #simd: SimdScores | null;

  /** @throws BindscapeError for options that cannot be used, or no targets */
  constructor(targets: readonly Motif[], options: ComparerOptions = {}) {
    const {
      distance = "ed",
      bothStrands = true,
      minimumOverlap = 1,
      completeScores = true,
      pseudocount = 0.1,
      background = UNIFORM_BACKGROUND,
    } = options;
    checkOptions(targets, distance, minimumOverlap, pseudocount);
    checkBackground(background);
    this.targets = targets;
    this.distance = distance;
    this.bothStrands = bothStrands;
    this.minimumOverlap = minimumOverlap;
    this.completeScores = completeScores;
    this.#pseudocount = pseudocount;
    this.#background = background;
    this.#starts = startsOf(targets);
    this.#widths = [...new Set(targets.map((motif) => motif.length))].sort((a, b) => a - b);
    const columns = this.#layOut(targets);
    const forward = makeColumnScorer(distance, columns, background);
    this.#scalar = new ScalarScores(
      this.#starts,
      bothStrands ? [forward, makeColumnScorer(distance, complementColumns(columns), background)] : [forward],
    );
    this.#simd =
      distance === "ed" && completeScores && options.simd !== false && isSimdSupported()
        ? new SimdScores(columns, this.#starts, bothStrands)
        : null;
  }

  /** Targets times orientations: how many p-values a query has. */
  get comparisons(): number {
    return this.targets.length * (this.bothStrands ? 2 : 1);
  }

  /** The best alignment of a query with each target. */
  align(query: Motif): Alignments {
    const columns = this.#layOut([query]);
    return this.completeScores ? this.#alignComplete(columns) : this.#alignIncomplete(columns);
  }

  #alignComplete(query: Columns): Alignments {
    const count = this.targets.length;
    const result = this.#emptyResult();
    const scores = this.#simd !== null && query.count <= LONGEST_QUERY ? this.#simd : this.#scalar;
    const { counts, zero, best, offsets } = scores.score(query, this.minimumOverlap);
    let lowest = best[0];
    for (let i = 1; i < best.length; i++) if (best[i] < lowest) lowest = best[i];
    const chances = new ScoreNull(counts, zero, this.minimumOverlap, lowest, this.#room).bestOfOffsets(
      this.#widths,
    );
    const starts = this.#starts;
    const all = result.allPValues;
    for (let i = 0, target = 0; i < best.length; i++, target++) {
      if (target === count) target = 0;
      all[i] = chances[starts[target + 1] - starts[target]]![best[i] - lowest];
    }
    return this.#choose(result, offsets, query.count);
  }

  #alignIncomplete(query: Columns): Alignments {
    const length = query.count;
    const count = this.targets.length;
    const result = this.#emptyResult();
    const strands = this.bothStrands ? 2 : 1;
    const { counts } = this.#scalar.fill(query, false);
    const offsets = new Int16Array(count * strands);
    const sums = new Int32Array(length + this.#scalar.widest());
    const spans = new ScoreNull(counts, 0, this.minimumOverlap, 0).ofSpans();
    for (let strand = 0; strand < strands; strand++) {
      for (let target = 0; target < count; target++) {
        const width = this.#widthOf(target);
        this.#scalar.addDiagonals(length, target, strand, sums.fill(0), 0);
        const least = Math.min(this.minimumOverlap, width, length);
        let smallest = Number.POSITIVE_INFINITY;
        let at = 0;
        let tried = 0;
        for (let k = least - 1; k < length + width - least; k++, tried++) {
          const start = Math.max(0, length - 1 - k);
          const end = Math.min(length - 1, length + width - 2 - k);
          const chance = spans[start][end][sums[k]];
          if (chance < smallest) [smallest, at] = [chance, k];
        }
        result.allPValues[strand * count + target] = atLeastOnce(smallest, tried);
        offsets[strand * count + target] = at - length + 1;
      }
    }
    return this.#choose(result, offsets, length);
  }

  /** The better orientation of each target, forward where both are as good. */
  #choose(result: Alignments, offsets: Int16Array, length: number): Alignments {
    const count = this.targets.length;
    const all = result.allPValues;
    // An orientation's p-value answers for both being tried.
    if (this.bothStrands) for (let i = 0; i < all.length; i++) all[i] *= 2 - all[i];
    for (let target = 0; target < count; target++) {
      const isReversed = this.bothStrands && all[count + target] < all[target];
      const at = isReversed ? count + target : target;
      const offset = offsets[at];
      result.pValues[target] = all[at];
      result.offsets[target] = offset;
      result.isReversed[target] = isReversed ? 1 : 0;
      const width = this.#widthOf(target);
      result.overlaps[target] = Math.min(length, width - offset) - Math.max(0, -offset);
    }
    return result;
  }

  #emptyResult(): Alignments {
    const count = this.targets.length;
    return {
      pValues: new Float64Array(count),
      offsets: new Int16Array(count),
      overlaps: new Uint16Array(count),
      isReversed: new Uint8Array(count),
      allPValues: new Float64Array(this.comparisons),
    };
  }

  #widthOf(target: number): number {
    return this.#starts[target + 1] - this.#starts[target];
  }

  #layOut(motifs: readonly Motif[]): Columns {
    const count = motifs.reduce((sum, motif) => sum + motif.length, 0);
    const [a, c, g, t] = [0, 1, 2, 3].map(() => new Float64Array(count));
    const allSites = new Float64Array(count);
    const pseudocount = this.#pseudocount;
    const [addA, addC, addG, addT] = Array.from(this.#background, (share) => pseudocount * share);
    let at = 0;
    for (const motif of motifs) {
      const { probabilities } = motif;
      const sites = motif.sites ?? DEFAULT_SITES;
      const all = sites + pseudocount;
      for (let from = 0; from < 4 * motif.length; from += 4, at++) {
        a[at] = (probabilities[from] * sites + addA) / all;
        c[at] = (probabilities[from + 1] * sites + addC) / all;
        g[at] = (probabilities[from + 2] * sites + addG) / all;
        t[at] = (probabilities[from + 3] * sites + addT) / all;
        allSites[at] = sites;
      }
    }
    return { count, bases: [a, c, g, t], sites: allSites };
  }
}

/** The chance that the best of so many independent tries is as good as one of the given chance. */
function atLeastOnce(chance: number, tries: number): number {
  return chance >= 1 ? 1 : -Math.expm1(tries * Math.log1p(-chance));
}

function checkOptions(
  targets: readonly Motif[],
  distance: MotifDistance,
  minimumOverlap: number,
  pseudocount: number,
): void {
  if (targets.length === 0) {
    throw new BindscapeError({ source: "compare", found: "no target motifs", expected: "at least one" });
  }
  if (!MOTIF_DISTANCES.includes(distance)) {
    throw new BindscapeError({
      source: "compare",
      found: `distance "${distance}"`,
      expected: `one of ${MOTIF_DISTANCES.join(", ")}`,
    });
  }
  if (!(Number.isInteger(minimumOverlap) && minimumOverlap >= 1)) {
    throw new BindscapeError({
      source: "compare",
      found: `a minimum overlap of ${minimumOverlap}`,
      expected: "a whole number of columns, at least 1",
    });
  }
  if (!(pseudocount > 0 && Number.isFinite(pseudocount))) {
    throw new BindscapeError({
      source: "compare",
      found: `pseudocount ${pseudocount}`,
      expected: "a finite number above 0",
    });
  }
}
