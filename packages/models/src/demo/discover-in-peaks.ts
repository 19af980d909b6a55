import { compare, type DiscoveredMotif, discover, type NamedSequence } from "@bindscape/motifs";
import type { ProgressListener } from "@bindscape/numerics";
import type { Experiment, Study } from "@bindscape/study";
import type { NamedMatch } from "../motif-reports/discovery-page.js";

/** Strongest peaks looked at, and letters about the middle of each. */
const MOST_PEAKS = 600;
const WINDOW = 100;
/** Largest expected number of matches as good by chance at which one is named. */
const LARGEST_E_VALUE = 0.1;

/** The most enriched motif of a factor's peaks. */
export interface PeakMotif {
  readonly factor: string;
  /** Peaks looked at. */
  readonly peaks: number;
  /** Null where no word is enriched. */
  readonly motif: DiscoveredMotif | null;
  /** The motif of the study's set that it resembles most; null where none is good enough. */
  readonly match: NamedMatch | null;
}

/** Finds the most enriched motif in the peaks of each experiment, without any known motif. */
export async function discoverInPeaks(
  study: Study,
  options: {
    readonly seed: number;
    readonly onProgress?: ProgressListener;
    readonly signal?: AbortSignal;
  },
): Promise<PeakMotif[]> {
  const found: PeakMotif[] = [];
  for (const [index, experiment] of study.experiments.entries()) {
    const { factor } = experiment;
    options.onProgress?.({
      task: "motifs de novo",
      done: index,
      total: study.experiments.length,
      unit: "factors",
      note: factor,
    });
    const sequences = await readPeakWindows(study, experiment);
    const motif =
      sequences.length === 0
        ? null
        : ((await discover(sequences, { motifs: 1, seed: options.seed, signal: options.signal })).motifs[0] ??
          null);
    found.push({ factor, peaks: sequences.length, motif, match: motif && findMatch(motif, study) });
  }
  return found;
}

function findMatch(motif: DiscoveredMotif, { motifs }: Study): NamedMatch | null {
  if (motifs.length === 0) return null;
  const options = { threshold: LARGEST_E_VALUE, thresholdOn: "E-value" } as const;
  const [best] = compare([motif], motifs, options);
  return best === undefined ? null : { target: motifs[best.target], match: best };
}

/** The sequence about the middle of each of the first peaks that lie inside the assembly. */
async function readPeakWindows(study: Study, experiment: Experiment): Promise<NamedSequence[]> {
  const { codes } = await study.loadCell(experiment.cell);
  const windows: NamedSequence[] = [];
  for (const { chromosome, start, end } of experiment.peaks) {
    if (windows.length === MOST_PEAKS) break;
    const from = Math.floor((start + end - WINDOW) / 2);
    const segment = study.assembly
      .segmentsOf(chromosome)
      .find((candidate) => candidate.start <= from && from + WINDOW <= candidate.end);
    if (segment === undefined) continue;
    const at = segment.offset + from - segment.start;
    windows.push({
      name: `${chromosome}:${from}-${from + WINDOW}`,
      codes: codes.subarray(at, at + WINDOW),
    });
  }
  return windows;
}
