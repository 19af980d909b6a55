import { type BedRecord, openFile, readBed } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { ChromosomeNames, type Segment, type Study, type WindowRequest } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import type { PredictOptions } from "../network/network.node.js";
import { predictRequestInParts } from "./predict-in-parts.node.js";

/** A region of a file, and where the study's genome holds it. */
export interface PlacedRegion {
  readonly record: BedRecord;
  readonly segment: Segment;
}

/**
 * Reads the regions of a BED file onto a study's genome, in the order of the file.
 * @throws BindscapeError naming the line of a region the study's genome does not hold
 */
export async function readRegions(study: Study, bedFile: string): Promise<PlacedRegion[]> {
  const source = await openFile(bedFile);
  const records = await readBed(source).finally(() => source.close());
  if (records.length === 0) {
    throw new BindscapeError({ source: bedFile, found: "no regions", expected: "at least one line of BED" });
  }
  const { assembly } = study;
  const names = ChromosomeNames.match([...new Set(records.map((r) => r.chromosome))], assembly, bedFile);
  return records.map((record) => {
    const chromosome = names.inAssembly(record.chromosome);
    const segment =
      chromosome === undefined ? undefined : assembly.findSegment(chromosome, record.start, record.end);
    if (segment) return { record, segment };
    throw new BindscapeError({
      source: bedFile,
      line: record.line,
      found: `the region ${record.chromosome}:${record.start}-${record.end}`,
      expected: `a region inside the sequence of ${assembly.name} that the study has`,
      next: "Check that the file is of the study's assembly",
    });
  });
}

/**
 * Scores of the regions of a BED file: one window centred on each, in the order of the file.
 * @returns [regions, tasks], row-major, with the regions as read
 * @throws BindscapeError naming the line of a region the study's genome does not hold
 */
export async function predictRegions(
  network: Network,
  study: Study,
  cell: string,
  bedFile: string,
  options: PredictOptions = {},
): Promise<{ regions: { chromosome: string; start: number; end: number }[]; scores: Float32Array }> {
  const regions = await readRegions(study, bedFile);
  const { segments } = study.assembly;
  const request: WindowRequest = {
    segmentIndices: Uint32Array.from(regions, ({ segment }) => segments.indexOf(segment)),
    binStarts: Int32Array.from(
      regions,
      ({ record }) => Math.floor((record.start + record.end) / 2) - Math.floor(network.file.plan.binSize / 2),
    ),
  };
  const scores = await predictRequestInParts(network, study, cell, request, options);
  return {
    regions: regions.map(({ record: { chromosome, start, end } }) => ({ chromosome, start, end })),
    scores,
  };
}
