import type { KernelRows } from "@bindscape/numerics";

/** Rows of a kernel that are found when they are first asked for, and kept as long as they fit in memory. */
export class CachedRows implements KernelRows {
  readonly count: number;
  readonly diagonal: Float64Array;
  readonly #fill: (item: number, into: Float32Array) => void;
  /** From the least to the most recently used, as a Map keeps its order. */
  readonly #rows = new Map<number, Float32Array>();
  readonly #mostRows: number;
  #computed = 0;

  /**
   * @param fill writes the kernel of one item with all
   * @param mostBytes memory for rows of 4 bytes a number; two rows are always kept
   * @param diagonal kernel of each item with itself; 1 where left out
   */
  constructor(
    count: number,
    fill: (item: number, into: Float32Array) => void,
    mostBytes: number,
    diagonal?: Float64Array,
  ) {
    this.count = count;
    this.diagonal = diagonal ?? new Float64Array(count).fill(1);
    this.#fill = fill;
    this.#mostRows = Math.max(2, Math.floor(mostBytes / (4 * count)));
  }

  /** Rows computed so far, those computed again included. */
  get computed(): number {
    return this.#computed;
  }

  row(item: number): Float32Array {
    const kept = this.#rows.get(item);
    if (kept !== undefined) {
      this.#rows.delete(item);
      this.#rows.set(item, kept);
      return kept;
    }
    let into: Float32Array | undefined;
    if (this.#rows.size >= this.#mostRows) {
      const [oldest] = this.#rows.keys();
      into = this.#rows.get(oldest);
      this.#rows.delete(oldest);
    }
    into ??= new Float32Array(this.count);
    this.#fill(item, into);
    this.#computed++;
    this.#rows.set(item, into);
    return into;
  }
}
