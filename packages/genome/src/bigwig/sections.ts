import {
  bedGraphSection,
  fixedStepSection,
  sectionHeaderLength,
  variableStepSection,
  viewOf,
} from "./format.js";

/** A data section ready to be compressed. */
export interface Section {
  readonly bytes: Uint8Array;
  readonly chromosomeId: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Gathers the intervals of one data section and writes it in the smallest of the format's three ways: a fixed
 * step where all spans and all steps are equal (4 bytes a value), a variable step where all spans are equal (8),
 * else bedGraph (12).
 */
export class SectionBuilder {
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #values: Float32Array;
  #chromosomeId = 0;
  #count = 0;

  constructor(itemsPerSection: number) {
    this.#starts = new Uint32Array(itemsPerSection);
    this.#ends = new Uint32Array(itemsPerSection);
    this.#values = new Float32Array(itemsPerSection);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === this.#starts.length;
  }

  /** True where an interval of this chromosome may join the section. */
  fits(chromosomeId: number): boolean {
    return this.#count === 0 || (chromosomeId === this.#chromosomeId && !this.isFull);
  }

  add(chromosomeId: number, start: number, end: number, value: number): void {
    this.#chromosomeId = chromosomeId;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#values[this.#count++] = value;
  }

  /** The section of what was added since the last call. */
  take(): Section {
    const starts = this.#starts;
    const ends = this.#ends;
    const count = this.#count;
    const { kind, step, span } = this.#describe();
    const itemLength = kind === bedGraphSection ? 12 : kind === variableStepSection ? 8 : 4;
    const bytes = new Uint8Array(sectionHeaderLength + count * itemLength);
    const view = viewOf(bytes);
    const start = starts[0];
    const end = ends[count - 1];
    view.setUint32(0, this.#chromosomeId, true);
    view.setUint32(4, start, true);
    view.setUint32(8, end, true);
    view.setUint32(12, step, true);
    view.setUint32(16, span, true);
    view.setUint8(20, kind);
    view.setUint16(22, count, true);
    for (let i = 0; i < count; i++) {
      const at = sectionHeaderLength + i * itemLength;
      if (kind !== fixedStepSection) view.setUint32(at, starts[i], true);
      if (kind === bedGraphSection) view.setUint32(at + 4, ends[i], true);
      view.setFloat32(at + itemLength - 4, this.#values[i], true);
    }
    this.#count = 0;
    return { bytes, chromosomeId: this.#chromosomeId, start, end };
  }

  #describe(): { kind: number; step: number; span: number } {
    const starts = this.#starts;
    const ends = this.#ends;
    const span = ends[0] - starts[0];
    const step = this.#count > 1 ? starts[1] - starts[0] : span;
    let hasStep = true;
    for (let i = 1; i < this.#count; i++) {
      if (ends[i] - starts[i] !== span) return { kind: bedGraphSection, step: 0, span: 0 };
      if (starts[i] - starts[i - 1] !== step) hasStep = false;
    }
    return hasStep ? { kind: fixedStepSection, step, span } : { kind: variableStepSection, step: 0, span };
  }
}
