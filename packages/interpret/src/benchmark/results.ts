import { type MeanInterval, meanInterval } from "@bindscape/numerics";
import type { SubstitutionRule } from "../base-scores.js";
import type { InterpreterMetricOptions, InterpreterMetrics } from "../interpreter-metrics.js";

/** Architectures of the paper's comparison. */
export const benchmarkArchitectures = ["danq", "deepsea"] as const;

export type BenchmarkArchitecture = (typeof benchmarkArchitectures)[number];

/** What one method did on one trained network. */
export interface MethodResult {
  /** Key of the method in {@link interpreterMethods}. */
  readonly method: string;
  /** Metric 1: processor seconds for one sequence. */
  readonly secondsPerSequence: number;
  /** Sequences that were timed. */
  readonly timedSequences: number;
  /** Metrics 2 to 5; absent where a method was only timed. */
  readonly metrics?: InterpreterMetrics;
  /** Recall of motifs at each of {@link rocGrid}'s false-positive rates; empty where a method was only timed. */
  readonly recall: readonly number[];
  /** What the verb warned of. */
  readonly warnings: readonly string[];
}

/** A sequence with its motifs and each method's scores, for a picture. */
export interface BenchmarkExample {
  readonly name: string;
  readonly sequence: string;
  readonly motifs: readonly { readonly motif: string; readonly start: number; readonly end: number }[];
  /** By method: a score for every base. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

/** One network: simulated, trained, explained. */
export interface BenchmarkRun {
  readonly architecture: BenchmarkArchitecture;
  readonly seed: number;
  /** auROC and average precision on the test sequences. */
  readonly testAuroc: number;
  readonly testAuprc: number;
  readonly epochs: number;
  /** Processor seconds of training. */
  readonly trainingSeconds: number;
  /** Positives of the test set that were explained. */
  readonly sequences: number;
  readonly embedded: number;
  readonly methods: readonly MethodResult[];
  readonly example: BenchmarkExample;
}

/** What a benchmark was asked for, as it stands in its results. */
export interface BenchmarkPlan {
  readonly size: "small" | "full";
  readonly sequences: readonly [number, number, number];
  readonly length: number;
  readonly minimum: number;
  readonly explained: number;
  readonly naiveSequences: number;
  readonly seeds: readonly number[];
  readonly architectures: readonly BenchmarkArchitecture[];
  readonly networks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly training: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What DeepLIFT and integrated gradients compare with. */
  readonly reference: "zeros" | "uniform" | "background" | "shuffled";
  readonly substitutions: SubstitutionRule;
  readonly metrics: Required<InterpreterMetricOptions>;
}

/** False-positive rates at which recall is averaged over networks: fine where curves are steep. */
export const rocGrid: readonly number[] = [
  ...Array.from({ length: 50 }, (_, i) => i / 500),
  ...Array.from({ length: 91 }, (_, i) => 0.1 + i / 100),
];

/** The five metrics of the paper in its order, and two that help to read them. */
export const benchmarkMetrics = [
  {
    key: "secondsPerSequence",
    title: "Run time",
    unit: "processor s a sequence",
    decimals: 4,
    lowerIsBetter: true,
    about: "Processor time for one sequence on one thread, with building the graph",
  },
  {
    key: "accuracy",
    title: "Accuracy",
    unit: "share of the top 5 % bases",
    decimals: 3,
    about: "Share of the top 5 % bases that lie in embedded TAL1 motifs",
  },
  {
    key: "recall",
    title: "Recall",
    unit: "share of motifs",
    decimals: 3,
    about: "Share of embedded TAL1 motifs with at least half of their bases in the top 5 %",
  },
  {
    key: "auroc",
    title: "auROC",
    unit: "area",
    decimals: 3,
    about: "Area under recall of motifs against false positives, as the top grows from none to all bases",
  },
  {
    key: "signalToNoise",
    title: "Signal to noise",
    unit: "ratio",
    decimals: 1,
    about: "Mean score of bases in embedded motifs over the mean score of background bases",
  },
  {
    key: "baseAuroc",
    title: "auROC of bases",
    unit: "area",
    decimals: 3,
    about: "The same with single bases in the place of motifs",
  },
] as const;

export type BenchmarkMetric = (typeof benchmarkMetrics)[number]["key"];

/** One line of the table: a method on an architecture over all seeds. */
export interface BenchmarkRow {
  readonly architecture: BenchmarkArchitecture;
  readonly method: string;
  /** Networks. */
  readonly runs: number;
  /** NaN where a method was only timed. */
  readonly metrics: Readonly<Record<BenchmarkMetric, MeanInterval>>;
  /** Mean recall at each of {@link rocGrid}; empty where a method was only timed. */
  readonly recall: readonly number[];
}

/** Means over seeds with 95 % intervals by Student's t, a row for each architecture and method, in order of appearance. */
export function summariseRuns(runs: readonly BenchmarkRun[]): BenchmarkRow[] {
  const rows: BenchmarkRow[] = [];
  for (const architecture of benchmarkArchitectures) {
    const own = runs.filter((run) => run.architecture === architecture);
    const methods = new Set(own.flatMap((run) => run.methods.map(({ method }) => method)));
    for (const method of methods) {
      const results = own.flatMap((run) => run.methods.filter((one) => one.method === method));
      const read = (key: BenchmarkMetric) =>
        results.map((result) =>
          key === "secondsPerSequence" ? result.secondsPerSequence : (result.metrics?.[key] ?? Number.NaN),
        );
      const drawn = results.filter(({ recall }) => recall.length === rocGrid.length);
      rows.push({
        architecture,
        method,
        runs: results.length,
        metrics: Object.fromEntries(
          benchmarkMetrics.map(({ key }) => [key, meanInterval(read(key))]),
        ) as unknown as BenchmarkRow["metrics"],
        recall:
          drawn.length === 0
            ? []
            : rocGrid.map((_, i) => drawn.reduce((sum, { recall }) => sum + recall[i], 0) / drawn.length),
      });
    }
  }
  return rows;
}

/** Recall of a curve at each of {@link rocGrid}, by straight lines between its points, the highest at a step. */
export function readCurve(curve: {
  readonly falsePositiveRate: ArrayLike<number>;
  readonly recall: ArrayLike<number>;
}): number[] {
  const { falsePositiveRate: x, recall: y } = curve;
  let i = 0;
  return rocGrid.map((at) => {
    while (i + 1 < x.length && x[i + 1] <= at) i++;
    if (i + 1 >= x.length || x[i] === at) return y[i];
    return y[i] + ((y[i + 1] - y[i]) * (at - x[i])) / (x[i + 1] - x[i]);
  });
}

/** The table as tab-separated values: a header, then a line for each architecture and method. */
export function formatBenchmarkTable(rows: readonly BenchmarkRow[]): string {
  const header = [
    "architecture",
    "method",
    "networks",
    ...benchmarkMetrics.flatMap(({ key }) => [key, `${key}_low`, `${key}_high`]),
  ];
  const format = (value: number) => (Number.isNaN(value) ? "NA" : Number(value.toPrecision(6)).toString());
  return [
    header,
    ...rows.map((row) => [
      row.architecture,
      row.method,
      `${row.runs}`,
      ...benchmarkMetrics.flatMap(({ key }) => {
        const { mean, low, high } = row.metrics[key];
        return [format(mean), format(low), format(high)];
      }),
    ]),
  ]
    .map((cells) => `${cells.join("\t")}\n`)
    .join("");
}
