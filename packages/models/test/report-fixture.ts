import {
  areaUnderRoc,
  averagePrecision,
  precisionRecallCurve,
  Random,
  recallAtFdr,
  rocCurve,
} from "@bindscape/numerics";
import type {
  FactorReport,
  HistoryEntry,
  KernelSummary,
  LocusView,
  MethodEvaluation,
  MethodMetrics,
  ReportData,
} from "../src/report/report-data.js";

/** Core motifs of the yeast factors, only to make kernels that look like something. */
const cores: Readonly<Record<string, string>> = {
  Reb1: "TTACCCGG",
  Abf1: "CGTATATAATGA",
  Rap1: "ACACCCATACATT",
  Mcm1: "CCTAATTAGG",
  Fkh1: "GTAAACAA",
  Cin5: "TTACGTAA",
  Phd1: "GGTGCATG",
  Mbp1: "ACGCGTCA",
};

/** How far bound bins score above unbound ones, in standard deviations, by method. */
const separations: Readonly<Record<string, number>> = {
  model: 2.6,
  pwm: 1.4,
  signal: 1.5,
  regression: 2.3,
  ceiling: 4,
};

const labels: Readonly<Record<string, string>> = {
  model: "FactorNet",
  pwm: "PWM log-odds (best in bin)",
  signal: "Mean ATAC signal (200 bp)",
  regression: "Logistic regression",
  ceiling: "ChIP signal (ceiling)",
};

export interface FixtureOptions {
  readonly factors?: readonly string[];
  /** Bins drawn for each of three chromosomes. */
  readonly bins?: number;
  readonly networks?: number;
  readonly epochs?: number;
  readonly ceiling?: boolean;
  readonly tracks?: readonly string[];
}

/** A made-up report that looks like one of a yeast study; the same options give the same report. */
export function makeReportData(options: FixtureOptions = {}): ReportData {
  const factors = options.factors ?? Object.keys(cores);
  return {
    title: "FactorNet on yeast: eight factors from sequence and ATAC-seq",
    summary:
      "Trained on 11 chromosomes of sacCer3 with ATAC-seq cut counts; validation on chrII, evaluation on chrIV, chrVII and chrXIV, which no step of training saw.",
    notice: "Simulated numbers: this report is a test of its own layout.",
    facts: [
      { label: "Assembly", value: "sacCer3, 16 nuclear chromosomes, 12 071 326 bp" },
      { label: "Validation", value: "chrII" },
      { label: "Test", value: "chrIV, chrVII, chrXIV" },
      { label: "Bins", value: "200 bp every 50 bp, bound when at least 101 bp overlap a peak" },
      { label: "Preset", value: "yeast (32 kernels of 26 bp, pool 13, BiLSTM 32, dense 128)" },
      { label: "Seed", value: "420" },
      { label: "Versions", value: "bindscape 0.1.0, onnxruntime 1.30.0, Node 24.1.0" },
      { label: "Time", value: "6 min 12 s on 2 cores" },
    ],
    departures: [
      "Kernels are seeded from the PWM of every factor, not only CTCF's.",
      "Negatives are drawn anew in every epoch; the published code draws them once.",
      "Windows are 600 bp long, not 1 000 bp.",
    ],
    citation:
      "Quang D, Xie X. FactorNet: a deep learning framework for predicting cell type specific transcription factor binding from nucleotide-resolution sequential data. Methods 166 (2019) 40-47. doi:10.1016/j.ymeth.2019.03.020",
    factors: factors.map((factor, index) => makeFactor(factor, index, options)),
  };
}

/** A factor about which nothing is known: no bound bins, no kernels, no loci, no history, undefined metrics. */
export function makeEmptyFactor(factor = "Nothing"): FactorReport {
  const nothing: MethodMetrics = {
    auroc: Number.NaN,
    auprc: Number.NaN,
    recallAtFdr: {
      "0.01": Number.NaN,
      "0.05": Number.NaN,
      "0.1": Number.NaN,
      "0.25": Number.NaN,
      "0.5": Number.NaN,
    },
  };
  return {
    factor,
    cell: "BY4741",
    bins: { bound: 0, unbound: 5000, ambiguous: 3 },
    peaks: { training: 12, validation: 0, test: 0 },
    methods: ["model", "pwm"].map((method) => ({
      method,
      label: labels[method],
      pooled: nothing,
      perChromosome: { chrIV: nothing },
      roc: { x: [0, 1], y: [Number.NaN, Number.NaN] },
      precisionRecall: { x: [], y: [] },
    })),
    scores: { edges: [0, 0.5, 1], bound: [0, 0], unbound: [0, 0] },
    histories: [],
    kernels: [],
    loci: [],
  };
}

function makeFactor(factor: string, index: number, options: FixtureOptions): FactorReport {
  const {
    bins = 2500,
    networks = 1 + (index % 3),
    epochs = 18,
    ceiling = index % 4 === 1,
    tracks = ["ATAC"],
  } = options;
  const random = Random.forPart("report fixture", factor);
  const chromosomes = ["chrIV", "chrVII", "chrXIV"];
  const share = 0.02 + 0.012 * (index % 3);
  const truth = chromosomes.map(() => Array.from({ length: bins }, () => (random.uniform() < share ? 1 : 0)));
  const methods = ["model", "pwm", "signal", "regression", ...(ceiling ? ["ceiling"] : [])];
  const difficulty = 0.65 + 0.45 * random.uniform();
  const scores = new Map(
    methods.map((method) => [
      method,
      truth.map((one) =>
        one.map((label) => squash(random.normal() + label * separations[method] * difficulty - 2.2)),
      ),
    ]),
  );
  const all = truth.flat();
  const model = scores.get("model")!.flat();
  const edges = Array.from({ length: 51 }, (_, step) => step / 50);
  const count = (label: number) => {
    const counts = edges.slice(1).map(() => 0);
    model.forEach((score, bin) => {
      if (all[bin] === label) counts[Math.min(49, Math.floor(score * 50))] += label === 1 ? 3 : 40;
    });
    return counts;
  };
  const bound = all.filter((label) => label === 1).length;
  return {
    factor,
    cell: "BY4741",
    bins: { bound, unbound: all.length - bound, ambiguous: 214 },
    peaks: { training: 1204 - 97 * index, validation: 118 - 9 * index, test: 310 - 25 * index },
    methods: methods.map((method) => evaluate(method, chromosomes, truth, scores.get(method)!)),
    scores: { edges, bound: count(1), unbound: count(0) },
    histories: Array.from({ length: networks }, (_, network) => makeHistory(network, epochs, random)),
    kernels: Array.from({ length: 8 }, (_, kernel) => makeKernel(factor, kernel, tracks, random)),
    loci: ["strongest correct call", "strongest false call", "weakest bound bin"].map((title, locus) =>
      makeLocus(`${factor}: ${title}`, chromosomes[locus], tracks, random),
    ),
  };
}

function squash(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function evaluate(
  method: string,
  chromosomes: readonly string[],
  truth: readonly number[][],
  scores: readonly number[][],
): MethodEvaluation {
  const roc = rocCurve(scores.flat(), truth.flat());
  const curve = precisionRecallCurve(scores.flat(), truth.flat());
  const thin = (values: Float64Array) =>
    [...values].filter(
      (_, point) => point < 40 || point % Math.ceil(values.length / 250) === 0 || point === values.length - 1,
    );
  return {
    method,
    label: labels[method],
    pooled: measure(scores.flat(), truth.flat()),
    perChromosome: Object.fromEntries(
      chromosomes.map((name, index) => [name, measure(scores[index], truth[index])]),
    ),
    roc: { x: thin(roc.falsePositiveRate), y: thin(roc.recall) },
    precisionRecall: { x: thin(curve.recall), y: thin(curve.precision) },
  };
}

function measure(scores: readonly number[], truth: readonly number[]): MethodMetrics {
  return {
    auroc: areaUnderRoc(scores, truth),
    auprc: averagePrecision(scores, truth),
    recallAtFdr: Object.fromEntries(
      ["0.01", "0.05", "0.1", "0.25", "0.5"].map((fdr) => [fdr, recallAtFdr(scores, truth, Number(fdr))]),
    ),
  };
}

function makeHistory(network: number, epochs: number, random: Random): FactorReport["histories"][number] {
  const entries = Array.from({ length: epochs }, (_, index): HistoryEntry => {
    const fall = Math.exp(-index / (4 + network));
    return {
      epoch: index + 1,
      trainingLoss: 0.12 + 0.4 * fall + 0.008 * random.normal(),
      validationLoss: 0.16 + 0.3 * fall + 0.004 * index + 0.012 * random.normal(),
      learningRate: 0.001,
      seconds: 4.2,
    };
  });
  const best = entries.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  return { label: `network ${network + 1}`, bestEpoch: best.epoch, entries };
}

function makeKernel(factor: string, index: number, tracks: readonly string[], random: Random): KernelSummary {
  const length = 26;
  const core = cores[factor] ?? "TGACTCA";
  const offset = index === 0 ? 8 : 3 + random.integer(8);
  const strength = index === 0 ? 0.95 : 0.9 * Math.exp(-index / 4);
  const probabilities = Array.from({ length }, (_, position) => {
    const base = index % 3 === 2 ? "ACGT"[random.integer(4)] : core[position - offset];
    const weight = base === undefined ? 0.08 * random.uniform() : strength * (0.75 + 0.25 * random.uniform());
    const favourite = base ?? "ACGT"[random.integer(4)];
    return ["A", "C", "G", "T"].map((one) => (one === favourite ? weight : 0) + (1 - weight) / 4);
  });
  return {
    index: (index * 7) % 32,
    seededFrom: index === 0 ? `MA0363.2 ${factor.toUpperCase()}` : null,
    sites: 1200 - 140 * index,
    largestActivation: 4.2 - 0.4 * index,
    probabilities: probabilities.flat(),
    meanSignal: Object.fromEntries(
      tracks.map((track) => [
        track,
        probabilities.map(
          (_, position) => 2.4 - 1.3 * Math.exp(-(((position - 12) / 5) ** 2)) + 0.1 * random.normal(),
        ),
      ]),
    ),
    signalUnits: Object.fromEntries(tracks.map((track) => [track, "cuts per bp"])),
  };
}

function makeLocus(title: string, chromosome: string, tracks: readonly string[], random: Random): LocusView {
  const start = 100_000 + random.integer(400_000);
  const length = 8000;
  const peaks = [0.2, 0.55, 0.8].map((part, index) => {
    const centre = start + Math.round(length * (part + 0.05 * random.normal()));
    return { start: centre - 100, end: centre + 100, relaxed: index === 2 };
  });
  const near = (position: number, width: number) =>
    peaks.reduce(
      (sum, peak) => sum + Math.exp(-(((position - (peak.start + peak.end) / 2) / width) ** 2)),
      0,
    );
  const steps = 800;
  const at = (step: number) => start + ((step + 0.5) * length) / steps;
  return {
    title,
    chromosome,
    start,
    end: start + length,
    tracks: [
      ...tracks.map((label) => ({
        label,
        unit: "cuts per bp",
        kind: "signal" as const,
        values: Array.from({ length: steps }, (_, step) =>
          step > 640 && step < 660
            ? null
            : Math.abs(random.normal()) * (0.4 + 5 * near(at(step), 160) + (step % 200 < 30 ? 1.5 : 0)),
        ),
      })),
      {
        label: "FactorNet prediction",
        unit: "probability",
        kind: "prediction" as const,
        values: Array.from({ length: steps }, (_, step) =>
          Math.min(1, 0.03 * random.uniform() + 0.93 * near(at(step), 110)),
        ),
      },
    ],
    peaks,
    sites: peaks.map((peak, index) => ({
      start: peak.start + 90,
      end: peak.start + 98,
      strand: index % 2 === 0 ? "+" : "-",
      score: 12.5 - 3 * index,
    })),
  };
}
