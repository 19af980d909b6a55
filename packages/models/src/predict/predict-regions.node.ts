import { openFile, readBed } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { ChromosomeNames, type Study, type WindowRequest } from "@bindscape/study";
import { type Network, type PredictOptions, predictWindows } from "../network/network.node.js";

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
  const source = await openFile(bedFile);
  const records = await readBed(source).finally(() => source.close());
  if (records.length === 0) {
    throw new BindscapeError({ source: bedFile, found: "no regions", expected: "at least one line of BED" });
  }
  const { assembly } = study;
  const names = ChromosomeNames.match([...new Set(records.map((r) => r.chromosome))], assembly, bedFile);
  const request: WindowRequest = {
    segmentIndices: new Uint32Array(records.length),
    binStarts: new Int32Array(records.length),
  };
  records.forEach((record, i) => {
    const chromosome = names.inAssembly(record.chromosome);
    const segment =
      chromosome === undefined ? undefined : assembly.findSegment(chromosome, record.start, record.end);
    if (!segment) {
      throw new BindscapeError({
        source: bedFile,
        line: record.line,
        found: `the region ${record.chromosome}:${record.start}-${record.end}`,
        expected: `a region inside the sequence of ${assembly.name} that the study has`,
        next: "Check that the file is of the study's assembly",
      });
    }
    request.segmentIndices[i] = assembly.segments.indexOf(segment);
    request.binStarts[i] =
      Math.floor((record.start + record.end) / 2) - Math.floor(network.file.plan.binSize / 2);
  });
  const scores = await predictWindows(network, await study.loadCell(cell), request, options);
  return { regions: records.map(({ chromosome, start, end }) => ({ chromosome, start, end })), scores };
}
