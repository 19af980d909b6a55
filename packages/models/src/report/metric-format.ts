import { formatFixed, isDrawable } from "../charts/number-format.js";
import type { FactorReport, MethodEvaluation, MethodMetrics } from "./report-data.js";

/** A column of metric tables: what it is called and how it is taken from a method's metrics. */
export interface MetricColumn {
  readonly title: string;
  readonly explanation: string;
  readonly read: (metrics: MethodMetrics) => number | null | undefined;
}

export const falseDiscoveryRates: readonly { readonly key: string; readonly percent: number }[] = [
  { key: "0.01", percent: 1 },
  { key: "0.05", percent: 5 },
  { key: "0.1", percent: 10 },
  { key: "0.25", percent: 25 },
  { key: "0.5", percent: 50 },
];

export const metricColumns: readonly MetricColumn[] = [
  {
    title: "auROC",
    explanation: "probability that a bound bin scores above an unbound one; chance is 0.5",
    read: (metrics) => metrics.auroc,
  },
  {
    title: "auPR",
    explanation: "exact average precision; chance is the prevalence",
    read: (metrics) => metrics.auprc,
  },
  ...falseDiscoveryRates.map(({ key, percent }) => ({
    title: `R@${percent}%`,
    explanation: `recall at a false discovery rate of at most ${percent} %`,
    read: (metrics: MethodMetrics) => metrics.recallAtFdr[key],
  })),
];

/** A metric with three decimals, or "n/a" where it is undefined. */
export function formatMetric(value: number | null | undefined): string {
  return isDrawable(value) ? formatFixed(value, 3) : "n/a";
}

/**
 * Which rows of a column are shown as best: all that print the same as the largest value. Rows left out of the
 * comparison (a ceiling is no competitor) and columns with fewer than two comparable values mark none.
 */
export function findBest(
  values: readonly (number | null | undefined)[],
  compared: readonly boolean[],
): boolean[] {
  const candidates = values.filter((value, index) => compared[index] && isDrawable(value)) as number[];
  if (candidates.length < 2) return values.map(() => false);
  const best = formatMetric(Math.max(...candidates));
  return values.map((value, index) => compared[index] && isDrawable(value) && formatMetric(value) === best);
}

/** A ceiling is the ChIP signal itself: a limit to compare with, not a competitor. */
export function isCompetitor(method: MethodEvaluation): boolean {
  return method.method !== "ceiling";
}

const shortNames: Readonly<Record<string, string>> = {
  pwm: "PWM",
  signal: "signal",
  regression: "regression",
  ceiling: "ceiling",
};

/** A method's name where room is short: the model keeps its own. */
export function shortMethodName(method: MethodEvaluation): string {
  return Object.hasOwn(shortNames, method.method) ? shortNames[method.method] : method.label;
}

const methodOrder = ["model", "pwm", "signal", "regression"];

/** The model first, then its baselines, then anything else, the ceiling last; otherwise as given. */
export function orderMethods(methods: readonly MethodEvaluation[]): MethodEvaluation[] {
  const rank = ({ method }: MethodEvaluation) => {
    const known = methodOrder.indexOf(method);
    if (known >= 0) return known;
    return method === "ceiling" ? methodOrder.length + 1 : methodOrder.length;
  };
  return [...methods].sort((a, b) => rank(a) - rank(b));
}

/** Share of bound bins among those evaluated, or null where there are none. */
export function prevalence(factor: FactorReport): number | null {
  const { bound, unbound } = factor.bins;
  const share = bound / (bound + unbound);
  return isDrawable(share) ? share : null;
}

/** Why pooled metrics are undefined, or null where they should be defined. */
export function reasonForMissing(factor: FactorReport): string | null {
  if (factor.methods.length === 0) return "nothing was evaluated";
  if (factor.bins.bound === 0 && factor.bins.unbound === 0) return "no bin was evaluated";
  if (factor.bins.bound === 0) return "no bin of the evaluated chromosomes is bound";
  if (factor.bins.unbound === 0) return "no bin of the evaluated chromosomes is unbound";
  const missing = factor.methods.some(
    (method) => !isDrawable(method.pooled.auroc) || !isDrawable(method.pooled.auprc),
  );
  return missing ? "the metric is not defined for these scores" : null;
}
