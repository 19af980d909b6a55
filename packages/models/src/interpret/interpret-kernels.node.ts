import { join } from "node:path";
import { type NpyArray, writeFileAtomically, writeNpz } from "@bindscape/genome";
import { type Motif, writeMeme } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { allocateShared, findExperiment, type Study, splitStudy } from "@bindscape/study";
import { measureReach } from "../bin-features.js";
import type { ModelFile } from "../bundle/model-file.js";
import { requestBins } from "../evaluate/select-bins.js";
import { alignKernels, type KernelAlignment } from "../kernels/align-kernels.js";
import { findKernelLayer, type KernelOptions, summariseKernels } from "../kernels/kernel-motifs.node.js";
import { matchKernels } from "../kernels/match-kernels.js";
import { findModel } from "../model-table.js";
import { chooseCell } from "../network/choose-cell.js";
import type { Network } from "../network/describe-network.js";
import type { KernelSummary } from "../report/report-data.js";
import { chooseSeparateWindows } from "./choose-windows.js";
import { drawKernelAlignment, renderKernelPage } from "./kernel-page.js";
import { standaloneSvg } from "./standalone-svg.js";

export interface InterpretKernelsOptions extends KernelOptions {
  readonly study: Study;
  readonly network: Network;
  /** Factor whose bound bins are looked at; the first one of the network where left out. */
  readonly factor?: string;
  /** Cell to look at; the one trained in where left out. */
  readonly cell?: string;
  /** Windows to look at, at most half of them bound; 2,000 where left out. */
  readonly windows?: number;
}

/** Kernels of one layer as motifs, and how they align. */
export interface InterpretedKernels {
  readonly factor: string;
  readonly cell: string;
  readonly modelTitle: string;
  readonly layer: 1 | 2;
  readonly rule: NonNullable<KernelOptions["rule"]>;
  /** Windows looked at. */
  readonly windows: { readonly bound: number; readonly unbound: number };
  /** Kernels of the layer, also those with too few sites. */
  readonly total: number;
  /** Best first, see `summariseKernels`. */
  readonly kernels: readonly KernelSummary[];
  readonly alignment: KernelAlignment;
}

/** Reads the kernels of a network as motifs on held-out windows and aligns them. */
export async function interpretKernels(options: InterpretKernelsOptions): Promise<InterpretedKernels> {
  const { study, network, layer = 1, rule = "best-site", windows: count = 2000 } = options;
  const { file } = network;
  const task = findTask(network, options.factor);
  const cell = chooseCell(task, options.cell);
  const experiment = findExperiment(study, task.factor, cell);
  const splits = splitStudy(study, measureReach(file.plan));
  const chosen = chooseSeparateWindows(study, experiment, splits, file.plan.windowLength, count);
  const kernels = await summariseKernels(
    network,
    await study.loadCell(cell),
    requestBins(study, chosen.bins),
    chosen.labels,
    { ...options, layer, rule },
  );
  return alignSummaries(kernels, {
    network,
    task,
    cell,
    layer,
    rule,
    labels: chosen.labels,
    motifs: study.motifs,
  });
}

export interface InterpretSequenceKernelsOptions extends KernelOptions {
  readonly network: Network;
  /** Sequences as long as the network's window: A, C, G, T = 0..3, unknown = 4. */
  readonly sequences: { readonly count: number; readonly codes: Uint8Array; readonly source: string };
  /** [count]: 1 bound, 0 unbound, anything else where that is not known; all alike where absent. */
  readonly labels?: ArrayLike<number>;
  /** Factor that the labels are of; the first one of the network where left out. */
  readonly factor?: string;
  /** Known motifs that kernels are compared with. */
  readonly motifs?: readonly Motif[];
}

/**
 * Reads the kernels of a network that sees the sequence alone as motifs on given sequences, and aligns them. Kernels are
 * ranked by how well they tell bound sequences from unbound ones; by their sites where no labels tell these apart.
 * @throws BindscapeError for a network with tracks or features, and where no kernel has ten sites
 */
export async function interpretKernelsOfSequences(
  options: InterpretSequenceKernelsOptions,
): Promise<InterpretedKernels> {
  const { network, sequences, layer = 1, rule = "best-site", motifs = [] } = options;
  const { plan } = network.file;
  const { count, source } = sequences;
  const length = plan.windowLength;
  if (plan.tracks.length > 0 || plan.features.length > 0 || plan.sequence === false) {
    throw new BindscapeError({
      source,
      found: "sequences alone, for a network that sees tracks or features",
      expected: "a network of the sequence",
      next: "Give a study in place of sequences",
    });
  }
  const task = findTask(network, options.factor);
  const labels = Uint8Array.from({ length: count }, (_, row) => (options.labels?.[row] === 0 ? 0 : 1));
  const codes = new Uint8Array(allocateShared(count * length));
  codes.set(sequences.codes);
  const kernels = await summariseKernels(
    network,
    {
      segments: Array.from({ length: count }, (_, row) => ({
        chromosome: `sequence ${row + 1}`,
        start: 0,
        end: length,
        offset: row * length,
      })),
      codes,
      tracks: [],
    },
    {
      segmentIndices: Uint32Array.from({ length: count }, (_, row) => row),
      // Windows are centred on bins: this bin's window is the sequence.
      binStarts: new Int32Array(count).fill(Math.floor((length - plan.binSize) / 2)),
    },
    labels,
    { ...options, layer, rule },
  );
  return alignSummaries(kernels, { network, task, cell: task.cell, layer, rule, labels, motifs });
}

function alignSummaries(
  kernels: readonly KernelSummary[],
  of: {
    readonly network: Network;
    readonly task: ModelFile["tasks"][number];
    readonly cell: string;
    readonly layer: 1 | 2;
    readonly rule: InterpretedKernels["rule"];
    readonly labels: Uint8Array;
    readonly motifs: readonly Motif[];
  },
): InterpretedKernels {
  const { network, task, cell, layer, rule, labels, motifs } = of;
  if (kernels.length === 0) {
    throw new BindscapeError({
      found: `no kernel of layer ${layer} with ten sites in ${labels.length} windows`,
      expected: "at least one",
      next: "Look at more windows with --windows, or use the rule best-site",
    });
  }
  const bound = labels.reduce((sum, label) => sum + label, 0);
  return {
    factor: task.factor,
    cell,
    modelTitle: findModel(network.file.model).title,
    layer,
    rule,
    windows: { bound, unbound: labels.length - bound },
    total: findKernelLayer(network, layer).kernels,
    kernels: matchKernels(kernels, motifs),
    alignment: alignKernels(kernels.map(({ probabilities }) => probabilities)),
  };
}

/**
 * The output of a network that predicts a factor; the first one where none is named.
 * @throws BindscapeError that lists the factors
 */
export function findTask(
  { file: { tasks } }: Network,
  factor: string | undefined,
): ModelFile["tasks"][number] & { readonly index: number } {
  const index =
    factor === undefined ? 0 : tasks.findIndex((task) => task.factor.toLowerCase() === factor.toLowerCase());
  if (index >= 0) return { index, ...tasks[index] };
  throw new BindscapeError({
    found: `no output for the factor "${factor}"`,
    expected: `one of ${tasks.map((task) => task.factor).join(", ")}`,
  });
}

/**
 * Writes `motifs.meme`, `footprints.npz`, `alignment.svg` and `kernels.html` to a folder.
 * @returns paths of the files
 */
export async function writeInterpretedKernels(found: InterpretedKernels, folder: string): Promise<string[]> {
  const file = (name: string) => join(folder, name);
  await writeFileAtomically(file("motifs.meme"), writeMeme(found.kernels.map(toMotif)));
  await writeFileAtomically(file("footprints.npz"), (sink) => writeNpz(sink, footprintArrays(found)));
  await writeFileAtomically(file("alignment.svg"), standaloneSvg(drawKernelAlignment(found)));
  await writeFileAtomically(file("kernels.html"), renderKernelPage(found));
  return ["motifs.meme", "footprints.npz", "alignment.svg", "kernels.html"].map(file);
}

function toMotif({ index, seededFrom, probabilities, sites }: KernelSummary): Motif {
  return {
    id: `kernel_${index}`,
    name: seededFrom === null ? `kernel_${index}` : `seeded_from_${seededFrom}`,
    probabilities: Float64Array.from(probabilities),
    length: probabilities.length / 4,
    sites,
  };
}

/** Rows are kernels, in the order of the MEME file. */
function footprintArrays({ kernels, alignment }: InterpretedKernels): Map<string, NpyArray> {
  const count = kernels.length;
  const width = kernels[0].probabilities.length / 4;
  const whole = (read: (kernel: KernelSummary, row: number) => number) => ({
    shape: [count],
    data: Int32Array.from(kernels, read),
  });
  const placeOf = (row: number) => alignment.rows.find(({ kernel }) => kernel === row)!;
  return new Map<string, NpyArray>([
    ["kernel", whole(({ index }) => index)],
    ["sites", whole(({ sites }) => sites)],
    [
      "largest_activation",
      { shape: [count], data: Float64Array.from(kernels, (kernel) => kernel.largestActivation) },
    ],
    [
      "probabilities",
      { shape: [count, width, 4], data: Float64Array.from(kernels.flatMap((k) => k.probabilities)) },
    ],
    ...Object.keys(kernels[0].meanSignal).map((track): [string, NpyArray] => [
      `mean_signal/${track}`,
      { shape: [count, width], data: Float64Array.from(kernels.flatMap((k) => k.meanSignal[track])) },
    ]),
    ["alignment/row", whole((_, row) => alignment.rows.indexOf(placeOf(row)))],
    ["alignment/offset", whole((_, row) => placeOf(row).offset)],
    ["alignment/reversed", whole((_, row) => (placeOf(row).isReversed ? 1 : 0))],
  ]);
}
