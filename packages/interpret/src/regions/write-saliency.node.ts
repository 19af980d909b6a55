import { join } from "node:path";
import {
  type ChromosomeSize,
  mergeIntervals,
  type NpyArray,
  writeBigWigFile,
  writeFileAtomically,
  writeNpz,
} from "@bindscape/genome";
import { genomeBackground, type Network } from "@bindscape/models";
import type { Study } from "@bindscape/study";
import type { Saliency } from "./region-saliency.node.js";
import { renderSaliencyPage } from "./saliency-page.js";

export interface WriteSaliencyOptions {
  readonly study: Study;
  readonly factor: string;
  readonly cell: string;
  readonly network: Network;
  /** Negative gradients count as 0 in the picture and the track, as in FactorNet's Figure 3D. */
  readonly positiveOnly: boolean;
}

/**
 * Writes `saliency.npz` (gradients as they are), `saliency.bw` (gradient x input, 1 bp an interval) and
 * `saliency.html` to a folder.
 * @returns paths of the files
 */
export async function writeSaliency(
  found: readonly Saliency[],
  folder: string,
  options: WriteSaliencyOptions,
): Promise<string[]> {
  const file = (name: string) => join(folder, name);
  await writeFileAtomically(file("saliency.npz"), (sink) => writeNpz(sink, saliencyArrays(found)));
  const { chromosomes } = options.study.assembly;
  await writeBigWigFile(
    file("saliency.bw"),
    chromosomes,
    saliencyRuns(found, chromosomes, options.positiveOnly),
  );
  const { study, factor, cell } = options;
  const experiment = study.experiments.find((one) => one.factor === factor && one.cell === cell);
  const background = experiment?.motif ? genomeBackground(await study.loadCell(cell)) : null;
  await writeFileAtomically(file("saliency.html"), renderSaliencyPage(found, options, background));
  return ["saliency.npz", "saliency.bw", "saliency.html"].map(file);
}

/** Arrays named `chromosome:start-end/what`; a region given twice is there once. */
function saliencyArrays(found: readonly Saliency[]): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const { region, gradient, gradientTimesInput, tracks, codes, probability, windows } of found) {
    const name = `${region.chromosome}:${region.start}-${region.end}`;
    const length = codes.length;
    arrays.set(`${name}/gradient`, { shape: [length, 4], data: gradient });
    arrays.set(`${name}/gradient_times_input`, { shape: [length], data: gradientTimesInput });
    arrays.set(`${name}/sequence`, { shape: [length], data: codes });
    for (const track of tracks) {
      arrays.set(`${name}/signal/${track.name}`, { shape: [length], data: track.signal });
      arrays.set(`${name}/signal_gradient/${track.name}`, { shape: [length], data: track.gradient });
    }
    arrays.set(`${name}/probability`, { shape: [], data: Float32Array.of(probability) });
    arrays.set(`${name}/windows`, { shape: [], data: Int32Array.of(windows) });
  }
  return arrays;
}

/** Gradient x input by chromosome, a value a base; where regions overlap, their mean. */
export function* saliencyRuns(
  found: readonly Saliency[],
  chromosomes: readonly ChromosomeSize[],
  positiveOnly: boolean,
) {
  for (const { name } of chromosomes) {
    const own = found
      .filter(({ region }) => region.chromosome === name)
      .sort((a, b) => a.region.start - b.region.start);
    let next = 0;
    for (const { start, end } of mergeIntervals(own.map(({ region }) => region))) {
      const sums = new Float64Array(end - start);
      const counts = new Uint32Array(end - start);
      for (; next < own.length && own[next].region.start < end; next++) {
        const from = own[next].region.start - start;
        own[next].gradientTimesInput.forEach((value, i) => {
          sums[from + i] += value;
          counts[from + i]++;
        });
      }
      const means = sums.map((sum, i) => sum / counts[i]);
      yield {
        chromosome: name,
        starts: Array.from(means, (_, i) => start + i),
        ends: Array.from(means, (_, i) => start + i + 1),
        values: Array.from(means, (value) => (positiveOnly ? Math.max(0, value) : value)),
      };
    }
  }
}
