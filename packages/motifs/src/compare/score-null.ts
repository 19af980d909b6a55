import { type Convolve, fastestConvolve } from "./convolver.js";

/**
 * The chance of a score between a query and an unrelated target of given width (Gupta et al. 2007, "Method"): each
 * query column meets a column drawn from all target columns, independently. The scores of a span of query columns are
 * the convolution of its columns' scores; a target has one span at each offset, whose sums count as independent.
 * Scores are whole numbers, with 0 for a query column that has no partner.
 */
export class ScoreNull {
  readonly #columns: readonly ColumnScores[];
  readonly #minimumOverlap: number;
  /** Scores below this one are as good as certain, and not looked at. */
  readonly #lowest: number;
  readonly #highest: number;
  readonly #room: TableRoom;

  /**
   * @param counts how often each score from `-offset` on occurs, a row a query column
   * @param offset score of -index 0
   * @param minimumOverlap fewest columns of an alignment, where both motifs have as many
   * @param lowest the least score that will be asked for
   * @param room where the tables lie, until another null is made in it
   */
  constructor(
    counts: readonly Float64Array[],
    offset: number,
    minimumOverlap: number,
    lowest: number,
    room = new TableRoom(),
  ) {
    this.#room = room;
    room.clear();
    this.#columns = counts.map((row) => trim(row, offset));
    this.#minimumOverlap = minimumOverlap;
    this.#lowest = lowest;
    this.#highest = Math.max(
      lowest,
      this.#columns.reduce((sum, column) => sum + Math.max(0, column.highest), 0),
    );
  }

  /**
   * For targets of each width: the chance that the best of all offsets scores s or more, at index s - lowest.
   * @param widths widths of targets, each once, ascending
   * @returns a table a width
   */
  bestOfOffsets(widths: readonly number[]): (Float64Array | undefined)[] {
    const length = this.#columns.length;
    const wanted = widths;
    const narrow = wanted.filter((width) => width < length);
    const inner: (Float64Array | undefined)[] = [];
    for (const width of narrow) inner[width] = this.#emptyTable();
    /** ends[n]: any span of n columns at either end of the query. */
    const ends: Float64Array[] = Array.from({ length: length + 1 }, () => this.#emptyTable());
    this.#uniteSpans(narrow, (start, end) => {
      const isEnd = start === 0 || end === length - 1;
      return isEnd ? ends[end - start + 1] : inner[end - start + 1]!;
    });
    const tables: (Float64Array | undefined)[] = [];
    // Overhanging alignments: of 1, 2, ... columns, less than the narrower motif has.
    const overhanging = this.#emptyTable();
    let reached = 0;
    let atFull = overhanging;
    let extraFull = 0;
    for (const width of wanted) {
      const least = Math.min(this.#minimumOverlap, width, length);
      if (width < length) {
        for (reached = Math.max(reached, least - 1); reached < width - 1; reached++) {
          unite(overhanging, ends[reached + 1]);
        }
        const table = this.#copy(overhanging);
        unite(table, ends[width]);
        unite(table, inner[width]!);
        tables[width] = table;
        continue;
      }
      for (reached = Math.max(reached, least - 1); reached < length - 1; reached++) {
        unite(overhanging, ends[reached + 1]);
      }
      if (extraFull === 0) atFull = this.#copy(overhanging);
      for (; extraFull < width - length + 1; extraFull++) unite(atFull, ends[length]);
      tables[width] = this.#copy(atFull);
    }
    return tables;
  }

  /** For each span of query columns, [start][end]: the chance that it scores s or more, at index s - lowest. */
  ofSpans(): Float64Array[][] {
    const length = this.#columns.length;
    const spans: Float64Array[][] = Array.from({ length }, () => []);
    const all = Array.from({ length }, (_, i) => i + 1);
    this.#uniteSpans(all, (start, end) => {
      spans[start][end] = this.#emptyTable();
      return spans[start][end];
    });
    return spans;
  }

  #copy(table: Float64Array): Float64Array {
    const copy = this.#emptyTable();
    copy.set(table);
    return copy;
  }

  #emptyTable(): Float64Array {
    return this.#room.take(this.#highest - this.#lowest + 1);
  }

  /**
   * Spans at either end of the query, and those of the given widths within.
   * @param tableOf where the chances of a span, at the scores asked for, are to be united with others
   */
  #uniteSpans(widths: readonly number[], tableOf: (start: number, end: number) => Float64Array): void {
    const columns = this.#columns;
    const convolve = fastestConvolve();
    const length = columns.length;
    // A span is made of the one before it, so two rooms take turns.
    const longest = columns.reduce((sum, { chance }) => sum + chance.length, 0);
    const rooms = [this.#room.take(longest), this.#room.take(longest)];
    const isWanted = new Uint8Array(length + 1);
    for (const width of widths) if (width <= length) isWanted[width] = 1;
    const widest = Math.max(0, ...widths.filter((width) => width < length));
    // From the last column leftwards: all spans that end the query but the whole.
    for (let start = length - 1, span: ColumnScores | undefined; start > 0; start--) {
      span =
        span === undefined
          ? columns[start]
          : addScores(columns[start], span, this.#need(0, start), convolve, rooms[start & 1]);
      this.#unite(span, tableOf(start, length - 1));
    }
    for (let start = 0; start < length; start++) {
      const lastEnd = start === 0 ? length - 1 : Math.min(length - 2, start + widest - 1);
      const lastWanted = start === 0 ? lastEnd : lastWantedEnd(isWanted, start, lastEnd);
      let span = columns[start];
      for (let end = start; end <= lastWanted; end++) {
        if (end > start)
          span = addScores(span, columns[end], this.#need(end + 1, lastWanted + 1), convolve, rooms[end & 1]);
        if (start > 0 && !isWanted[end - start + 1]) continue;
        this.#unite(span, tableOf(start, end));
      }
    }
  }

  /** The least score of a span that can still reach the lowest one asked for, by the columns that are to come. */
  #need(from: number, to: number): number {
    let need = this.#lowest;
    for (let i = from; i < to; i++) need -= Math.max(0, this.#columns[i].highest);
    return need;
  }

  /** Unites a table with the chances that a span scores at least each score, from the lowest asked for on. */
  #unite({ highest, chance, below }: ColumnScores, table: Float64Array): void {
    let sum = 0;
    let index = highest - this.#lowest;
    for (let at = chance.length - 1; at >= 0 && index >= 0; at--, index--) {
      sum += chance[at];
      const other = table[index];
      table[index] = other + sum * (1 - other);
    }
    // Whatever lies under the lowest score kept belongs to all scores under it.
    const all = sum + below;
    for (; index >= 0; index--) {
      const other = table[index];
      table[index] = other + all * (1 - other);
    }
  }
}

/** Room for many small tables, used again from one null to the next: to make arrays costs more than what is done with them. */
export class TableRoom {
  #numbers = new Float64Array(1 << 15);
  #taken = 0;

  /** Gives back all that was taken. */
  clear(): void {
    this.#taken = 0;
  }

  /** So many zeros. */
  take(size: number): Float64Array {
    if (this.#taken + size > this.#numbers.length) {
      // Tables taken so far keep the old room.
      this.#numbers = new Float64Array(Math.max(size, 2 * this.#numbers.length));
      this.#taken = 0;
    }
    this.#taken += size;
    return this.#numbers.subarray(this.#taken - size, this.#taken).fill(0);
  }
}

/** Chances of consecutive scores. */
interface ColumnScores {
  readonly lowest: number;
  readonly highest: number;
  readonly chance: Float64Array;
  /** Chance of all scores under the lowest kept. */
  readonly below: number;
}

function trim(counts: Float64Array, offset: number): ColumnScores {
  let first = 0;
  while (counts[first] === 0) first++;
  let last = counts.length - 1;
  while (counts[last] === 0) last--;
  let total = 0;
  for (let i = first; i <= last; i++) total += counts[i];
  const chance = counts.slice(first, last + 1);
  for (let i = 0; i < chance.length; i++) chance[i] /= total;
  return { lowest: first - offset, highest: last - offset, chance, below: 0 };
}

/** Sums of two independent scores, those under `need` left out; their chances are written to `room`. */
function addScores(
  a: ColumnScores,
  b: ColumnScores,
  need: number,
  convolve: Convolve,
  room: Float64Array,
): ColumnScores {
  const highest = a.highest + b.highest;
  const lowest = Math.min(highest, Math.max(a.lowest + b.lowest, need));
  const chance = room.subarray(0, highest - lowest + 1);
  const [long, short] = a.chance.length >= b.chance.length ? [a, b] : [b, a];
  convolve(long.chance, short.chance, lowest - long.lowest - short.lowest, chance);
  let kept = 0;
  for (let i = 0; i < chance.length; i++) kept += chance[i];
  return { lowest, highest, chance, below: Math.max(0, 1 - kept) };
}

function lastWantedEnd(isWanted: Uint8Array, start: number, lastEnd: number): number {
  let end = lastEnd;
  while (end >= start && !isWanted[end - start + 1]) end--;
  return end;
}

/** Chances of either of two independent events, written into the first: small ones keep all their digits. */
function unite(chances: Float64Array, others: Float64Array, reach = others.length): void {
  for (let i = 0; i < reach; i++) {
    const chance = chances[i];
    chances[i] = chance + others[i] * (1 - chance);
  }
}
