import type { ByteSink } from "../byte-sink.js";
import type { Interval } from "../intervals/interval.js";
import { checkColumn, checkPlace, writeLines } from "../text/write-fields.js";
import type { DreamLabel } from "./read.js";

/** Writes an ENCODE-DREAM label file: a header with the names of the cells, then a line a bin, in the order given. */
export async function writeDreamLabels(
  sink: ByteSink,
  cells: readonly string[],
  bins: Iterable<Interval & { readonly labels: readonly DreamLabel[] }>,
): Promise<void> {
  await sink.write(`chr\tstart\tstop\t${cells.map((cell) => checkColumn(cell, "cell")).join("\t")}\n`);
  await writeLines(sink, bins, (bin) => {
    checkPlace(bin);
    return `${checkColumn(bin.chromosome, "chromosome")}\t${bin.start}\t${bin.end}\t${bin.labels.join("\t")}`;
  });
}
