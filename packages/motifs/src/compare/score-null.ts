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

  /**
   * @param counts how often each score from `-offset` on occurs, a row a query column
   * @param offset score of -index 0
   * @param minimumOverlap fewest columns of an alignment, where both motifs have as many
   * @param lowest the least score that will be asked for
   */
  constructor(counts: readonly Float64Array[], offset: number, minimumOverlap: number, lowest: number) {
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
   * @param widths widths of targets
   */
  bestOfOffsets(widths: readonly number[]): Map<number, Float64Array> {
    const length = this.#columns.length;
    const wanted = [...new Set(widths)].sort((a, b) => a - b);
    const narrow = wanted.filter((width) => width < length);
    const inner = new Map(narrow.map((width) => [width, this.#emptyTable()]));
    /** ends[n]: any span of n columns at either end of the query. */
    const ends: Float64Array[] = Array.from({ length: length + 1 }, () => this.#emptyTable());
    this.#forEachSpan(narrow, (start, end, chances) => {
      const columns = end - start + 1;
      const isPrefix = start === 0;
      const isSuffix = end === length - 1;
      if (isPrefix || isSuffix) unite(ends[columns], chances);
      if (!isPrefix && !isSuffix) unite(inner.get(columns)!, chances);
    });
    const tables = new Map<number, Float64Array>();
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
        const table = overhanging.slice();
        unite(table, ends[width]);
        unite(table, inner.get(width)!);
        tables.set(width, table);
        continue;
      }
      for (reached = Math.max(reached, least - 1); reached < length - 1; reached++) {
        unite(overhanging, ends[reached + 1]);
      }
      if (extraFull === 0) atFull = overhanging.slice();
      for (; extraFull < width - length + 1; extraFull++) unite(atFull, ends[length]);
      tables.set(width, atFull.slice());
    }
    return tables;
  }

  /** For each span of query columns, [start][end]: the chance that it scores s or more, at index s - lowest. */
  ofSpans(): Float64Array[][] {
    const length = this.#columns.length;
    const spans: Float64Array[][] = Array.from({ length }, () => []);
    const all = Array.from({ length }, (_, i) => i + 1);
    this.#forEachSpan(all, (start, end, chances) => {
      spans[start][end] = chances.slice();
    });
    return spans;
  }

  #emptyTable(): Float64Array {
    return new Float64Array(this.#highest - this.#lowest + 1);
  }

  /**
   * Spans at either end of the query, and those of the given widths within.
   * @param visit gets the chances at every score asked for; the array is used again
   */
  #forEachSpan(
    widths: readonly number[],
    visit: (start: number, end: number, chances: Float64Array) => void,
  ): void {
    const columns = this.#columns;
    const length = columns.length;
    const chances = this.#emptyTable();
    const isWanted = new Uint8Array(length + 1);
    for (const width of widths) if (width <= length) isWanted[width] = 1;
    const widest = Math.max(0, ...widths.filter((width) => width < length));
    // From the last column leftwards: all spans that end the query but the whole.
    for (let start = length - 1, span: ColumnScores | undefined; start > 0; start--) {
      span = span === undefined ? columns[start] : convolve(columns[start], span, this.#need(0, start));
      this.#addUp(span, chances);
      visit(start, length - 1, chances);
    }
    for (let start = 0; start < length; start++) {
      const lastEnd = start === 0 ? length - 1 : Math.min(length - 2, start + widest - 1);
      const lastWanted = start === 0 ? lastEnd : lastWantedEnd(isWanted, start, lastEnd);
      let span = columns[start];
      for (let end = start; end <= lastWanted; end++) {
        if (end > start) span = convolve(span, columns[end], this.#need(end + 1, lastWanted + 1));
        if (start > 0 && !isWanted[end - start + 1]) continue;
        this.#addUp(span, chances);
        visit(start, end, chances);
      }
    }
  }

  /** The least score of a span that can still reach the lowest one asked for, by the columns that are to come. */
  #need(from: number, to: number): number {
    let need = this.#lowest;
    for (let i = from; i < to; i++) need -= Math.max(0, this.#columns[i].highest);
    return need;
  }

  #addUp(span: ColumnScores, chances: Float64Array): void {
    const { lowest, chance, below } = span;
    let sum = 0;
    let index = chances.length - 1;
    for (let score = this.#highest; score > lowest + chance.length - 1 && index >= 0; score--, index--) {
      chances[index] = 0;
    }
    for (let at = index + this.#lowest - lowest; at >= 0 && index >= 0; at--, index--) {
      sum += chance[at];
      chances[index] = sum;
    }
    // Whatever lies under the lowest score kept belongs to all scores under it.
    for (; index >= 0; index--) chances[index] = sum + below;
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

/** Sums of two independent scores, those under `need` left out. */
function convolve(a: ColumnScores, b: ColumnScores, need: number): ColumnScores {
  const highest = a.highest + b.highest;
  const lowest = Math.min(highest, Math.max(a.lowest + b.lowest, need));
  const chance = new Float64Array(highest - lowest + 1);
  const [long, short] = a.chance.length >= b.chance.length ? [a, b] : [b, a];
  const from = long.lowest + short.lowest - lowest;
  for (let i = 0; i < short.chance.length; i++) {
    const weight = short.chance[i];
    if (weight === 0) continue;
    const shift = from + i;
    const values = long.chance;
    for (let j = Math.max(0, -shift); j < values.length; j++) chance[shift + j] += weight * values[j];
  }
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
function unite(chances: Float64Array, others: Float64Array): void {
  for (let i = 0; i < chances.length; i++) chances[i] += others[i] * (1 - chances[i]);
}
