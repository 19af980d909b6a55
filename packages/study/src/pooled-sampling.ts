import type { Random } from "@bindscape/numerics";
import type { LabelledWindows, WindowSampler } from "./sampling.js";

/**
 * Windows of one training epoch over the samplers of several cells, in random order: bins of all cells are drawn
 * alike, as independent records (FactorNet, section 2.4.1).
 * @returns windows whose `sourceIndices` are the samplers' places; those of a single sampler have none
 */
export function drawPooledEpoch(samplers: readonly WindowSampler[], random: Random): LabelledWindows {
  if (samplers.length === 1) return samplers[0].drawEpoch(random);
  const pooled = poolWindows(samplers.map((sampler) => sampler.drawEpoch(random)));
  return pickWindows(pooled, random.shuffle(Uint32Array.from(pooled.binStarts, (_, row) => row)));
}

/** The validation windows of several cells, cell by cell; the same for one seed. */
export function drawPooledValidation(samplers: readonly WindowSampler[], random: Random): LabelledWindows {
  if (samplers.length === 1) return samplers[0].validationWindows(random);
  return poolWindows(samplers.map((sampler) => sampler.validationWindows(random)));
}

/** Windows of one source, as those of the source at a place among several. */
export function ofSource(windows: LabelledWindows, index: number): LabelledWindows {
  return { ...windows, sourceIndices: new Uint16Array(windows.binStarts.length).fill(index) };
}

function poolWindows(parts: readonly LabelledWindows[]): LabelledWindows {
  const count = parts.reduce((sum, { binStarts }) => sum + binStarts.length, 0);
  const { tasks } = parts[0];
  const pooled = {
    segmentIndices: new Uint32Array(count),
    binStarts: new Int32Array(count),
    sourceIndices: new Uint16Array(count),
    labels: new Float32Array(count * tasks),
    weights: new Float32Array(count * tasks),
    tasks,
  };
  let at = 0;
  for (const [index, part] of parts.entries()) {
    pooled.segmentIndices.set(part.segmentIndices, at);
    pooled.binStarts.set(part.binStarts, at);
    pooled.sourceIndices.fill(index, at, at + part.binStarts.length);
    pooled.labels.set(part.labels, at * tasks);
    pooled.weights.set(part.weights, at * tasks);
    at += part.binStarts.length;
  }
  return pooled;
}

/** Rows of windows, each as often as the list names it. */
export function pickWindows(windows: LabelledWindows, rows: Uint32Array): LabelledWindows {
  const { tasks, segmentIndices, binStarts, sourceIndices, labels, weights } = windows;
  const picked = {
    segmentIndices: Uint32Array.from(rows, (row) => segmentIndices[row]),
    binStarts: Int32Array.from(rows, (row) => binStarts[row]),
    ...(sourceIndices && { sourceIndices: Uint16Array.from(rows, (row) => sourceIndices[row]) }),
    labels: new Float32Array(rows.length * tasks),
    weights: new Float32Array(rows.length * tasks),
    tasks,
  };
  rows.forEach((row, i) => {
    for (let task = 0; task < tasks; task++) {
      picked.labels[i * tasks + task] = labels[row * tasks + task];
      picked.weights[i * tasks + task] = weights[row * tasks + task];
    }
  });
  return picked;
}
