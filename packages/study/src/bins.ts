import type { Assembly, Segment } from "./assembly.js";

/** Bin length and distance of bin starts in bp. FactorNet and ENCODE-DREAM use 200 every 50 (paper, section 2.1). */
export interface BinGrid {
  readonly size: number;
  readonly step: number;
}

/** The bins of one segment: `count` bins, the first starting at `firstStart` (chromosome coordinate). */
export interface SegmentBins {
  readonly segment: Segment;
  readonly segmentIndex: number;
  /** Index of its first bin in {@link BinTable}. */
  readonly firstIndex: number;
  readonly firstStart: number;
  readonly count: number;
}

/**
 * All bins of an assembly, numbered segment by segment. Bin starts are multiples of the step in chromosome
 * coordinates, and bins lie wholly inside their segment. Nothing is stored per bin.
 */
export class BinTable {
  readonly parts: readonly SegmentBins[];
  readonly count: number;
  readonly #partsByChromosome = new Map<string, SegmentBins[]>();

  constructor(
    readonly assembly: Assembly,
    readonly grid: BinGrid,
  ) {
    let firstIndex = 0;
    this.parts = assembly.segments.map((segment, segmentIndex) => {
      const firstStart = Math.ceil(segment.start / grid.step) * grid.step;
      const room = segment.end - firstStart - grid.size;
      const count = room < 0 ? 0 : Math.floor(room / grid.step) + 1;
      const part = { segment, segmentIndex, firstIndex, firstStart, count };
      firstIndex += count;
      return part;
    });
    this.count = firstIndex;
    for (const part of this.parts) {
      const others = this.#partsByChromosome.get(part.segment.chromosome);
      if (others) others.push(part);
      else this.#partsByChromosome.set(part.segment.chromosome, [part]);
    }
  }

  /** The parts on a chromosome; none for an unknown one. */
  partsOf(chromosome: string): readonly SegmentBins[] {
    return this.#partsByChromosome.get(chromosome) ?? [];
  }

  /** The part a bin belongs to (binary search). */
  partOf(bin: number): SegmentBins {
    let low = 0;
    let high = this.parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.parts[middle].firstIndex <= bin) low = middle;
      else high = middle - 1;
    }
    return this.parts[low];
  }

  /** Chromosome coordinate of a bin's first base. */
  startOf(bin: number): number {
    const part = this.partOf(bin);
    return part.firstStart + (bin - part.firstIndex) * this.grid.step;
  }

  /** Bins of a part that overlap [start, end), as a half-open range of bin numbers. */
  overlapping(part: SegmentBins, start: number, end: number): [number, number] {
    const { size, step } = this.grid;
    const first = Math.max(0, Math.floor((start - size - part.firstStart) / step) + 1);
    const last = Math.min(part.count, Math.ceil((end - part.firstStart) / step));
    return [part.firstIndex + first, part.firstIndex + Math.max(first, last)];
  }

  /** Numbers of all bins on the named chromosomes, ascending. */
  onChromosomes(chromosomes: readonly string[]): Uint32Array {
    const parts = this.parts.filter((part) => chromosomes.includes(part.segment.chromosome));
    const bins = new Uint32Array(parts.reduce((sum, part) => sum + part.count, 0));
    let at = 0;
    for (const part of parts) for (let i = 0; i < part.count; i++) bins[at++] = part.firstIndex + i;
    return bins;
  }
}
