import type { Interval } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import { type Network, type PredictOptions, predictWindows, splitRequest } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import {
  BatchPipeline,
  type Segment,
  type Study,
  type WindowPlan,
  type WindowRequest,
  type WindowSource,
  withSourceReader,
} from "@bindscape/study";
import { explainNetwork } from "../explained-model.js";
import { GradientReader } from "../input-gradients.js";

/** Regions may have so many bases together: their gradients are held in memory. */
const MOST_BASES = 5_000_000;

/** Gradients of a network's output along a region. */
export interface Saliency {
  readonly region: Interval;
  /** Windows the region was seen in. */
  readonly windows: number;
  /** Largest probability of these windows. */
  readonly probability: number;
  /** Base codes 0-4. */
  readonly codes: Uint8Array;
  /** Length x 4: of the output with respect to A, C, G, T at each base. */
  readonly gradient: Float32Array;
  /** The gradient at the base that is there; 0 for N. */
  readonly gradientTimesInput: Float32Array;
  /** Tracks the network sees, as measured, and the gradient with respect to what the network is shown of them. */
  readonly tracks: readonly {
    readonly name: string;
    readonly unit: string;
    readonly signal: Float32Array;
    readonly gradient: Float32Array;
  }[];
}

/**
 * Saliency of regions (FactorNet, section 3.2 and Figure 3D): the gradient of the predicted probability with
 * respect to the input sequence, through both strands.
 *
 * A region that a window holds is seen in one window centred on it. A longer one is tiled by bins end to end, and
 * each base has the mean over all windows that hold it.
 *
 * @param task index of the output
 * @returns one entry a region, in order
 * @throws BindscapeError for regions outside the study's sequence, too many bases, or a network without sequence
 */
export async function findSaliency(
  network: Network,
  study: Study,
  cell: string,
  regions: readonly Interval[],
  task: number,
  options: PredictOptions = {},
): Promise<Saliency[]> {
  const { plan, tasks } = network.file;
  if (plan.sequence === false) {
    throw new BindscapeError({
      found: `a network that sees ${plan.tracks.join(", ")} without the sequence`,
      expected: "one that sees the sequence: saliency is about bases",
      next: "`bindscape interpret kernels` shows what such a network looks for",
    });
  }
  const bases = regions.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bases > MOST_BASES) {
    throw new BindscapeError({
      found: `regions of ${bases} bases together`,
      expected: `at most ${MOST_BASES}`,
      next: "Look at fewer regions at a time",
    });
  }
  const segments = regions.map((region) => findSegmentOf(study, region));
  const source = await study.loadCell(cell);
  const starts = regions.map((region, i) => placeBins(region, segments[i], plan));
  const owners = starts.flatMap((list, region) => list.map(() => region));
  const request = {
    segmentIndices: Uint32Array.from(owners, (region) => study.assembly.segments.indexOf(segments[region])),
    binStarts: Int32Array.from(starts.flat()),
  };
  const probabilities = await predictWindows(network, source, request, options);
  const channels = 4 + plan.tracks.length;
  const length = plan.windowLength;
  const margin = Math.floor((length - plan.binSize) / 2);
  const sums = regions.map(({ start, end }) => new Float64Array((end - start) * channels));
  const counts = regions.map(({ start, end }) => new Uint32Array(end - start));
  await forEachInputGradient(
    network,
    source,
    request,
    task,
    { ...options, task: "reading gradients" },
    (gradients, first, count) => {
      for (let row = 0; row < count; row++) {
        const region = owners[first + row];
        const { start, end } = regions[region];
        const windowStart = request.binStarts[first + row] - margin;
        const to = Math.min(end, windowStart + length);
        for (let at = Math.max(start, windowStart); at < to; at++) {
          counts[region][at - start]++;
          for (let channel = 0; channel < channels; channel++) {
            sums[region][(at - start) * channels + channel] +=
              gradients[(row * channels + channel) * length + at - windowStart];
          }
        }
      }
    },
  );
  const largest = new Float32Array(regions.length);
  owners.forEach((region, row) => {
    largest[region] = Math.max(largest[region], probabilities[row * tasks.length + task]);
  });
  const parts = regions.map(({ start, end }, i) => ({
    segmentIndex: study.assembly.segments.indexOf(segments[i]),
    start,
    end,
  }));
  const seen = await withSourceReader(source, (reader) => reader.readRegions(parts));
  return regions.map((region, i) => {
    const mean = sums[i].map((sum, at) => sum / counts[i][Math.floor(at / channels)]);
    return {
      region,
      windows: starts[i].length,
      probability: largest[i],
      ...describeRegion(seen, seen.segments[i], plan, mean),
    };
  });
}

/**
 * Gradients of one task's probability with respect to windows, batch by batch. The arrays handed over are only valid
 * during the call.
 * @param visit gradients [count, channels, windowLength], row-major; channels A, C, G, T, then tracks
 */
async function forEachInputGradient(
  network: Network,
  source: WindowSource,
  request: WindowRequest,
  task: number,
  options: PredictOptions,
  visit: (gradients: Float32Array, first: number, count: number) => void,
): Promise<void> {
  const model = explainNetwork(network);
  const { threads, signal, onProgress } = options;
  const runtime = nodeRuntime(options.device);
  const reader = await GradientReader.create(
    model,
    { runtime, task, of: "probability", threads },
    { windows: true },
  );
  const pipeline = new BatchPipeline(source, network.file.plan, { batchSize: reader.batchSize });
  try {
    const total = request.binStarts.length;
    let done = 0;
    for await (const batch of pipeline.run(splitRequest(request, reader.batchSize))) {
      signal?.throwIfAborted();
      const { windows, features, count } = batch;
      const found = await reader.read({ windows, ...(model.features > 0 && { features }) }, count);
      visit(found.windows, done, count);
      batch.release();
      done += count;
      onProgress?.({ task: options.task ?? "gradients", done, total, unit: "windows" });
    }
  } finally {
    await pipeline.close();
    await reader.release();
  }
}

function findSegmentOf(study: Study, { chromosome, start, end }: Interval): Segment {
  const segment = study.assembly.findSegment(chromosome, start, end);
  if (segment && start < end) return segment;
  throw new BindscapeError({
    source: study.source,
    found: `the region ${chromosome}:${start}-${end}`,
    expected: `a region inside the sequence of ${study.assembly.name} that the study has`,
    next: study.assembly.hasChromosome(chromosome)
      ? "Check where the chromosome ends"
      : `Name one of ${study.assembly.chromosomes.map(({ name }) => name).join(", ")}`,
  });
}

/** Bins whose windows show a region: one in its middle, or as many as tile it end to end. */
function placeBins(
  { start, end }: Interval,
  segment: Segment,
  { windowLength, binSize }: WindowPlan,
): number[] {
  const middle = Math.floor((start + end) / 2) - Math.floor(binSize / 2);
  const windowStart = middle - Math.floor((windowLength - binSize) / 2);
  if (windowStart <= start && end <= windowStart + windowLength) return [middle];
  const bins: number[] = [];
  for (let from = start; from < end; from += binSize) {
    // The last bin ends with the region; what little it shares with the one before does no harm to a mean.
    bins.push(Math.max(segment.start, Math.min(from, end - binSize)));
  }
  return bins;
}

/** @param segment of the source: the region */
function describeRegion(
  source: WindowSource,
  { start, end, offset: first }: Segment,
  plan: WindowPlan,
  mean: Float64Array,
): Pick<Saliency, "codes" | "gradient" | "gradientTimesInput" | "tracks"> {
  const channels = 4 + plan.tracks.length;
  const length = end - start;
  const codes = source.codes.slice(first, first + length);
  const gradient = new Float32Array(length * 4);
  const gradientTimesInput = new Float32Array(length);
  for (let at = 0; at < length; at++) {
    for (let base = 0; base < 4; base++) gradient[at * 4 + base] = mean[at * channels + base];
    if (codes[at] < 4) gradientTimesInput[at] = gradient[at * 4 + codes[at]];
  }
  const tracks = plan.tracks.map((name, t) => {
    const track = source.tracks.find((candidate) => candidate.name === name)!;
    const values = track.values.subarray(first, first + length);
    return {
      name,
      unit: track.unit,
      signal: track.log ? values.map(Math.expm1) : values.slice(),
      gradient: Float32Array.from({ length }, (_, at) => mean[at * channels + 4 + t]),
    };
  });
  return { codes, gradient, gradientTimesInput, tracks };
}
