import { meanInterval } from "@bindscape/numerics";
import type { BenchmarkArchitecture, BenchmarkMetric, BenchmarkRun } from "./results.js";

/** Something the paper says, and what the runs say to it. */
export interface OrderingCheck {
  readonly statement: string;
  readonly architecture: BenchmarkArchitecture;
  readonly verdict: "holds" | "does not hold" | "undecided" | "not measured";
  /** The numbers behind it, in words. */
  readonly evidence: string;
}

const others = ["gradient-input", "grad-cam-saliency", "deeplift"];
const titleOf: Readonly<Record<string, string>> = {
  ism: "mutagenesis",
  "gradient-input": "gradient × input",
  "grad-cam-saliency": "Grad-CAM × saliency",
  deeplift: "DeepLIFT",
};

/**
 * The paper's three findings (Zheng et al. 2021, Results, "Identifying the context-specific determinants of TF binding"),
 * each held against these runs. Differences are taken within a network and averaged over networks: a finding holds where
 * the 95 % interval of every difference lies on its side of 0, does not hold where one lies on the other side, and is
 * undecided otherwise.
 */
export function checkPublishedOrdering(runs: readonly BenchmarkRun[]): OrderingCheck[] {
  const checks: OrderingCheck[] = [];
  for (const architecture of new Set(runs.map((run) => run.architecture))) {
    const own = runs.filter((run) => run.architecture === architecture);
    checks.push(
      compare(
        own,
        architecture,
        "Mutagenesis classifies single bases best",
        "accuracy",
        "ism",
        // The paper has no DeepLIFT of DanQ to compare with.
        architecture === "danq" ? others.filter((key) => key !== "deeplift") : others,
      ),
      compareTimes(own, architecture),
    );
    if (architecture === "danq") continue;
    checks.push(
      compare(own, architecture, "DeepLIFT finds more motif instances than Grad-CAM", "recall", "deeplift", [
        "grad-cam-saliency",
      ]),
      compare(
        own,
        architecture,
        "Grad-CAM is sharper on bases than DeepLIFT",
        "accuracy",
        "grad-cam-saliency",
        ["deeplift"],
      ),
    );
  }
  return checks;
}

function readMetric(run: BenchmarkRun, method: string, metric: BenchmarkMetric): number {
  const result = run.methods.find((one) => one.method === method);
  if (metric === "secondsPerSequence") return result?.secondsPerSequence ?? Number.NaN;
  return result?.metrics?.[metric] ?? Number.NaN;
}

function compare(
  runs: readonly BenchmarkRun[],
  architecture: BenchmarkArchitecture,
  statement: string,
  metric: BenchmarkMetric,
  better: string,
  worse: readonly string[],
): OrderingCheck {
  const differences = worse.flatMap((key) => {
    const values = runs
      .map((run) => readMetric(run, better, metric) - readMetric(run, key, metric))
      .filter((value) => !Number.isNaN(value));
    return values.length === 0 ? [] : [{ key, ...meanInterval(values) }];
  });
  const evidence = differences
    .map(({ key, mean, low, high }) => {
      const interval = Number.isNaN(low) ? "" : ` (${signed(low)} to ${signed(high)})`;
      return `${titleOf[better]} − ${titleOf[key]}: ${signed(mean)}${interval}`;
    })
    .join("; ");
  const verdict =
    differences.length === 0
      ? "not measured"
      : differences.some(({ high }) => high < 0)
        ? "does not hold"
        : differences.every(({ low }) => low > 0)
          ? "holds"
          : "undecided";
  return { statement, architecture, verdict, evidence: `${metric} ${evidence}`.trim() };
}

function compareTimes(runs: readonly BenchmarkRun[], architecture: BenchmarkArchitecture): OrderingCheck {
  const statement = "Mutagenesis takes about two orders of magnitude longer";
  const ratios = (method: string) =>
    runs.flatMap((run) => {
      const rest = others
        .map((key) => readMetric(run, key, "secondsPerSequence"))
        .filter((value) => value > 0)
        .sort((a, b) => a - b);
      const ratio =
        readMetric(run, method, "secondsPerSequence") / (rest[Math.floor(rest.length / 2)] ?? Number.NaN);
      return Number.isNaN(ratio) ? [] : [ratio];
    });
  const naive = ratios("ism-naive");
  if (naive.length === 0) return { statement, architecture, verdict: "not measured", evidence: "" };
  const geometric = (values: readonly number[]) =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const times = geometric(naive);
  const shared = ratios("ism");
  return {
    statement,
    architecture,
    verdict: times >= 30 && times <= 1000 ? "holds" : "does not hold",
    evidence: `naive mutagenesis ${times.toPrecision(3)} times the median of the other methods' time${
      shared.length === 0 ? "" : `, with shared work ${geometric(shared).toPrecision(3)} times`
    }`,
  };
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
