import type { Columns } from "./column-scores.js";
import { type CompleteScores, chooseSteps, type QueryScores } from "./scores.js";
import { COLUMNS_A_TURN, compileKernels, MASK_BYTES, ROUNDER, type SimdKernels } from "./simd-kernels.js";

const PAGE_BYTES = 65536;
/** Bytes a unit of distance: the longest one, the square root of 2, is below 255. */
const BYTES_PER_UNIT = 179.5;
/**
 * Single precision is off by less than this: differences of probabilities by 1.2e-7, sums of their squares by as much again
 * for each term.
 */
const DISTANCE_ERROR = 2e-6;
/** Longest query whose sums fit 16 bits. */
export const LONGEST_QUERY = 300;
const TALLY_BYTES = 4 * 1024;
/** One distance in so many is looked at for a guess of the middle one; no multiple of common motif widths. */
const SAMPLE_STEP = 61;

/**
 * Complete scores by Euclidean distance, sixteen columns at a time. Distances are worked out in single precision, and anew in
 * double precision wherever that could change a whole score, so that all numbers are those of {@link ScalarScores}.
 */
export class SimdScores implements CompleteScores {
  readonly #targets: Columns;
  readonly #starts: Int32Array;
  readonly #strands: number;
  /** Columns of one strand, filled up to whole turns with copies of the first. */
  readonly #columns: number;
  #memory: WebAssembly.Memory;
  #kernels: SimdKernels;
  #rows = 0;
  /** The whole memory as numbers of several kinds. */
  #singles = new Float32Array(0);
  #integers = new Int32Array(0);
  #unsigned = new Uint8Array(0);
  #signed = new Int8Array(0);
  #near = new Float64Array(1024);
  readonly #sample = new Int32Array(256);

  /** @param starts of the targets, see `startsOf` */
  constructor(targets: Columns, starts: Int32Array, bothStrands: boolean) {
    this.#targets = targets;
    this.#starts = starts;
    this.#strands = bothStrands ? 2 : 1;
    this.#columns = Math.ceil(targets.count / COLUMNS_A_TURN) * COLUMNS_A_TURN;
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.#kernels = compileKernels(this.#memory);
    this.#layOut(32);
  }

  // Addresses, all whole vectors.
  #base = 0;
  #bytes = 0;
  #found = 0;
  #tables = 0;
  #numbers = 0;
  #startsAt = 0;
  #scratch = 0;
  #best = 0;
  #distances = 0;
  #whole = 0;
  #widest = 0;

  /** Makes room for queries of so many columns. */
  #layOut(rows: number): void {
    const targets = this.#starts.length - 1;
    for (let i = 0; i < targets; i++) {
      this.#widest = Math.max(this.#widest, this.#starts[i + 1] - this.#starts[i]);
    }
    let end = 0;
    const take = (bytes: number) => {
      const at = end;
      end += Math.ceil(bytes / 16) * 16 + 16;
      return at;
    };
    const width = this.#columns * this.#strands;
    this.#base = take(4 * 4 * this.#columns);
    this.#bytes = take(width);
    this.#found = take(width);
    this.#tables = take(TALLY_BYTES);
    this.#numbers = take(64);
    this.#startsAt = take(4 * (targets + 1));
    this.#scratch = take(MASK_BYTES + 2 * (rows + this.#widest + 32));
    this.#best = take(8 * targets);
    this.#distances = take(4 * width * rows);
    this.#whole = take(width * rows);
    const pages = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (pages > 0) this.#memory.grow(pages);
    this.#rows = rows;
    const { buffer } = this.#memory;
    this.#singles = new Float32Array(buffer);
    this.#integers = new Int32Array(buffer);
    this.#unsigned = new Uint8Array(buffer);
    this.#signed = new Int8Array(buffer);
    const singles = this.#singles;
    this.#targets.bases.forEach((values, base) => {
      const from = this.#base / 4 + base * this.#columns;
      singles.set(values, from);
      singles.fill(values[0], from + values.length, from + this.#columns);
    });
    this.#integers.set(this.#starts, this.#startsAt / 4);
    const masks = new Uint16Array(buffer, this.#scratch, MASK_BYTES / 2);
    for (let left = 0; left <= 8; left++) masks.fill(0xffff, left * 8, left * 8 + left);
  }

  score(query: Columns, minimumOverlap: number): QueryScores {
    const length = query.count;
    if (length > this.#rows) this.#layOut(length);
    const middles = new Float64Array(length);
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      const [nearest, farthest] = this.#measure(query, i);
      middles[i] = -this.#middleDistance(query, i);
      // Scores are distances with the sign turned.
      lowest = Math.min(lowest, -farthest - middles[i]);
      highest = Math.max(highest, -nearest - middles[i]);
    }
    const { base, scale } = this.#chooseSteps(query, middles, lowest, highest);
    const zero = Math.round(-base * scale);
    const counts = Array.from(middles, (middle, i) => this.#quantise(query, i, middle, base, scale, zero));
    return { counts, zero: 128, ...this.#alignAll(length, minimumOverlap) };
  }

  /** Distance of a query column and a target column, of either strand, in double precision. */
  #exact(query: Columns, i: number, column: number): number {
    const isComplement = column >= this.#columns;
    let j = isComplement ? column - this.#columns : column;
    if (j >= this.#targets.count) j = 0;
    const { bases } = this.#targets;
    let sum = 0;
    for (let base = 0; base < 4; base++) {
      const difference = bases[isComplement ? 3 - base : base][j] - query.bases[base][i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  /** Fills the rows of distances of a query column; how near and far target columns are, in single precision. */
  #measure(query: Columns, i: number): [number, number] {
    const kernels = this.#kernels;
    const columns = this.#columns;
    const numbers = this.#singles;
    const from = this.#numbers / 4;
    for (let base = 0; base < 4; base++) numbers[from + base] = query.bases[base][i];
    numbers[from + 4] = BYTES_PER_UNIT;
    for (let lane = 0; lane < 4; lane++) {
      numbers[from + 8 + lane] = 4;
      numbers[from + 12 + lane] = 0;
    }
    const range = this.#numbers + 32;
    const row = this.#distances + 4 * i * columns * this.#strands;
    for (let strand = 0; strand < this.#strands; strand++) {
      const first = this.#base + (strand === 0 ? 0 : 12 * columns);
      const step = (strand === 0 ? 4 : -4) * columns;
      const out = row + 4 * strand * columns;
      const bytes = this.#bytes + strand * columns;
      kernels.distances(
        this.#numbers,
        first,
        first + step,
        first + 2 * step,
        first + 3 * step,
        columns,
        out,
        bytes,
        range,
      );
    }
    let [nearest, farthest] = [4, 0];
    for (let lane = 0; lane < 4; lane++) {
      nearest = Math.min(nearest, numbers[from + 8 + lane]);
      farthest = Math.max(farthest, numbers[from + 12 + lane]);
    }
    return [nearest, farthest];
  }

  /** The steps, by extremes in double precision where those in single precision leave a doubt. */
  #chooseSteps(
    query: Columns,
    middles: Float64Array,
    lowest: number,
    highest: number,
  ): { readonly base: number; readonly scale: number } {
    const found = [-1, 1].flatMap((low) =>
      [-1, 1].map((high) => chooseSteps(lowest + low * DISTANCE_ERROR, highest + high * DISTANCE_ERROR)),
    );
    if (found.every(({ base, scale }) => base === found[0].base && scale === found[0].scale)) return found[0];
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < middles.length; i++) {
      for (let strand = 0; strand < this.#strands; strand++) {
        for (let j = 0; j < this.#targets.count; j++) {
          const score = -this.#exact(query, i, strand * this.#columns + j) - middles[i];
          least = Math.min(least, score);
          most = Math.max(most, score);
        }
      }
    }
    return chooseSteps(least, most);
  }

  /** Gathers the distances, in double precision, of all columns whose bytes lie within limits; how many there are. */
  #gather(query: Columns, i: number, low: number, high: number): number {
    const columns = this.#columns;
    const [a, c, g, t] = this.#targets.bases;
    const [qa, qc, qg, qt] = [query.bases[0][i], query.bases[1][i], query.bases[2][i], query.bases[3][i]];
    const end = this.#kernels.findWithin(this.#bytes, columns * this.#strands, low, high, this.#found) / 4;
    const places = this.#integers;
    const most = (end - this.#found / 4) * (COLUMNS_A_TURN / 2);
    if (this.#near.length < most) this.#near = new Float64Array(most);
    const near = this.#near;
    let count = 0;
    for (let at = this.#found / 4; at < end; at += 2) {
      for (let bits = places[at + 1]; bits !== 0; bits &= bits - 1) {
        const column = places[at] + 31 - Math.clz32(bits & -bits);
        const isComplement = column >= columns;
        const j = isComplement ? column - columns : column;
        if (j >= this.#targets.count) continue;
        const da = (isComplement ? t[j] : a[j]) - qa;
        const dc = (isComplement ? g[j] : c[j]) - qc;
        const dg = (isComplement ? c[j] : g[j]) - qg;
        const dt = (isComplement ? a[j] : t[j]) - qt;
        near[count++] = Math.sqrt(da * da + dc * dc + dg * dg + dt * dt);
      }
    }
    return count;
  }

  /** The distance whose score is the middle one; see `MiddleScore` for what that is. */
  #middleDistance(query: Columns, i: number): number {
    const count = this.#targets.count * this.#strands;
    // 0-based from the least: of scores, the 1-based ranks n/2, or (n-1)/2 and (n+1)/2.
    const half = count >> 1;
    const ranks = [half, count % 2 === 0 || count === 1 ? half : half + 1];
    let low = this.#byteOfRank(ranks[0]);
    let high = this.#countBelow(low + 1) > ranks[1] ? low : this.#byteOfRank(ranks[1]);
    for (;;) {
      const before = this.#countBelow(low);
      const count = this.#gather(query, i, low, high);
      const a = select(this.#near, count, ranks[0] - before);
      const b = ranks[1] === ranks[0] ? a : select(this.#near, count, ranks[1] - before);
      // A distance at the edge of a byte may have its neighbours in the next one.
      const isLowEdge = low > 0 && a < low / BYTES_PER_UNIT + 2 * DISTANCE_ERROR;
      const isHighEdge = high < 255 && b > (high + 1) / BYTES_PER_UNIT - 2 * DISTANCE_ERROR;
      if (!isLowEdge && !isHighEdge) return (a + b) / 2;
      if (isLowEdge) low--;
      if (isHighEdge) high++;
    }
  }

  /** The byte of the distance of a 0-based rank: the largest that no more than `rank` distances lie below. */
  #byteOfRank(rank: number): number {
    // From a guess by a sample outwards, in growing steps, and then by halves.
    let low = this.#guessByte(rank);
    let high = low + 1;
    let step = 1;
    while (low > 0 && this.#countBelow(low) > rank) {
      high = low;
      low = Math.max(0, low - step);
      step *= 2;
    }
    step = 1;
    while (high < 256 && this.#countBelow(high) <= rank) {
      low = high;
      high = Math.min(256, high + step);
      step *= 2;
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#countBelow(middle) <= rank) low = middle;
      else high = middle;
    }
    return low;
  }

  #guessByte(rank: number): number {
    const width = this.#columns * this.#strands;
    const bytes = this.#unsigned;
    const tally = this.#sample.fill(0);
    for (let at = 0; at < width; at += SAMPLE_STEP) tally[bytes[this.#bytes + at]]++;
    const wanted = ((rank / (this.#targets.count * this.#strands)) * width) / SAMPLE_STEP;
    let byte = 0;
    for (let below = tally[0]; byte < 255 && below <= wanted; below += tally[byte]) byte++;
    return byte;
  }

  #countBelow(limit: number): number {
    const columns = this.#columns;
    if (limit === 0) return 0;
    if (limit > 255) return this.#targets.count * this.#strands;
    let count = this.#kernels.countBelow(this.#bytes, columns * this.#strands, limit);
    const filled = columns - this.#targets.count;
    if (filled > 0) {
      const bytes = this.#unsigned;
      for (let strand = 0; strand < this.#strands; strand++) {
        if (bytes[this.#bytes + strand * columns] < limit) count -= filled;
      }
    }
    return count;
  }

  /** Fills the row of whole scores of a query column and counts them. */
  #quantise(
    query: Columns,
    i: number,
    middle: number,
    base: number,
    scale: number,
    zero: number,
  ): Float64Array {
    const width = this.#columns * this.#strands;
    const constant = (-middle - base) * scale;
    const numbers = this.#numbers / 4;
    this.#singles[numbers] = constant;
    this.#singles[numbers + 1] = scale;
    this.#singles[numbers + 2] = 0.5 - scale * DISTANCE_ERROR - 2e-5;
    this.#integers[numbers + 3] = zero;
    this.#singles[numbers + 4] = ROUNDER;
    this.#integers[numbers + 5] = 255;
    const row = this.#whole + i * width;
    const end = this.#kernels.quantise(
      this.#distances + 4 * i * width,
      width,
      this.#numbers,
      row,
      this.#found,
    );
    const whole = this.#signed;
    for (let at = this.#found / 4; at < end / 4; at++) {
      const from = this.#integers[at];
      for (let column = from; column < from + COLUMNS_A_TURN; column++) {
        whole[row + column] = Math.floor(constant - this.#exact(query, i, column) * scale + 0.5) - zero;
      }
    }
    const tables = this.#integers;
    const first = this.#tables / 4;
    tables.fill(0, first, first + TALLY_BYTES / 4);
    this.#kernels.tally(row, width, this.#tables);
    const counts = new Float64Array(256);
    for (let byte = 0; byte < 256; byte++) {
      // A signed byte, counted from -128.
      counts[(byte + 128) & 255] =
        tables[first + byte] +
        tables[first + 256 + byte] +
        tables[first + 512 + byte] +
        tables[first + 768 + byte];
    }
    const filled = this.#columns - this.#targets.count;
    for (let strand = 0; strand < this.#strands; strand++)
      counts[whole[row + strand * this.#columns] + 128] -= filled;
    return counts;
  }

  #alignAll(length: number, minimumOverlap: number): { best: Int32Array; offsets: Int16Array } {
    const targets = this.#starts.length - 1;
    const best = new Int32Array(targets * this.#strands);
    const offsets = new Int16Array(targets * this.#strands);
    const width = this.#columns * this.#strands;
    for (let strand = 0; strand < this.#strands; strand++) {
      this.#kernels.align(
        this.#whole + strand * this.#columns,
        width,
        length,
        this.#startsAt,
        targets,
        Math.min(minimumOverlap, 1 << 20),
        strand,
        this.#scratch,
        this.#best,
      );
      const pairs = this.#best / 4;
      for (let target = 0; target < targets; target++) {
        best[strand * targets + target] = this.#integers[pairs + 2 * target];
        offsets[strand * targets + target] = this.#integers[pairs + 2 * target + 1] - length + 1;
      }
    }
    return { best, offsets };
  }
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
