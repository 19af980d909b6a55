import { Random } from "@bindscape/numerics";
import { interpreterMethods } from "../src/benchmark/methods.js";
import {
  type BenchmarkArchitecture,
  type BenchmarkPlan,
  type BenchmarkRun,
  rocGrid,
} from "../src/benchmark/results.js";

export const fakePlan: BenchmarkPlan = {
  size: "small",
  sequences: [6_000, 1_000, 1_000],
  length: 1_000,
  minimum: 1,
  explained: 30,
  naiveSequences: 2,
  seeds: [1, 2, 3],
  architectures: ["danq", "deepsea"],
  networks: { danq: { kernels: 32 }, deepsea: { kernels: 32 } },
  training: { danq: { epochs: 12 }, deepsea: { epochs: 10 } },
  reference: "uniform",
  substitutions: "largest",
  metrics: {
    score: "absolute",
    ranking: "sequence",
    topShare: 0.05,
    foundShare: 0.5,
    falsePositives: "bases",
    signalToNoise: "pooled",
  },
};

/** A run with invented numbers: mutagenesis best on bases, DeepLIFT on motifs. */
export function fakeRun(architecture: BenchmarkArchitecture, seed: number): BenchmarkRun {
  const random = Random.forPart(seed, architecture);
  const accuracies: Record<string, number> = { ism: 0.5, "grad-cam-saliency": 0.44, deeplift: 0.4 };
  const motifs = [
    { motif: "TAL1", start: 200, end: 216 },
    { motif: "GATA1", start: 495, end: 505 },
    { motif: "TAL1", start: 800, end: 816 },
  ];
  const scores: Record<string, number[]> = {};
  const methods = interpreterMethods.map(({ key }) => {
    const accuracy = (accuracies[key] ?? 0.3) + random.normal() * 0.004;
    if (key !== "ism-naive") {
      scores[key] = Array.from({ length: 1_000 }, (_, i) =>
        Number(
          (
            random.normal() * 0.05 +
            (motifs.some(({ start, end }) => i >= start && i < end) ? random.uniform() : 0)
          ).toFixed(4),
        ),
      );
    }
    return {
      method: key,
      secondsPerSequence:
        (key === "ism-naive" ? 2 : key === "ism" ? 0.4 : 0.02) * (1 + random.uniform() * 0.1),
      timedSequences: key === "ism-naive" ? 2 : 30,
      ...(key === "ism-naive"
        ? { recall: [] }
        : {
            metrics: {
              accuracy,
              bestAccuracy: 0.62,
              recall: (key === "deeplift" ? 0.9 : 0.7) + random.normal() * 0.01,
              auroc: 0.95 + random.normal() * 0.005,
              baseAuroc: 0.85 + random.normal() * 0.005,
              signalToNoise: 9 + random.normal(),
            },
            recall: rocGrid.map((at) => at ** (0.2 + 0.1 * random.uniform())),
          }),
      warnings: [],
    };
  });
  return {
    architecture,
    seed,
    testAuroc: 0.98,
    testAuprc: 0.981,
    epochs: 12,
    trainingSeconds: 40,
    sequences: 30,
    embedded: 55,
    methods,
    example: {
      name: "test_1",
      sequence: Array.from({ length: 1_000 }, () => "ACGT"[random.integer(4)]).join(""),
      motifs,
      scores,
    },
  };
}
