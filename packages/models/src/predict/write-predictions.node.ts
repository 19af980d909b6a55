import { writeBigWigFile, writeFileAtomically } from "@bindscape/genome";
import type { BinTable } from "@bindscape/study";

/** Scores of some bins, ascending. */
export interface ScoredBins {
  readonly bins: Uint32Array;
  readonly scores: Float32Array;
}

type Parts = Iterable<ScoredBins> | AsyncIterable<ScoredBins>;

/**
 * Writes scores of grid bins as bigWig. Bins overlap, so a bin's value stands on its central `step` bp (50 of
 * 200 as FactorNet has them).
 * @param bins bin numbers, ascending
 */
export async function writePredictionTrack(
  path: string,
  table: BinTable,
  bins: Uint32Array,
  scores: Float32Array,
): Promise<void> {
  await writePredictionTrackInParts(path, table, [{ bins, scores }]);
}

/** As {@link writePredictionTrack}, of parts that follow one another in the order of the assembly. */
export async function writePredictionTrackInParts(
  path: string,
  table: BinTable,
  parts: Parts,
): Promise<void> {
  async function* runs() {
    for await (const { bins, scores } of parts) yield* predictionRuns(table, bins, scores);
  }
  await writeBigWigFile(path, table.assembly.chromosomes, runs());
}

/** Runs of values by chromosome, in the order of the assembly. */
export function* predictionRuns(table: BinTable, bins: Uint32Array, scores: Float32Array) {
  const { size, step } = table.grid;
  // Bins further apart than they are long do not overlap: a value then stands on the whole bin.
  const width = Math.min(size, step);
  const offset = Math.floor((size - width) / 2);
  const order = new Map(table.assembly.chromosomes.map(({ name }, index) => [name, index]));
  const groups = new Map<string, { starts: number[]; ends: number[]; values: number[] }>();
  for (let i = 0; i < bins.length; i++) {
    const part = table.partOf(bins[i]);
    const { chromosome } = part.segment;
    let group = groups.get(chromosome);
    if (!group) {
      group = { starts: [], ends: [], values: [] };
      groups.set(chromosome, group);
    }
    const start = part.firstStart + (bins[i] - part.firstIndex) * step + offset;
    group.starts.push(start);
    group.ends.push(start + width);
    group.values.push(scores[i]);
  }
  for (const [chromosome, group] of [...groups].sort((a, b) => order.get(a[0])! - order.get(b[0])!)) {
    yield { chromosome, ...group };
  }
}

/** Writes scores of grid bins as BED: the whole bin, the score in column 5 as it is, 0 to 1. */
export async function writePredictionBed(
  path: string,
  table: BinTable,
  bins: Uint32Array,
  scores: Float32Array,
  name: string,
): Promise<void> {
  await writePredictionBedInParts(path, table, [{ bins, scores }], name);
}

/** As {@link writePredictionBed}, part after part. */
export async function writePredictionBedInParts(
  path: string,
  table: BinTable,
  parts: Parts,
  name: string,
): Promise<void> {
  await writeFileAtomically(path, async (sink) => {
    const encoder = new TextEncoder();
    let text = "";
    for await (const { bins, scores } of parts) {
      for (let i = 0; i < bins.length; i++) {
        const part = table.partOf(bins[i]);
        const start = part.firstStart + (bins[i] - part.firstIndex) * table.grid.step;
        text += formatBinScore(part.segment.chromosome, start, table.grid.size, name, scores[i]);
        if (text.length > 1 << 20) {
          await sink.write(encoder.encode(text));
          text = "";
        }
      }
    }
    await sink.write(encoder.encode(text));
  });
}

/** The line of BED of a bin. */
export function formatBinScore(
  chromosome: string,
  start: number,
  size: number,
  name: string,
  score: number,
): string {
  return `${chromosome}\t${start}\t${start + size}\t${name}\t${score.toPrecision(6)}\t.\n`;
}
