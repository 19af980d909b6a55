import {
  type BedRecord,
  type ByteSink,
  formatDreamProbability,
  IntervalIndex,
  openFile,
  readBedRecords,
  writeFileAtomically,
  writeGzip,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { ChromosomeNames, type Study, type WindowRequest } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import { type PredictOptions, predictWindows } from "../network/network.node.js";

/** Regions that are predicted and written at a time: enough to make little of starting a network anew. */
const REGIONS_AT_A_TIME = 1 << 18;

export interface DreamSubmission {
  readonly network: Network;
  readonly study: Study;
  readonly cell: string;
  /** Column of the network's outputs. */
  readonly task: number;
  /** BED file of regions of the study's bin size, such as `ladder_regions.blacklistfiltered.bed.gz`. */
  readonly regions: string;
  /** File to write, gzip where its name ends in .gz. */
  readonly out: string;
}

/**
 * Writes a submission to the ENCODE-DREAM challenge: the three columns of every region as they are in the file, in
 * its order, and the probability as `%.3e`. Regions in the study's blacklist get 0, as FactorNet's own predictions
 * do. The file of regions is read twice, first to check it all: memory does not grow with it.
 * @throws BindscapeError naming the line of a region of another length, or not in the study's genome
 */
export async function writeDreamSubmission(
  submission: DreamSubmission,
  options: PredictOptions = {},
): Promise<{ regions: number; blacklisted: number }> {
  const { network, study, cell, task, out } = submission;
  const tasks = network.file.tasks.length;
  const blacklist = new IntervalIndex(study.holdOuts.blacklist);
  let total = 0;
  let blacklisted = 0;
  for await (const _ of readRegions(submission)) total++;
  if (total === 0) {
    throw new BindscapeError({
      source: submission.regions,
      found: "no regions",
      expected: "at least one line of BED",
    });
  }
  const source = await study.loadCell(cell);
  const write = async (sink: ByteSink) => {
    let done = 0;
    let chunk: PlacedRegion[] = [];
    const predictChunk = async () => {
      const request: WindowRequest = {
        segmentIndices: Uint32Array.from(chunk, ({ segmentIndex }) => segmentIndex),
        binStarts: Int32Array.from(chunk, ({ start }) => start),
      };
      const scores = await predictWindows(network, source, request, {
        ...options,
        onProgress: (progress) => options.onProgress?.({ ...progress, done: done + progress.done, total }),
      });
      let text = "";
      chunk.forEach(({ columns, chromosome, start }, row) => {
        const isBlacklisted = blacklist.overlaps(chromosome, start, start + study.bins.grid.size);
        if (isBlacklisted) blacklisted++;
        text += `${columns}\t${formatDreamProbability(isBlacklisted ? 0 : scores[row * tasks + task])}\n`;
      });
      await sink.write(text);
      done += chunk.length;
      chunk = [];
    };
    for await (const region of readRegions(submission)) {
      chunk.push(region);
      if (chunk.length === REGIONS_AT_A_TIME) await predictChunk();
    }
    if (chunk.length > 0) await predictChunk();
  };
  await writeFileAtomically(out, /\.gz$/i.test(out) ? (sink) => writeGzip(sink, write) : write);
  return { regions: total, blacklisted };
}

interface PlacedRegion {
  /** The three columns as they are in the file. */
  readonly columns: string;
  /** By the study's name. */
  readonly chromosome: string;
  readonly start: number;
  readonly segmentIndex: number;
}

async function* readRegions({ network, study, regions }: DreamSubmission): AsyncGenerator<PlacedRegion> {
  const { assembly } = study;
  const { binSize } = network.file.plan;
  const segmentIndices = new Map(assembly.segments.map((segment, index) => [segment, index]));
  const source = await openFile(regions);
  try {
    const names = new ChromosomeNames(assembly, regions);
    for await (const record of readBedRecords(source)) {
      const { start, end, line, fields } = record;
      if (end - start !== binSize) {
        throw new BindscapeError({
          source: regions,
          line,
          found: `the region ${writeRegion(record)} of ${end - start} bp`,
          expected: `${binSize} bp, the bin the model was trained on`,
          next: "Use --regions for regions of any length",
        });
      }
      const chromosome = names.inAssembly(record.chromosome);
      const segment = chromosome === undefined ? undefined : assembly.findSegment(chromosome, start, end);
      if (segment === undefined) {
        throw new BindscapeError({
          source: regions,
          line,
          found: `the region ${writeRegion(record)}`,
          expected: `a region inside the sequence of ${assembly.name} that the study has`,
          next: "Check that the file is of the study's assembly: the challenge has hg19",
        });
      }
      const columns = `${fields[0]}\t${fields[1]}\t${fields[2]}`;
      yield { columns, chromosome: chromosome!, start, segmentIndex: segmentIndices.get(segment)! };
    }
  } finally {
    await source.close();
  }
}

function writeRegion({ chromosome, start, end }: BedRecord): string {
  return `${chromosome}:${start}-${end}`;
}
