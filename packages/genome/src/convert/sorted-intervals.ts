import { sortOrder } from "@bindscape/numerics";
import { GrowingArray } from "../bigwig/growing-array.js";
import type { BigWigRun } from "../bigwig/write.js";
import { describeOverlap } from "./overlap.js";
import { RunBuilder } from "./track.js";

interface Columns {
  readonly starts: GrowingArray<Uint32Array>;
  readonly ends: GrowingArray<Uint32Array>;
  readonly values: GrowingArray<Float32Array>;
  readonly lines: GrowingArray<Uint32Array>;
}

/** Intervals gathered in any order and handed out sorted. */
export class SortedIntervals {
  readonly #byChromosome = new Map<string, Columns>();

  add(chromosome: string, start: number, end: number, value: number, line: number): void {
    let columns = this.#byChromosome.get(chromosome);
    if (columns === undefined) {
      columns = {
        starts: new GrowingArray(Uint32Array),
        ends: new GrowingArray(Uint32Array),
        values: new GrowingArray(Float32Array),
        lines: new GrowingArray(Uint32Array),
      };
      this.#byChromosome.set(chromosome, columns);
    }
    columns.starts.push(start);
    columns.ends.push(end);
    columns.values.push(value);
    columns.lines.push(line);
  }

  /**
   * The intervals by start, chromosomes in the order given; each chromosome's memory is let go behind it.
   * @throws BindscapeError with the line for intervals that overlap
   */
  *runs(order: readonly string[], source: string): Generator<BigWigRun> {
    const builder = new RunBuilder();
    for (const chromosome of order) {
      const columns = this.#byChromosome.get(chromosome);
      if (columns === undefined) continue;
      const { starts, ends, values, lines } = columns;
      const ranks = sortOrder(starts.toArray(), "starts");
      for (let i = 0; i < ranks.length; i++) {
        const at = ranks[i];
        const before = i === 0 ? at : ranks[i - 1];
        const start = starts.at(at);
        if (i > 0 && start < ends.at(before)) {
          // The one further down in the file is named first: it is the one to be looked at.
          const [later, earlier] = lines.at(at) > lines.at(before) ? [at, before] : [before, at];
          const record = (k: number) => ({
            chromosome,
            start: starts.at(k),
            end: ends.at(k),
            line: lines.at(k),
          });
          throw describeOverlap(source, record(later), record(earlier));
        }
        const run = builder.add(chromosome, start, ends.at(at), values.at(at));
        if (run !== undefined) yield run;
      }
      this.#byChromosome.delete(chromosome);
    }
    const last = builder.take();
    if (last !== undefined) yield last;
  }
}
