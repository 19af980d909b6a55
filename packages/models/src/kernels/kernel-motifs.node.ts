import { areaUnderRoc, BindscapeError } from "@bindscape/numerics";
import { type WindowRequest, type WindowSource, withSourceReader } from "@bindscape/study";
import { findModel } from "../model-table.js";
import { describeNetwork, type Network } from "../network/describe-network.js";
import { forEachOutput, type PredictOptions } from "../network/network.node.js";
import type { KernelSummary } from "../report/report-data.js";
import { SiteCounter } from "./site-counter.js";

/** A kernel needs this many sites to be called a motif. */
const FEWEST_SITES = 10;

/**
 * Which sites a motif is made of. "best-site", the rule of FactorNet's published visualisation: the best site of
 * each window over both strands, where the kernel is active at all. "half-maximum", the rule of DeepBind and DanQ:
 * every site, on either strand, with more than half of the kernel's largest activation over all windows.
 */
export type SiteRule = "best-site" | "half-maximum";

export interface KernelOptions extends PredictOptions {
  /** 1, the convolution (as left out), or 2, the per-position dense layer, whose units see a convolution's width. */
  readonly layer?: 1 | 2;
  /** "best-site" where left out. */
  readonly rule?: SiteRule;
}

/**
 * Kernels as motifs, with the tracks averaged over the same sites.
 * @param windows to look at, bound and unbound. The half-maximum rule counts a site once a window that
 *   holds it, so windows should not overlap
 * @param labels 1 for bound windows: kernels are ranked by how well their best activation tells these apart
 * @returns kernels with at least ten sites, best first; those with most sites where all windows are of one kind
 * @throws BindscapeError where the model has no such layer
 */
export async function summariseKernels(
  network: Network,
  cell: WindowSource,
  windows: WindowRequest,
  labels: ArrayLike<number>,
  options: KernelOptions = {},
): Promise<KernelSummary[]> {
  // Sites are looked up in the sequence and the tracks: of a cell in files, the windows are read first, with their bases
  // where the network itself goes without.
  const seen = { ...network.file.plan, sequence: true };
  const held = await withSourceReader(cell, (reader) => reader.readWindows(seen, windows));
  const { request } = held;
  const [source] = held.sources;
  const { layer: number = 1, rule = "best-site" } = options;
  const layer = findKernelLayer(network, number);
  const { width, kernels } = layer;
  const length = network.file.plan.windowLength;
  const positions = length - width + 1;
  const count = request.binStarts.length;
  const place = { length, margin: Math.floor((length - network.file.plan.binSize) / 2), width };
  const counters = Array.from({ length: kernels }, () => new SiteCounter(source, request, place));

  // Best activations of windows rank the kernels under either rule.
  const best = new Float32Array(count * kernels);
  // Position of the best site; negative -1 - p for position p of the reverse complement.
  const site = new Int32Array(count * kernels);
  const task = rule === "best-site" ? "reading kernels" : "reading kernels (1 of 2)";
  await forEachOutput(network, source, request, layer.output, { ...options, task }, (values, first, rows) => {
    for (let row = 0; row < rows; row++) {
      for (let kernel = 0; kernel < kernels; kernel++) {
        const at = (first + row) * kernels + kernel;
        for (let strand = 0; strand < 2; strand++) {
          const base = ((2 * row + strand) * kernels + kernel) * positions;
          for (let p = 0; p < positions; p++) {
            const value = values[base + p];
            if (value <= best[at]) continue;
            const found = strand === 0 ? p : -1 - p;
            // Half of an activation beyond the end of the sequence is no measure of sites within.
            if (rule === "half-maximum" && !counters[kernel].holds(first + row, found)) continue;
            best[at] = value;
            site[at] = found;
          }
        }
      }
    }
  });

  if (rule === "best-site") {
    for (let i = 0; i < count; i++) {
      for (let kernel = 0; kernel < kernels; kernel++) {
        const activation = best[i * kernels + kernel];
        if (activation > 0) counters[kernel].add(i, site[i * kernels + kernel], activation);
      }
    }
  } else {
    const half = new Float64Array(kernels);
    for (let at = 0; at < best.length; at++) half[at % kernels] = Math.max(half[at % kernels], best[at] / 2);
    const second = { ...options, task: "reading kernels (2 of 2)" };
    await forEachOutput(network, source, request, layer.output, second, (values, first, rows) => {
      for (let row = 0; row < rows; row++) {
        for (let kernel = 0; kernel < kernels; kernel++) {
          for (let strand = 0; strand < 2; strand++) {
            const base = ((2 * row + strand) * kernels + kernel) * positions;
            for (let p = 0; p < positions; p++) {
              const value = values[base + p];
              if (value > half[kernel]) counters[kernel].add(first + row, strand === 0 ? p : -1 - p, value);
            }
          }
        }
      }
    });
  }

  const summaries: { summary: KernelSummary; separation: number }[] = [];
  for (let kernel = 0; kernel < kernels; kernel++) {
    if (counters[kernel].sites < FEWEST_SITES) continue;
    const activations = Float32Array.from({ length: count }, (_, i) => best[i * kernels + kernel]);
    const seed =
      number === 1 ? network.file.seededKernels.find((seeded) => seeded.index === kernel) : undefined;
    const seededFrom = seed ? `${seed.motif}${seed.strand === "-" ? " (reverse complement)" : ""}` : null;
    summaries.push({
      summary: { index: kernel, seededFrom, ...counters[kernel].summarise() },
      separation: areaUnderRoc(activations, labels),
    });
  }
  // Where all windows are of one kind nothing is told apart: most sites first.
  return summaries
    .sort((a, b) => b.separation - a.separation || b.summary.sites - a.summary.sites)
    .map(({ summary }) => summary);
}

/**
 * Output, width in bp and number of the kernels of a layer.
 * @throws BindscapeError where the model has no such layer
 */
export function findKernelLayer(
  network: Network,
  layer: 1 | 2,
): { readonly output: string; readonly width: number; readonly kernels: number } {
  const { options, context } = describeNetwork(network);
  const definition = findModel(network.file.model);
  if (layer === 1) return definition.firstLayer(options, context);
  if (definition.secondLayer) return definition.secondLayer(options);
  throw new BindscapeError({
    found: `the second layer of ${definition.title}`,
    expected: "a model whose second layer sees a site of fixed width",
    next: "Use --layer 1",
  });
}
