import { BindscapeError } from "@bindscape/numerics";
import type { InterpreterMetricOptions } from "../interpreter-metrics.js";
import { type BenchmarkArchitecture, type BenchmarkPlan, benchmarkArchitectures } from "./results.js";

/** What may be told of a benchmark; all else is its size's. */
export interface BenchmarkRequest {
  /** The paper's size: 50,000 sequences, AgentBind's networks. Hours on a laptop. Default false. */
  readonly full?: boolean;
  /** Networks of each architecture; seeds 1, 2, ... Default 5. */
  readonly seeds?: number;
  readonly architectures?: readonly BenchmarkArchitecture[];
  readonly sequences?: readonly [number, number, number];
  readonly length?: number;
  readonly minimum?: number;
  /** Positives of the test set that are explained. */
  readonly explained?: number;
  /** Sequences that naive mutagenesis is timed on. */
  readonly naiveSequences?: number;
  readonly reference?: BenchmarkPlan["reference"];
  readonly metrics?: InterpreterMetricOptions;
  readonly substitutions?: BenchmarkPlan["substitutions"];
  readonly epochs?: number;
}

/** Small networks for the small form: what learns the simulation within its budget. */
const smallNetworks = {
  danq: {
    kernels: 32,
    poolWidth: 25,
    recurrent: 16,
    dense: 128,
    convolutionDropout: 0.1,
    dropout: 0.2,
    initialisation: "fan-in",
    strands: "forward",
  },
  deepsea: {
    kernels: 24,
    secondKernels: 32,
    thirdKernels: 48,
    dense: 64,
    initialisation: "glorot",
    strands: "forward",
  },
};

const smallTraining = {
  danq: { epochs: 18, patience: 18, batchSize: 32, learningRate: 0.0008, weightAverage: 0.99 },
  deepsea: { epochs: 10, patience: 10, batchSize: 32, learningRate: 0.002, weightAverage: 0.99 },
};

/**
 * A plan from what was asked. The small form finishes within a quarter of an hour on two cores; the full form is the
 * paper's: 50,000 / 1,000 / 1,000 sequences of 1 kb, AgentBind's networks and training with both strands as samples.
 * @throws BindscapeError for numbers that make no benchmark
 */
export function planBenchmark(request: BenchmarkRequest = {}): BenchmarkPlan {
  const { full = false, seeds = 5, architectures = benchmarkArchitectures } = request;
  const whole = (name: string, value: number, least: number) => {
    if (Number.isSafeInteger(value) && value >= least) return;
    throw new BindscapeError({ source: name, found: `${value}`, expected: `a whole number from ${least}` });
  };
  const explained = request.explained ?? (full ? 500 : 30);
  const naiveSequences = request.naiveSequences ?? (full ? 5 : 2);
  whole("seeds", seeds, 1);
  whole("explained", explained, 2);
  whole("naive sequences", naiveSequences, 0);
  if (request.epochs !== undefined) whole("epochs", request.epochs, 1);
  const epochs = request.epochs === undefined ? {} : { epochs: request.epochs };
  const networks = full ? { danq: {}, deepsea: {} } : smallNetworks;
  const training = full ? { danq: {}, deepsea: {} } : smallTraining;
  return {
    size: full ? "full" : "small",
    sequences: request.sequences ?? (full ? [50_000, 1_000, 1_000] : [6_000, 1_000, 1_000]),
    length: request.length ?? 1_000,
    minimum: request.minimum ?? 1,
    explained,
    naiveSequences,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    architectures,
    networks: pick(architectures, (name) => networks[name]),
    training: pick(architectures, (name) => ({ ...training[name], ...epochs })),
    reference: request.reference ?? "uniform",
    substitutions: request.substitutions ?? "largest",
    metrics: {
      score: "absolute",
      ranking: "sequence",
      topShare: 0.05,
      foundShare: 0.5,
      falsePositives: "bases",
      signalToNoise: "pooled",
      ...request.metrics,
    },
  };
}

function pick<Value>(
  names: readonly BenchmarkArchitecture[],
  read: (name: BenchmarkArchitecture) => Value,
): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

/** What a run depends on beside its seed and architecture: finished runs with the same are not done again. */
export function fingerprintPlan(plan: BenchmarkPlan, architecture: BenchmarkArchitecture): string {
  const { seeds: _, architectures: __, networks, training, ...rest } = plan;
  return JSON.stringify({ ...rest, network: networks[architecture], training: training[architecture] });
}
