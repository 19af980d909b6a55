import {
  type ByteSource,
  type DreamLabel,
  type DreamLabelRecord,
  type Interval,
  readDreamLabels,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { BinTable, SegmentBins } from "./bins.js";
import { ChromosomeNames } from "./chromosome-names.js";
import { guessBuild, recogniseBuild } from "./known-builds.js";
import { AMBIGUOUS, BOUND, UNBOUND, UNLABELLED } from "./labels.js";

const LABELS: Readonly<Record<DreamLabel, number>> = { B: BOUND, U: UNBOUND, A: AMBIGUOUS };

/**
 * Reads an ENCODE-DREAM label file straight onto a study's bins, for several cells in one pass. Bins the file does
 * not have are UNLABELLED; bins on chromosomes (or pieces) the study does not use are passed over.
 * @returns one array a cell in the order asked for, with one of BOUND, UNBOUND, AMBIGUOUS and UNLABELLED a bin
 * @throws BindscapeError with the line of a bin that is not on the study's grid, is there twice, or ends beyond its
 *   chromosome, which names the build the file is likely of
 */
export async function readBinLabels(
  source: ByteSource,
  cells: readonly string[],
  bins: BinTable,
): Promise<{ labels: Int8Array[]; warnings: string[] }> {
  const { size, step } = bins.grid;
  const { assembly } = bins;
  const names = new ChromosomeNames(assembly, source.name);
  const labels = cells.map(() => new Int8Array(bins.count).fill(UNLABELLED));
  let labelled = 0;
  const place = (record: DreamLabelRecord) => {
    const { start, end, line } = record;
    if (end - start !== size || start % step !== 0) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `the bin ${record.chromosome}:${start}-${end}`,
        expected: `a bin of ${size} bp that starts at a multiple of ${step}, as the study's bins do`,
        next: "Set `bins` in the study file to the label file's (ENCODE-DREAM has 200 bp every 50)",
      });
    }
    const chromosome = names.inAssembly(record.chromosome);
    if (chromosome === undefined) return;
    const parts = bins.partsOf(chromosome);
    if (assembly.isWhole && end > parts[0].segment.end) {
      throw beyondChromosome(source.name, line, chromosome, end, bins);
    }
    const part = parts.find(({ segment }) => start >= segment.start && end <= segment.end);
    if (part === undefined) return;
    const bin = part.firstIndex + (start - part.firstStart) / step;
    for (let c = 0; c < labels.length; c++) {
      if (labels[c][bin] !== UNLABELLED) {
        throw new BindscapeError({
          source: source.name,
          line,
          found: `a second line for the bin ${record.chromosome}:${start}-${end}`,
          expected: "every bin once",
        });
      }
      labels[c][bin] = LABELS[record.labels[c]];
    }
    labelled++;
  };
  for await (const records of readDreamLabels(source, cells)) for (const record of records) place(record);
  const warnings = names.finish();
  if (labelled > 0) return { labels, warnings };
  throw new BindscapeError({
    source: source.name,
    found: "no bin in the study's sequence",
    expected: "labels of at least one bin",
    next: "Check that the file is of the study's assembly",
  });
}

function beyondChromosome(
  source: string,
  line: number,
  chromosome: string,
  end: number,
  { assembly }: BinTable,
): BindscapeError {
  const size = assembly.chromosomes.find(({ name }) => name === chromosome)!.size;
  const ours = recogniseBuild(assembly.chromosomes);
  const theirs = guessBuild(chromosome, end);
  const likely = theirs === undefined ? "another build" : `${theirs}, as chromosome lengths are there`;
  return new BindscapeError({
    source,
    line,
    found: `bins beyond the end of ${chromosome} (${end}): the file is likely of ${likely}`,
    expected: `at most ${size}, the length in ${ours ?? assembly.name}`,
    next: "Use labels and genome of one build; the ENCODE-DREAM challenge has hg19",
  });
}

/**
 * Stretches that stand in for the peaks behind labels: runs of bins with one of some labels, without what a bin
 * that is only just labelled has beyond its peak. Peaks are found back to within one step.
 * @param overhang bp by which the first and the last bin of a run may stand out
 */
export function findLabelledStretches(
  bins: BinTable,
  labels: Int8Array,
  wanted: readonly number[],
  overhang: number,
): Interval[] {
  const stretches: Interval[] = [];
  for (const part of bins.parts) {
    let first = -1;
    for (let i = 0; i <= part.count; i++) {
      const isIn = i < part.count && wanted.includes(labels[part.firstIndex + i]);
      if (isIn && first < 0) first = i;
      if (isIn || first < 0) continue;
      stretches.push(trimStretch(bins, part, first, i - 1, overhang));
      first = -1;
    }
  }
  return stretches;
}

function trimStretch(
  { grid }: BinTable,
  { segment, firstStart }: SegmentBins,
  first: number,
  last: number,
  overhang: number,
): Interval {
  const start = firstStart + first * grid.step;
  const end = firstStart + last * grid.step + grid.size;
  const middle = Math.floor((start + end) / 2);
  return {
    chromosome: segment.chromosome,
    start: Math.min(start + overhang, middle),
    end: Math.max(end - overhang, middle + 1),
  };
}
