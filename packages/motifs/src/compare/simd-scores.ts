import type { Columns } from "./column-scores.js";
import { type CompleteScores, chooseSteps, type QueryScores } from "./scores.js";
import { compileKernels, PAIR_SCORES, type SimdKernels, UNITS } from "./simd-kernels.js";
import { LANES, layOutLanes, type TargetLanes } from "./target-lanes.js";

const PAGE_BYTES = 65536;
/** Units a byte of a distance stands for. */
const UNITS_PER_BYTE = 128;
/** Rounding a distance to units, and single precision, put it off by less than this. */
const ROUNDING_OFF = 0.51;
/** Distances in units are off by less than this: either column is by half a unit in each of four bases, a vector of length 1. */
const UNITS_OFF = 2 + ROUNDING_OFF;
/** Longest query whose sums fit 16 bits. */
export const LONGEST_QUERY = 300;
/** Columns counted at once: pairs of scores are counted in 16 bits. */
const COLUMNS_A_TALLY = 65536;
/** One distance in so many is looked at for a guess of the middle one; no multiple of what a vector has. */
const SAMPLE_STEP = 37;
/** Limits counted at once. */
const LIMITS = 4;

/**
 * Complete scores by Euclidean distance, sixteen targets at a time. Distances are worked out in whole numbers, and anew in double
 * precision wherever that could change a whole score, so that all numbers are those of {@link ScalarScores}.
 */
export class SimdScores implements CompleteScores {
  readonly #targets: Columns;
  readonly #lanes: TargetLanes;
  readonly #strands: number;
  /** Columns of one strand, those that fill up among them. */
  readonly #columns: number;
  /** Columns of one strand that are of targets. */
  readonly #realColumns: number;
  readonly #isFiller: Uint8Array;
  readonly #targetCount: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: SimdKernels;
  #rows = 0;
  /** The whole memory as numbers of several kinds. */
  #shorts = new Int16Array(0);
  #integers = new Int32Array(0);
  #doubles = new Float64Array(0);
  #unsigned = new Uint8Array(0);
  #signed = new Int8Array(0);
  #near = new Float64Array(1024);
  readonly #tally = new Int32Array(256);
  /** How many distances have bytes below the four limits from the first one on. */
  readonly #below = { first: 0, counts: [0, 0, 0, 0] };

  /** How far in units rounding puts a target column off, at most. */
  readonly #targetsOff: number;

  /** @param starts of the targets, see `startsOf` */
  constructor(targets: Columns, starts: Int32Array, bothStrands: boolean) {
    this.#targets = targets;
    this.#lanes = layOutLanes(starts);
    this.#strands = bothStrands ? 2 : 1;
    let targetsOff = 0;
    for (let j = 0; j < targets.count; j++) targetsOff = Math.max(targetsOff, offOf(targets, j));
    this.#targetsOff = targetsOff;
    this.#columns = this.#lanes.columns.length;
    this.#realColumns = targets.count;
    this.#targetCount = starts.length - 1;
    this.#isFiller = new Uint8Array(this.#columns);
    for (const at of this.#lanes.fillers) this.#isFiller[at] = 1;
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.#kernels = compileKernels(this.#memory);
    this.#layOut(32);
  }

  // Addresses, all whole vectors.
  #exactColumns = 0;
  #pairs = 0;
  #bytes = 0;
  #found = 0;
  #list = 0;
  #table = 0;
  #sums = 0;
  #numbers = 0;
  #range = 0;
  #counts = 0;
  #groups = 0;
  #widths = 0;
  #best = 0;
  #distances = 0;
  #whole = 0;

  /** Makes room for queries of so many columns. */
  #layOut(rows: number): void {
    let end = 0;
    const take = (bytes: number) => {
      const at = end;
      end += Math.ceil(bytes / 16) * 16 + 16;
      return at;
    };
    const columns = this.#columns;
    const width = columns * this.#strands;
    const { columns: order, groupWidths, widths } = this.#lanes;
    this.#exactColumns = take(32 * columns);
    this.#pairs = take(8 * columns);
    this.#bytes = take(width);
    this.#found = take(8 * (width / LANES + 1));
    this.#list = take(8 * width);
    this.#table = take(2 * PAIR_SCORES * PAIR_SCORES);
    this.#sums = take(8 * PAIR_SCORES);
    this.#numbers = take(64);
    this.#range = take(32);
    this.#counts = take(16 * LIMITS);
    this.#groups = take(4 * groupWidths.length);
    this.#widths = take(2 * widths.length);
    this.#best = take(4 * widths.length);
    this.#distances = take(2 * width * rows);
    this.#whole = take(width * rows);
    const pages = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (pages > 0) this.#memory.grow(pages);
    this.#rows = rows;
    const { buffer } = this.#memory;
    this.#shorts = new Int16Array(buffer);
    this.#integers = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
    this.#unsigned = new Uint8Array(buffer);
    this.#signed = new Int8Array(buffer);
    const [a, c, g, t] = this.#targets.bases;
    const exact = this.#doubles.subarray(this.#exactColumns / 8, this.#exactColumns / 8 + 4 * columns);
    const pairs = this.#integers.subarray(this.#pairs / 4, this.#pairs / 4 + 2 * columns);
    for (let at = 0; at < columns; at++) {
      const j = order[at];
      exact[4 * at] = a[j];
      exact[4 * at + 1] = c[j];
      exact[4 * at + 2] = g[j];
      exact[4 * at + 3] = t[j];
      pairs[at] = toUnits(a[j]) | (toUnits(c[j]) << 16);
      pairs[columns + at] = toUnits(g[j]) | (toUnits(t[j]) << 16);
    }
    this.#integers.set(groupWidths, this.#groups / 4);
    this.#shorts.set(widths, this.#widths / 2);
  }

  score(query: Columns, minimumOverlap: number): QueryScores {
    const length = query.count;
    if (length > this.#rows) this.#layOut(length);
    const middles = new Float64Array(length);
    const nearest = new Int16Array(length);
    const farthest = new Int16Array(length);
    for (let i = 0; i < length; i++) {
      [nearest[i], farthest[i]] = this.#measure(query, i);
      middles[i] = -this.#middleDistance(query, i);
    }
    const { base, scale } = this.#chooseSteps(query, middles, nearest, farthest);
    const zero = Math.round(-base * scale);
    const counts = Array.from(middles, (middle, i) => this.#quantise(query, i, middle + base, scale, zero));
    return { counts, zero, ...this.#alignAll(length, minimumOverlap) };
  }

  /** Distance of a query column and a target column, of either strand, in double precision. */
  #exact(query: Columns, i: number, column: number): number {
    const exact = this.#doubles;
    const isComplement = column >= this.#columns;
    const at = this.#exactColumns / 8 + 4 * (isComplement ? column - this.#columns : column);
    const [a, c, g, t] = query.bases;
    const da = exact[isComplement ? at + 3 : at] - a[i];
    const dc = exact[isComplement ? at + 2 : at + 1] - c[i];
    const dg = exact[isComplement ? at + 1 : at + 2] - g[i];
    const dt = exact[isComplement ? at : at + 3] - t[i];
    return Math.sqrt(da * da + dc * dc + dg * dg + dt * dt);
  }

  /** Fills the row of distances of a query column; how near and far target columns are, in units. */
  #measure(query: Columns, i: number): [number, number] {
    const columns = this.#columns;
    const shorts = this.#shorts;
    const range = this.#range / 2;
    shorts.fill(0x7fff, range, range + 8);
    shorts.fill(0, range + 8, range + 16);
    for (let strand = 0; strand < this.#strands; strand++) {
      const numbers = this.#numbers / 2;
      for (let base = 0; base < 4; base++) {
        // The complement of the query from the target is as far as the query from the target's complement.
        shorts[numbers + base] = toUnits(query.bases[strand === 0 ? base : 3 - base][i]);
      }
      this.#kernels.distances(
        this.#numbers,
        this.#pairs,
        this.#pairs + 4 * columns,
        columns,
        this.#distances + 2 * columns * (this.#strands * i + strand),
        this.#bytes + columns * strand,
        this.#range,
      );
    }
    let [nearest, farthest] = [0x7fff, 0];
    for (let lane = 0; lane < 8; lane++) {
      nearest = Math.min(nearest, shorts[range + lane]);
      farthest = Math.max(farthest, shorts[range + 8 + lane]);
    }
    return [nearest, farthest];
  }

  /** The steps, by extremes in double precision where those in units leave a doubt. */
  #chooseSteps(
    query: Columns,
    middles: Float64Array,
    nearest: Int16Array,
    farthest: Int16Array,
  ): { readonly base: number; readonly scale: number } {
    const off = UNITS_OFF / UNITS;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    // Scores are distances with the sign turned.
    middles.forEach((middle, i) => {
      lowest = Math.min(lowest, -farthest[i] / UNITS - middle);
      highest = Math.max(highest, -nearest[i] / UNITS - middle);
    });
    const found = [-off, off].flatMap((low) =>
      [-off, off].map((high) => chooseSteps(lowest + low, highest + high)),
    );
    if (found.every(({ base, scale }) => base === found[0].base && scale === found[0].scale)) return found[0];
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    const width = this.#columns * this.#strands;
    for (let i = 0; i < middles.length; i++) {
      const mayBeLeast = -farthest[i] / UNITS - middles[i] <= lowest + 2 * off;
      const mayBeMost = -nearest[i] / UNITS - middles[i] >= highest - 2 * off;
      if (!mayBeLeast && !mayBeMost) continue;
      const far = mayBeLeast ? farthest[i] - 2 * UNITS_OFF : Number.POSITIVE_INFINITY;
      const near = mayBeMost ? nearest[i] + 2 * UNITS_OFF : Number.NEGATIVE_INFINITY;
      const row = this.#distances / 2 + i * width;
      for (let column = 0; column < width; column++) {
        const units = this.#shorts[row + column];
        if (units < far && units > near) continue;
        const score = -this.#exact(query, i, column) - middles[i];
        least = Math.min(least, score);
        most = Math.max(most, score);
      }
    }
    return chooseSteps(least, most);
  }

  /** The distance whose score is the middle one; see `MiddleScore` for what that is. */
  #middleDistance(query: Columns, i: number): number {
    const count = this.#realColumns * this.#strands;
    // 0-based from the least: of scores, the 1-based ranks n/2, or (n-1)/2 and (n+1)/2.
    const half = count >> 1;
    const ranks = [half, count % 2 === 0 || count === 1 ? half : half + 1] as const;
    const guess = this.#guessByte(ranks[0]);
    let low = this.#byteOfRank(ranks[0], guess);
    let high = this.#countBelow(low + 1) > ranks[1] ? low : this.#byteOfRank(ranks[1], guess);
    for (;;) {
      const before = this.#countBelow(low);
      const end = this.#gather(i, low, high);
      const [first, last] = ranks.map((rank) => this.#unitsOfRank(end, low, high, rank - before));
      // Those as near as rounding may have brought them; at the edge of a byte they may be in the next one.
      const from = first - 2 * UNITS_OFF;
      const to = last + 2 * UNITS_OFF;
      const isLowEdge = low > 0 && from < low * UNITS_PER_BYTE;
      const isHighEdge = high < 255 && to >= (high + 1) * UNITS_PER_BYTE;
      if (!isLowEdge && !isHighEdge) {
        const [lower, count] = this.#narrow(query, i, end, from, to);
        const a = select(this.#near, count, ranks[0] - before - lower);
        const b = ranks[1] === ranks[0] ? a : select(this.#near, count, ranks[1] - before - lower);
        return (a + b) / 2;
      }
      if (isLowEdge) low--;
      if (isHighEdge) high++;
    }
  }

  /** Lists distances and columns whose bytes lie within limits, but no fillers. @returns the end of the list, by numbers */
  #gather(i: number, low: number, high: number): number {
    const columns = this.#columns;
    const width = columns * this.#strands;
    const kernels = this.#kernels;
    const found = kernels.findWithin(this.#bytes, width, low, high, this.#found);
    const from = this.#list / 4;
    if (found === this.#found) return from;
    const end = kernels.gather(this.#found, found, this.#distances + 2 * i * width, this.#list) / 4;
    const list = this.#integers;
    let kept = from;
    for (let at = from; at < end; at += 2) {
      const column = list[at + 1];
      list[kept] = list[at];
      list[kept + 1] = column;
      kept += 2 - 2 * this.#isFiller[column >= columns ? column - columns : column];
    }
    return kept;
  }

  /** The distance, in units, of a rank among those listed, whose bytes lie within limits. */
  #unitsOfRank(end: number, low: number, high: number, rank: number): number {
    const list = this.#integers;
    let before = 0;
    for (let byte = low; ; byte++) {
      const tally = this.#tally.fill(0);
      let count = 0;
      for (let at = this.#list / 4; at < end; at += 2) {
        const units = list[at] - byte * UNITS_PER_BYTE;
        if (units >= 0 && units < UNITS_PER_BYTE) {
          tally[units]++;
          count++;
        }
      }
      if (before + count <= rank && byte < high) {
        before += count;
        continue;
      }
      let units = 0;
      while (before + tally[units] <= rank) before += tally[units++];
      return byte * UNITS_PER_BYTE + units;
    }
  }

  /** Distances in double precision of those listed from so many units to so many; how many are lower, and how many these are. */
  #narrow(query: Columns, i: number, end: number, from: number, to: number): [number, number] {
    const list = this.#integers;
    if (this.#near.length < end - this.#list / 4) this.#near = new Float64Array(end - this.#list / 4);
    let lower = 0;
    let count = 0;
    for (let at = this.#list / 4; at < end; at += 2) {
      const units = list[at];
      if (units < from) lower++;
      else if (units <= to) this.#near[count++] = this.#exact(query, i, list[at + 1]);
    }
    return [lower, count];
  }

  /** The byte of the distance of a 0-based rank: the largest that no more than `rank` distances lie below. */
  #byteOfRank(rank: number, guess: number): number {
    let low = 0;
    let high = 256;
    let byte = Math.max(1, guess);
    for (;;) {
      // One count tells of its neighbours too.
      this.#countBelow(byte);
      const { first, counts } = this.#below;
      for (let i = 0; i < LIMITS; i++) {
        if (counts[i] <= rank) low = Math.max(low, first + i);
        else high = Math.min(high, first + i);
      }
      if (high - low <= 1) return low;
      byte = high - low > 4 * LIMITS ? (low > first ? low + LIMITS : high - LIMITS) : (low + high) >> 1;
      byte = Math.max(low + 1, Math.min(high - 1, byte));
    }
  }

  #guessByte(rank: number): number {
    const width = this.#columns * this.#strands;
    const bytes = this.#unsigned;
    const tally = this.#tally.fill(0);
    for (let at = this.#bytes, end = at + width; at < end; at += SAMPLE_STEP) tally[bytes[at]]++;
    const wanted = ((rank / (this.#realColumns * this.#strands)) * width) / SAMPLE_STEP;
    let byte = 0;
    for (let below = tally[0]; byte < 255 && below <= wanted; below += tally[byte]) byte++;
    // Limits from here on lie around it.
    this.#below.first = -LIMITS;
    return byte;
  }

  /** How many distances, but those of fillers, have bytes below a limit. */
  #countBelow(limit: number): number {
    if (limit === 0) return 0;
    if (limit > 255) return this.#realColumns * this.#strands;
    const below = this.#below;
    if (limit < below.first || limit >= below.first + LIMITS) {
      below.first = Math.max(1, Math.min(256 - LIMITS, limit - 1));
      const columns = this.#columns;
      this.#kernels.countBelow(this.#bytes, columns * this.#strands, below.first, this.#counts);
      for (let i = 0; i < LIMITS; i++) {
        const at = this.#counts / 4 + 4 * i;
        const sums = this.#integers;
        below.counts[i] = sums[at] + sums[at + 1] + sums[at + 2] + sums[at + 3];
        for (let strand = 0; strand < this.#strands; strand++) {
          if (this.#unsigned[this.#bytes + strand * columns] < below.first + i) {
            below.counts[i] -= this.#lanes.fillers.length;
          }
        }
      }
    }
    return below.counts[limit - below.first];
  }

  /** Fills the row of whole scores of a query column, counted from `from` in steps, and counts them. */
  #quantise(query: Columns, i: number, from: number, scale: number, zero: number): Float64Array {
    const kernels = this.#kernels;
    const columns = this.#columns;
    const width = columns * this.#strands;
    const row = this.#whole + i * width;
    // As many bits behind the point as sixteen leave room for.
    const highest = -from * scale + 0.5;
    const bits = (scale / UNITS) * 2 ** 23 < 0x7fff && (highest + 1) * 2 ** 8 < 0x7fff ? 8 : 7;
    const exactFactor = (scale / UNITS) * 2 ** (15 + bits);
    const factor = Math.round(exactFactor);
    const middle = highest * 2 ** bits;
    // How far off: by the distance, by rounding the product, and by the factor.
    const off =
      ((this.#targetsOff + offOf(query, i) + ROUNDING_OFF) * factor +
        Math.abs(exactFactor - factor) * 2 ** 15) /
        2 ** 15 +
      0.51;
    this.#shorts[this.#numbers / 2] = factor;
    this.#shorts[this.#numbers / 2 + 1] = Math.ceil(middle + off);
    this.#shorts[this.#numbers / 2 + 2] = Math.floor(middle - off);
    const quantise = bits === 8 ? kernels.quantise8 : kernels.quantise7;
    const doubles = this.#numbers / 8 + 2;
    for (let base = 0; base < 4; base++) this.#doubles[doubles + base] = query.bases[base][i];
    this.#doubles[doubles + 4] = from;
    this.#doubles[doubles + 5] = scale;
    for (let strand = 0; strand < this.#strands; strand++) {
      const whole = row + strand * columns;
      const distances = this.#distances + 2 * (i * width + strand * columns);
      const end = quantise(distances, columns, this.#numbers, zero, whole, this.#found);
      if (end === this.#found) continue;
      // Complements have their bases in reverse.
      const first = this.#exactColumns + (strand === 0 ? 0 : 24);
      kernels.settle(this.#found, end, first, strand === 0 ? 8 : -8, 8 * doubles, zero, whole);
    }
    const counts = this.#count(row, width, zero);
    const { fillers } = this.#lanes;
    const whole = this.#signed;
    for (let at = row; at < row + width; at += columns) {
      counts[whole[at] + zero] -= fillers.length;
      // In sums they stand for no column at all.
      for (let k = 0; k < fillers.length; k++) whole[at + fillers[k]] = 0;
    }
    return counts;
  }

  /** How often each whole score of a row occurs, from that of -zero on. */
  #count(row: number, width: number, zero: number): Float64Array {
    const sums = this.#integers;
    const first = this.#sums / 4;
    sums.fill(0, first, first + 2 * PAIR_SCORES);
    for (let at = 0; at < width; at += COLUMNS_A_TALLY) {
      const count = Math.min(COLUMNS_A_TALLY, width - at);
      this.#kernels.tally(row + at, count, zero, this.#table, this.#sums);
    }
    const counts = new Float64Array(PAIR_SCORES);
    for (let score = 0; score < PAIR_SCORES; score++) {
      counts[score] = sums[first + score] + sums[first + PAIR_SCORES + score];
    }
    return counts;
  }

  #alignAll(length: number, minimumOverlap: number): { best: Int32Array; offsets: Int16Array } {
    const best = new Int32Array(this.#targetCount * this.#strands);
    const offsets = new Int16Array(this.#targetCount * this.#strands);
    const { targets, widths, groupWidths } = this.#lanes;
    const shorts = this.#shorts;
    for (let strand = 0; strand < this.#strands; strand++) {
      const isReversed = strand === 1;
      const align = isReversed ? this.#kernels.alignReversed : this.#kernels.alignForward;
      align(
        this.#whole + strand * this.#columns,
        this.#columns * this.#strands,
        length,
        this.#groups,
        this.#widths,
        groupWidths.length,
        Math.min(minimumOverlap, length),
        this.#best,
      );
      const from = strand * this.#targetCount;
      for (let lane = 0; lane < targets.length; lane++) {
        if (targets[lane] < 0) continue;
        const at = this.#best / 2 + 2 * lane - (lane % LANES);
        const place = shorts[at + LANES];
        best[from + targets[lane]] = shorts[at];
        offsets[from + targets[lane]] = isReversed ? widths[lane] - 1 - place : place - length + 1;
      }
    }
    return { best, offsets };
  }
}

/** How far in units rounding puts a column off. */
function offOf({ bases: [a, c, g, t] }: Columns, j: number): number {
  const da = a[j] * UNITS - toUnits(a[j]);
  const dc = c[j] * UNITS - toUnits(c[j]);
  const dg = g[j] * UNITS - toUnits(g[j]);
  const dt = t[j] * UNITS - toUnits(t[j]);
  return Math.sqrt(da * da + dc * dc + dg * dg + dt * dt);
}

/** A probability in whole units. */
function toUnits(probability: number): number {
  return (probability * UNITS + 0.5) | 0;
}

/** The number of a 0-based rank among the first `count`, which it reorders (Hoare 1961). */
function select(values: Float64Array, count: number, rank: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}
