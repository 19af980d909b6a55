import type { ProgressListener } from "@bindscape/numerics";
import type { SegmentBins, Study, WindowPlan, WindowRequest } from "@bindscape/study";
import { checkFits } from "../evaluate/score-bins.node.js";
import { requestBins } from "../evaluate/select-bins.js";
import type { Network } from "../network/describe-network.js";
import { type PredictOptions, predictWindows, type RowRange } from "../network/network.node.js";

/** Up to this many bases sequence and tracks are held whole, which is faster: nothing is read twice. */
const LARGEST_WHOLE = 1 << 26;

/** Bases of a part: with its tracks at 4 bytes a base far less than the network's own memory. */
const PART_BASES = 1 << 24;

export interface PredictInPartsOptions extends PredictOptions {
  /** Rows of all bins on the chromosomes, to predict these alone, with the numbers that they have in the whole. */
  readonly rows?: RowRange;
  /** Bases of a part; by default the whole of genomes up to 67 Mb, and 17 Mb of larger ones. */
  readonly partBases?: number;
}

/** Consecutive bins and their probabilities, [bins, tasks], row-major. */
export interface PredictedBins {
  readonly bins: Uint32Array;
  readonly scores: Float32Array;
}

/**
 * Predicts along chromosomes, part after part, with memory for one part at a time whatever the size of the genome.
 * Windows see what they see in the whole, so the numbers are those of `predictWindows`. Where a track can only be
 * read whole (bedGraph, fragments), all is one part.
 * @param chromosomes names of the study; parts come in the order of the assembly
 */
export async function* predictInParts(
  network: Network,
  study: Study,
  cell: string,
  chromosomes: readonly string[],
  options: PredictInPartsOptions = {},
): AsyncGenerator<PredictedBins> {
  checkFits(network, study);
  const isSmall = options.partBases === undefined && study.assembly.size <= LARGEST_WHOLE;
  const reader = isSmall ? null : await study.openCell(cell);
  if (reader === null) {
    const bins = study.bins.onChromosomes(chromosomes);
    const source = await study.loadCell(cell);
    const scores = await predictWindows(network, source, requestBins(study, bins), options);
    yield { bins: options.rows ? bins.subarray(options.rows.from, options.rows.to) : bins, scores };
    return;
  }
  const { plan } = network.file;
  const reach = reachOf(plan);
  const { size, step } = study.bins.grid;
  const binsAPart = Math.max(1, Math.floor((options.partBases ?? PART_BASES) / step));
  const segments = study.bins.parts.filter(({ segment }) => chromosomes.includes(segment.chromosome));
  const { from, to } = options.rows ?? { from: 0, to: segments.reduce((sum, { count }) => sum + count, 0) };
  let done = 0;
  /** Row of the part's first bin. */
  let row = 0;
  try {
    for (const part of segments) {
      for (let first = 0; first < part.count; first += binsAPart) {
        const count = Math.min(binsAPart, part.count - first);
        const rows = { from: Math.max(from - row, 0), to: Math.min(to - row, count) };
        row += count;
        if (rows.from >= rows.to) continue;
        const start = part.firstStart + first * step;
        const end = start + (count - 1) * step + size;
        const { segment, segmentIndex } = part;
        const source = await reader.read(
          segmentIndex,
          Math.max(segment.start, start - reach),
          Math.min(segment.end, end + reach),
        );
        const { bins, request } = listBins(part, first, count, step);
        const onProgress = shiftProgress(options.onProgress, done, to - from);
        const partOptions = { ...options, onProgress, rows: options.rows && rows };
        const scores = await predictWindows(network, source, request, partOptions);
        yield { bins: bins.subarray(rows.from, rows.to), scores };
        done += rows.to - rows.from;
      }
    }
  } finally {
    await reader.close();
  }
}

/**
 * Predicts windows anywhere, in any order, with memory for one part of the genome at a time where it is large.
 * @returns [windows, tasks], row-major, in the order of the request
 */
export async function predictRequestInParts(
  network: Network,
  study: Study,
  cell: string,
  request: WindowRequest,
  options: Omit<PredictInPartsOptions, "rows"> = {},
): Promise<Float32Array> {
  const isSmall = options.partBases === undefined && study.assembly.size <= LARGEST_WHOLE;
  const reader = isSmall ? null : await study.openCell(cell);
  if (reader === null) return predictWindows(network, await study.loadCell(cell), request, options);
  const { file } = network;
  const reach = reachOf(file.plan);
  const { segmentIndices, binStarts } = request;
  const order = Uint32Array.from(binStarts, (_, row) => row).sort(
    (a, b) => segmentIndices[a] - segmentIndices[b] || binStarts[a] - binStarts[b],
  );
  const scores = new Float32Array(order.length * file.tasks.length);
  try {
    for (let from = 0; from < order.length; ) {
      const segmentIndex = segmentIndices[order[from]];
      const start = binStarts[order[from]];
      const limit = start + (options.partBases ?? PART_BASES);
      let to = from + 1;
      while (
        to < order.length &&
        segmentIndices[order[to]] === segmentIndex &&
        binStarts[order[to]] < limit
      ) {
        to++;
      }
      const rows = order.subarray(from, to);
      const segment = study.assembly.segments[segmentIndex];
      const end = binStarts[rows[rows.length - 1]] + file.plan.binSize;
      const source = await reader.read(
        segmentIndex,
        Math.max(segment.start, start - reach),
        Math.min(segment.end, end + reach),
      );
      const part: WindowRequest = {
        segmentIndices: new Uint32Array(rows.length).fill(segmentIndex),
        binStarts: Int32Array.from(rows, (row) => binStarts[row]),
      };
      const onProgress = shiftProgress(options.onProgress, from, order.length);
      const values = await predictWindows(network, source, part, { ...options, onProgress });
      rows.forEach((row, i) => {
        for (let task = 0; task < file.tasks.length; task++) {
          scores[row * file.tasks.length + task] = values[i * file.tasks.length + task];
        }
      });
      from = to;
    }
  } finally {
    await reader.close();
  }
  return scores;
}

/** How far from its bin a window or a feature looks, in bp, at most. */
function reachOf({ windowLength, features }: WindowPlan): number {
  const widths = features.map((feature) =>
    feature.kind === "signal" ? feature.width : feature.kind === "motif" ? feature.length : 0,
  );
  return Math.max(windowLength, ...widths);
}

function listBins(
  part: SegmentBins,
  first: number,
  count: number,
  step: number,
): { bins: Uint32Array; request: WindowRequest } {
  const bins = new Uint32Array(count);
  const binStarts = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    bins[i] = part.firstIndex + first + i;
    binStarts[i] = part.firstStart + (first + i) * step;
  }
  return { bins, request: { binStarts, segmentIndices: new Uint32Array(count).fill(part.segmentIndex) } };
}

function shiftProgress(
  listener: ProgressListener | undefined,
  before: number,
  total: number,
): ProgressListener | undefined {
  return listener && ((progress) => listener({ ...progress, done: before + progress.done, total }));
}
