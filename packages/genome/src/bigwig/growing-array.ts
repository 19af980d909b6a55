type Numbers = Float64Array | Float32Array | Uint32Array;

/** A typed array that grows as numbers are pushed. */
export class GrowingArray<T extends Numbers> {
  #items: T;
  #length = 0;
  readonly #make: new (
    length: number,
  ) => T;

  constructor(make: new (length: number) => T, room = 64) {
    this.#make = make;
    this.#items = new make(room);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) this.#grow(this.#length + 1);
    this.#items[this.#length++] = value;
  }

  pushAll(values: ArrayLike<number>): void {
    const length = this.#length + values.length;
    if (length > this.#items.length) this.#grow(length);
    this.#items.set(values, this.#length);
    this.#length = length;
  }

  at(index: number): number {
    return this.#items[index];
  }

  set(index: number, value: number): void {
    this.#items[index] = value;
  }

  /** A copy of just what was pushed. */
  toArray(): T {
    return this.#items.slice(0, this.#length) as T;
  }

  #grow(needed: number): void {
    const grown = new this.#make(Math.max(needed, this.#items.length * 2));
    grown.set(this.#items);
    this.#items = grown;
  }
}
