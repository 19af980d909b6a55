import { type Network, readRegions } from "@bindscape/models";
import type { ProgressListener } from "@bindscape/numerics";
import { BatchPipeline, type SequencePlace, type Study } from "@bindscape/study";
import type { ExplainedModel } from "../explained-model.js";
import { checkSize, type KnownWindows } from "./sequence-windows.js";

/** Windows made at a time. */
const BATCH = 256;

/**
 * Windows centred on the regions of a BED file, with the tracks and features of a cell of a study. A region shorter than
 * a window is its core; its strand is that of the BED file.
 * @throws BindscapeError naming the line of a region that the study's genome does not hold
 */
export async function readRegionWindows(
  network: Network,
  model: ExplainedModel,
  study: Study,
  cell: string,
  bedFile: string,
  options: { readonly onProgress?: ProgressListener; readonly signal?: AbortSignal } = {},
): Promise<KnownWindows> {
  const { plan } = network.file;
  const regions = await readRegions(study, bedFile);
  const count = regions.length;
  const { channels, length, features: width } = model;
  checkSize(count, length, bedFile);
  const { segments } = study.assembly;
  const binStarts = Int32Array.from(
    regions,
    ({ record: { start, end } }) => Math.floor((start + end) / 2) - Math.floor(plan.binSize / 2),
  );
  const segmentIndices = Uint32Array.from(regions, ({ segment }) => segments.indexOf(segment));
  const windows = new Float32Array(count * channels * length);
  const features = new Float32Array(count * width);
  const pipeline = new BatchPipeline(await study.loadCell(cell), plan, { batchSize: BATCH });
  const requests = function* () {
    for (let from = 0; from < count; from += BATCH) {
      yield {
        segmentIndices: segmentIndices.slice(from, from + BATCH),
        binStarts: binStarts.slice(from, from + BATCH),
      };
    }
  };
  try {
    let done = 0;
    for await (const batch of pipeline.run(requests())) {
      options.signal?.throwIfAborted();
      windows.set(batch.windows, done * channels * length);
      features.set(batch.features, done * width);
      done += batch.count;
      batch.release();
      options.onProgress?.({ task: "reading windows", done, total: count, unit: "windows" });
    }
  } finally {
    await pipeline.close();
  }
  const margin = Math.floor((length - plan.binSize) / 2);
  const places = regions.map(({ segment }, i): SequencePlace => {
    const start = binStarts[i] - margin;
    return { chromosome: segment.chromosome, start, end: start + length, strand: "+" };
  });
  return {
    source: bedFile,
    count,
    windows,
    ...(width > 0 && { features }),
    codes: codesOf(windows, count, channels, length),
    names: regions.map(
      ({ record: { name, chromosome, start, end } }) => name ?? `${chromosome}:${start}-${end}`,
    ),
    places,
    ...coresOf(
      regions.map(({ record }, i) => ({ ...record, from: places[i].start })),
      length,
    ),
  };
}

/** Codes of one-hot windows; a position without exactly one base is unknown. */
function codesOf(windows: Float32Array, count: number, channels: number, length: number): Uint8Array {
  const codes = new Uint8Array(count * length).fill(4);
  for (let row = 0; row < count; row++) {
    for (let base = 0; base < 4; base++) {
      const from = (row * channels + base) * length;
      for (let k = 0; k < length; k++) if (windows[from + k] === 1) codes[row * length + k] = base;
    }
  }
  return codes;
}

/** Regions as cores, where all of them are shorter than a window. */
function coresOf(
  regions: readonly { start: number; end: number; from: number; strand?: string }[],
  length: number,
): Pick<KnownWindows, "cores" | "strands"> {
  if (regions.some(({ start, end }) => end - start >= length || end <= start)) return {};
  const cores = Int32Array.from(regions.flatMap(({ start, end, from }) => [start - from, end - from]));
  const isStranded = regions.every(({ strand }) => strand === "+" || strand === "-");
  return {
    cores,
    ...(isStranded && { strands: Int8Array.from(regions, ({ strand }) => (strand === "+" ? 1 : -1)) }),
  };
}
