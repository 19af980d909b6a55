import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeRuntime } from "@bindscape/gradient";
import { evaluateSequences, predictSequences, readBundle, takeSplit } from "@bindscape/models";
import { type Motif, readMotifFile } from "@bindscape/motifs";
import {
  areaUnderRoc,
  averagePrecision,
  partialAreaUnderRoc,
  rocCurve,
  summariseCurve,
} from "@bindscape/numerics";
import { readSequenceSetFolder, type SequenceSet, type SplitName } from "@bindscape/study";
import type { AttributionFile } from "../attribution-file.js";
import { loadAttributionFile } from "../attribution-file.node.js";
import { scorePositions } from "../position-scores.js";
import { factorName } from "../words/analyse-words.js";
import { parseWordRecord } from "../words/word-records.js";
import type {
  AgentBindControl,
  AgentBindReport,
  SiteCountsSummary,
  SiteEvaluation,
  SiteExample,
  SiteMotif,
  SiteProfile,
  SiteWord,
} from "./report-data.js";

/** A network of a factor and the sites it is measured on: paths. */
export interface GatheredNetwork {
  readonly control: AgentBindControl;
  readonly core: "keep" | "mask";
  readonly start: "pretrained" | "scratch";
  readonly bundle: string;
  readonly sites: string;
}

/** Where the parts of a factor's report lie; what is missing is left out of it. */
export interface GatherOptions {
  readonly factor: string;
  readonly architecture: string;
  readonly explained: AgentBindControl;
  readonly method: string;
  readonly networks: readonly GatheredNetwork[];
  /** Data sets with the core kept, by control. */
  readonly sites: readonly { readonly control: AgentBindControl; readonly folder: string }[];
  /** Folders of `bindscape sequences baseline`, made on the sites of the first control. */
  readonly baselines: readonly { readonly label: string; readonly folder: string }[];
  readonly pretrained?: { readonly bundle: string; readonly compendium: string };
  readonly scores: readonly { readonly core: "keep" | "mask"; readonly file: string }[];
  /** Folder of `bindscape words`. */
  readonly words?: string;
  /** Folder of `bindscape seqlets`. */
  readonly motifs?: string;
  readonly notes: readonly string[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const curvePoints = 120;
const mostWords = 40;
const mostMotifs = 8;
const examples = 2;

/** Reads what the stages of a factor left behind, measures its networks on their test sites, and makes its report. */
export async function gatherReport(options: GatherOptions): Promise<AgentBindReport> {
  const { factor, networks, explained, threads, signal } = options;
  const runtime = nodeRuntime("cpu");
  const counts: SiteCountsSummary[] = [];
  const evaluations: SiteEvaluation[] = [];
  const sets = new Map<string, SequenceSet>();
  const readSites = async (folder: string) => {
    const set = sets.get(folder) ?? (await readSequenceSetFolder(folder));
    sets.set(folder, set);
    return set;
  };
  let cell = "";
  let motif: Motif | null = null;
  for (const { control, folder } of options.sites) {
    if (!existsSync(folder)) continue;
    const set = await readSites(folder);
    cell = set.tasks[0].cell;
    motif ??= coreMotif(set, factor);
    const description = JSON.parse(await readFile(join(folder, "dataset.json"), "utf8")) as Description;
    counts.push(summariseCounts(control, set, description));
    for (const [name, bySplit] of Object.entries(description.baselines ?? {})) {
      const { auroc, auprc, partialAuroc } = bySplit.test;
      if (auroc === null) continue;
      evaluations.push({
        key: `${control}-${name}`,
        label: `${name} alone`,
        control,
        core: "keep",
        start: null,
        ...countTest(set),
        auroc,
        auprc: auprc ?? Number.NaN,
        normalisedPartialAuroc: partialAuroc ?? Number.NaN,
        partialAuroc: (partialAuroc ?? Number.NaN) / 10,
        roc: { x: [], y: [] },
      });
    }
  }
  const measured: SiteEvaluation[] = [];
  for (const { control, core, start, bundle, sites } of networks) {
    if (!existsSync(bundle) || !existsSync(sites)) continue;
    signal?.throwIfAborted();
    const test = takeSplit(await readSites(sites), "test");
    const { network } = await readBundle(bundle);
    const scores = await predictSequences(network, test, { runtime, output: "logit", threads, signal });
    measured.push({
      key: `${control}-${core}-${start}`,
      label: `${start === "pretrained" ? "pre-trained" : "from scratch"}, core ${core === "keep" ? "kept" : "masked"}`,
      control,
      core,
      start,
      ...measure(scores, test.labels),
    });
  }
  for (const { label, folder } of options.baselines) {
    const file = join(folder, "scores.tsv");
    if (!existsSync(file) || options.sites.length === 0) continue;
    const { scores, labels } = readTestScores(await readFile(file, "utf8"));
    measured.push({
      key: `baseline-${label}`,
      label,
      control: options.sites[0].control,
      core: "keep",
      start: null,
      ...measure(scores, labels),
    });
  }
  const files = await Promise.all(
    options.scores
      .filter(({ file }) => existsSync(file))
      .map(async ({ core, file }) => ({ core, file: await loadAttributionFile(file) })),
  );
  const kept = files.find(({ core }) => core === "keep")?.file;
  return {
    factor,
    cell,
    motif,
    windowLength: kept?.length ?? [...sets.values()][0]?.length ?? 0,
    architecture: options.architecture,
    pretraining: options.pretrained ? await describePretraining(options.pretrained, options) : null,
    counts,
    evaluations: [...measured, ...evaluations],
    explained,
    method: options.method,
    profiles: files.flatMap(({ core, file }) => profile(core, file)),
    words: kept && options.words ? await readWords(options.words, factorName(kept)) : [],
    motifs: options.motifs ? await readMotifs(options.motifs) : [],
    examples: kept ? chooseExamples(kept) : [],
    notes: options.notes,
  };
}

interface Description {
  readonly sites?: { readonly instances?: number; readonly bound?: number };
  readonly warnings?: readonly string[];
  readonly baselines?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          SplitName,
          {
            readonly auroc: number | null;
            readonly auprc: number | null;
            readonly partialAuroc: number | null;
          }
        >
      >
    >
  >;
}

function measure(scores: ArrayLike<number>, labels: ArrayLike<number>) {
  const { x, y } = thin(scores, labels);
  const partial = partialAreaUnderRoc(scores, labels, 0.1);
  return {
    positives: Array.from(labels).filter((label) => label === 1).length,
    negatives: Array.from(labels).filter((label) => label === 0).length,
    auroc: areaUnderRoc(scores, labels),
    auprc: averagePrecision(scores, labels),
    partialAuroc: partial.area,
    normalisedPartialAuroc: partial.normalised,
    roc: { x, y },
  };
}

function thin(scores: ArrayLike<number>, labels: ArrayLike<number>) {
  const { falsePositiveRate, recall } = summariseCurve(rocCurve(scores, labels), curvePoints);
  return { x: Array.from(falsePositiveRate), y: Array.from(recall) };
}

function countTest(set: SequenceSet) {
  const rows = set.splits?.map((split, row) => (split === "test" ? set.labels[row] : Number.NaN)) ?? [];
  return {
    positives: rows.filter((label) => label === 1).length,
    negatives: rows.filter((label) => label === 0).length,
  };
}

function summariseCounts(
  control: AgentBindControl,
  set: SequenceSet,
  { sites, warnings = [] }: Description,
): SiteCountsSummary {
  const chosen = {
    training: { bound: 0, unbound: 0 },
    validation: { bound: 0, unbound: 0 },
    test: { bound: 0, unbound: 0 },
  };
  const gc = [
    { sum: 0, bases: 0 },
    { sum: 0, bases: 0 },
  ];
  for (let row = 0; row < set.count; row++) {
    const isBound = set.labels[row] === 1;
    const split = set.splits?.[row];
    if (split) chosen[split][isBound ? "bound" : "unbound"]++;
    const own = gc[isBound ? 1 : 0];
    for (let k = row * set.length; k < (row + 1) * set.length; k++) {
      if (set.codes[k] > 3) continue;
      own.bases++;
      if (set.codes[k] === 1 || set.codes[k] === 2) own.sum++;
    }
  }
  return {
    control,
    sites: sites?.instances ?? set.count,
    bound: sites?.bound ?? chosen.training.bound + chosen.validation.bound + chosen.test.bound,
    chosen,
    gcBound: gc[1].sum / gc[1].bases,
    gcUnbound: gc[0].sum / gc[0].bases,
    warnings,
  };
}

/** The core motif as the bound sites of a data set have it. */
function coreMotif({ cores, codes, labels, count, length }: SequenceSet, name: string): Motif | null {
  if (cores === undefined || count === 0) return null;
  const width = cores[1] - cores[0];
  const counts = new Float64Array(width * 4);
  let sites = 0;
  for (let row = 0; row < count; row++) {
    if (labels[row] !== 1 || cores[2 * row + 1] - cores[2 * row] !== width) continue;
    const from = row * length + cores[2 * row];
    sites++;
    for (let k = 0; k < width; k++) if (codes[from + k] < 4) counts[k * 4 + codes[from + k]]++;
  }
  if (sites === 0) return null;
  const probabilities = counts.map((value, i) => {
    const at = i - (i % 4);
    const sum = counts[at] + counts[at + 1] + counts[at + 2] + counts[at + 3];
    return sum === 0 ? 0.25 : value / sum;
  });
  return { id: name, name: `${name}, as in ${sites} bound sites`, probabilities, length: width, sites };
}

async function describePretraining(
  { bundle, compendium }: NonNullable<GatherOptions["pretrained"]>,
  { threads, signal }: GatherOptions,
): Promise<AgentBindReport["pretraining"]> {
  if (!existsSync(bundle) || !existsSync(compendium)) return null;
  const { network } = await readBundle(bundle);
  const set = await readSequenceSetFolder(compendium);
  const { mean } = await evaluateSequences(network, set, {
    runtime: nodeRuntime("cpu"),
    split: "test",
    threads,
    signal,
  });
  return {
    tracks: network.file.tasks.length,
    sequences: set.splits?.filter((split) => split === "training").length ?? set.count,
    auroc: mean.auroc ?? Number.NaN,
  };
}

/** Scores and labels of the test rows of `scores.tsv`: columns name, split, label, score. */
function readTestScores(text: string): { scores: number[]; labels: number[] } {
  const scores: number[] = [];
  const labels: number[] = [];
  for (const line of text.trimEnd().split("\n").slice(1)) {
    const [, split, label, score] = line.split("\t");
    if (split !== "test" || (label !== "0" && label !== "1") || !Number.isFinite(Number(score))) continue;
    labels.push(Number(label));
    scores.push(Number(score));
  }
  return { scores, labels };
}

/** Whether each sequence is bound, by the labels of the explained target; null where there are none. */
function readLabels({ labels, count, target }: AttributionFile): (number | undefined)[] {
  if (labels === undefined) return new Array<undefined>(count).fill(undefined);
  const tasks = labels.length / count;
  return Array.from({ length: count }, (_, row) => labels[row * tasks + (tasks === 1 ? 0 : target)]);
}

function profile(core: "keep" | "mask", file: AttributionFile): SiteProfile[] {
  const { count, length } = file;
  const scores = scorePositions(file);
  const labels = readLabels(file);
  return (["bound", "unbound"] as const).flatMap((label) => {
    const sums = new Float64Array(length);
    let sequences = 0;
    for (let row = 0; row < count; row++) {
      if (labels[row] !== (label === "bound" ? 1 : 0)) continue;
      sequences++;
      for (let k = 0; k < length; k++) sums[k] += Math.abs(scores[row * length + k]);
    }
    if (sequences === 0) return [];
    return [
      {
        core,
        label,
        sequences,
        values: Array.from(sums, (sum) => Number((sum / sequences).toPrecision(4))),
      },
    ];
  });
}

/** Bound sites that are predicted bound most surely. */
function chooseExamples(file: AttributionFile): SiteExample[] {
  const { count, length, predictions, places, cores, codes, target } = file;
  if (predictions === undefined || cores === undefined) return [];
  const targets = predictions.length / count;
  const scores = scorePositions(file);
  return readLabels(file)
    .map((label, row) => ({ label, row, probability: predictions[row * targets + target] }))
    .filter(({ label }) => label === 1)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, examples)
    .map(({ row, probability }) => ({
      name: file.names?.[row] ?? `${row + 1}`,
      chromosome: places?.[row].chromosome ?? "",
      start: places?.[row].start ?? 0,
      strand: places?.[row].strand ?? "+",
      sequence: Array.from(codes.subarray(row * length, (row + 1) * length), (code) => "ACGTN"[code]).join(
        "",
      ),
      core: [cores[2 * row], cores[2 * row + 1]],
      scores: Array.from(scores.subarray(row * length, (row + 1) * length), (value) =>
        Number(value.toPrecision(3)),
      ),
      probability,
    }));
}

async function readWords(folder: string, factor: string): Promise<SiteWord[]> {
  const file = join(folder, "words.json");
  if (!existsSync(file)) return [];
  const text = await readFile(file, "utf8");
  const { runs } = parseWordRecord(text, file);
  const run = runs.find((one) => one.factor === factor && one.subset === "all");
  const known = knownWords(text, factor);
  return (run?.words ?? [])
    .filter(({ log10AdjustedP }) => log10AdjustedP < Math.log10(0.05))
    .slice(0, mostWords)
    .map(({ word, top, occurrences, oddsRatio, log10AdjustedP }) => ({
      word,
      top,
      all: occurrences,
      oddsRatio,
      log10AdjustedP,
      known: known.get(word) ?? null,
    }));
}

/** The best match of the bases around each word, where motifs were given. */
function knownWords(text: string, factor: string): Map<string, string> {
  const record = JSON.parse(text) as {
    known?: { factor: string; matches: { word: string; name: string; qValue: number }[] }[];
  };
  const best = new Map<string, string>();
  for (const { word, name } of [...(record.known?.find((one) => one.factor === factor)?.matches ?? [])].sort(
    (a, b) => a.qValue - b.qValue,
  )) {
    if (!best.has(word)) best.set(word, name);
  }
  return best;
}

async function readMotifs(folder: string): Promise<SiteMotif[]> {
  const [motifFile, summaryFile] = [join(folder, "motifs.meme"), join(folder, "seqlets.json")];
  if (!existsSync(motifFile) || !existsSync(summaryFile)) return [];
  const { motifs: summaries } = JSON.parse(await readFile(summaryFile, "utf8")) as {
    motifs: { id: string; seqlets: number; matches?: { name: string }[] }[];
  };
  if (summaries.length === 0) return [];
  const motifs = await readMotifFile(motifFile);
  return summaries.slice(0, mostMotifs).flatMap(({ id, seqlets, matches }) => {
    const motif = motifs.find((one) => one.id === id);
    return motif === undefined ? [] : [{ motif, seqlets, known: matches?.[0]?.name ?? null }];
  });
}
