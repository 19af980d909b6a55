import { areaUnderRoc } from "@bindscape/numerics";
import type { WindowRequest, WindowSource } from "@bindscape/study";
import { findModel } from "../model-table.js";
import {
  describeNetwork,
  forEachOutput,
  type Network,
  type PredictOptions,
} from "../network/network.node.js";
import type { KernelSummary } from "../report/report-data.js";
import { otherStrandTrack } from "../strand-tracks.js";

/** A kernel needs this many sites to be called a motif. */
const FEWEST_SITES = 10;

/**
 * First-layer kernels as motifs, by the rule of FactorNet's published visualisation: the best site of a window
 * over both strands, where the kernel is active at all, counts once. Tracks are averaged over the same sites.
 * @param request windows to look at, bound and unbound
 * @param labels 1 for bound windows: kernels are ranked by how well their best activation tells these apart
 * @returns kernels with at least ten sites, best first
 */
export async function summariseKernels(
  network: Network,
  source: WindowSource,
  request: WindowRequest,
  labels: ArrayLike<number>,
  options: PredictOptions = {},
): Promise<KernelSummary[]> {
  const { options: modelOptions, context } = describeNetwork(network);
  const layer = findModel(network.file.model).firstLayer(modelOptions, context);
  const { width, kernels } = layer;
  const length = network.file.plan.windowLength;
  const margin = Math.floor((length - network.file.plan.binSize) / 2);
  const positions = length - width + 1;
  const count = request.binStarts.length;
  const best = new Float32Array(count * kernels);
  // Position of the best site; negative -1 - p for position p of the reverse complement.
  const site = new Int32Array(count * kernels);
  await forEachOutput(
    network,
    source,
    request,
    layer.output,
    { ...options, task: "reading kernels" },
    (values, first, rows) => {
      for (let row = 0; row < rows; row++) {
        for (let kernel = 0; kernel < kernels; kernel++) {
          const at = (first + row) * kernels + kernel;
          for (let strand = 0; strand < 2; strand++) {
            const base = ((2 * row + strand) * kernels + kernel) * positions;
            for (let p = 0; p < positions; p++) {
              if (values[base + p] > best[at]) {
                best[at] = values[base + p];
                site[at] = strand === 0 ? p : -1 - p;
              }
            }
          }
        }
      }
    },
  );

  const summaries: { summary: KernelSummary; separation: number }[] = [];
  for (let kernel = 0; kernel < kernels; kernel++) {
    const activations = Float32Array.from({ length: count }, (_, i) => best[i * kernels + kernel]);
    const summary = summariseKernel(
      source,
      request,
      { length, margin, width },
      activations,
      (i) => site[i * kernels + kernel],
    );
    if (summary.sites < FEWEST_SITES) continue;
    const seed = network.file.seededKernels.find((seeded) => seeded.index === kernel);
    const seededFrom = seed ? `${seed.motif}${seed.strand === "-" ? " (reverse complement)" : ""}` : null;
    summaries.push({
      summary: { index: kernel, seededFrom, ...summary },
      separation: areaUnderRoc(activations, labels),
    });
  }
  return summaries.sort((a, b) => b.separation - a.separation).map(({ summary }) => summary);
}

function summariseKernel(
  source: WindowSource,
  request: WindowRequest,
  { length, margin, width }: { length: number; margin: number; width: number },
  activations: Float32Array,
  siteOf: (index: number) => number,
): Omit<KernelSummary, "index" | "seededFrom"> {
  const counts = new Float64Array(width * 4);
  const signal = source.tracks.map(() => new Float64Array(width));
  const names = source.tracks.map((track) => track.name);
  // On the other strand a network sees tracks of the two strands swapped, and so do its sites.
  const partners = names.map((name) => source.tracks[names.indexOf(otherStrandTrack(name, names))]);
  let sites = 0;
  let largestActivation = 0;
  for (let i = 0; i < activations.length; i++) {
    if (!(activations[i] > 0)) continue;
    const segment = source.segments[request.segmentIndices[i]];
    const found = siteOf(i);
    const reverse = found < 0;
    const position = reverse ? length - width - (-1 - found) : found;
    const from = request.binStarts[i] - margin + position - segment.start;
    if (from < 0 || from + width > segment.end - segment.start) continue;
    sites++;
    largestActivation = Math.max(largestActivation, activations[i]);
    for (let k = 0; k < width; k++) {
      const at = segment.offset + from + (reverse ? width - 1 - k : k);
      const code = source.codes[at];
      if (code < 4) counts[k * 4 + (reverse ? 3 - code : code)]++;
      else for (let base = 0; base < 4; base++) counts[k * 4 + base] += 0.25;
      (reverse ? partners : source.tracks).forEach((track, t) => {
        signal[t][k] += track.log ? Math.expm1(track.values[at]) : track.values[at];
      });
    }
  }
  return {
    sites,
    largestActivation,
    probabilities: Array.from(counts, (value) => value / Math.max(1, sites)),
    signalUnits: Object.fromEntries(source.tracks.map((track) => [track.name, track.unit])),
    meanSignal: Object.fromEntries(
      source.tracks.map((track, t) => [
        track.name,
        Array.from(signal[t], (value) => value / Math.max(1, sites)),
      ]),
    ),
  };
}
