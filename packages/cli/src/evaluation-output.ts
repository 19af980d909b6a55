import { writeFileAtomically } from "@bindscape/genome";
import type { BootstrapInterval, BootstrapMetrics, MethodEvaluation } from "@bindscape/models";
import { formatMetrics, formatTable, metricsByMethod, printJson } from "./print.js";

/** What is printed of the evaluation of a factor. */
export interface PrintedEvaluation {
  readonly factor: string;
  readonly methods: readonly MethodEvaluation[];
  readonly labels: Uint8Array;
  /** By method; empty without --bootstrap. */
  readonly intervals: readonly BootstrapMetrics[];
}

export interface EvaluationOutput {
  readonly split: string;
  /** File for the same JSON as --json prints. */
  readonly out?: string;
  readonly json?: boolean;
  readonly perChromosome?: boolean;
}

/** Prints evaluations as tables or as one JSON line, and writes them where asked. */
export async function printEvaluations(
  evaluations: readonly PrintedEvaluation[],
  { split, out, json, perChromosome }: EvaluationOutput,
): Promise<void> {
  const described = describeEvaluations(evaluations, split);
  if (out !== undefined) await writeFileAtomically(out, `${JSON.stringify(described, null, 2)}\n`);
  if (json) {
    printJson(described);
    return;
  }
  console.log(formatMetrics(evaluations));
  if (evaluations.some(({ intervals }) => intervals.length > 0)) {
    console.log(`\n${formatIntervals(evaluations)}`);
  }
  if (!perChromosome) return;
  for (const { factor, methods } of evaluations) {
    for (const chromosome of Object.keys(methods[0].perChromosome)) {
      const ofChromosome = methods.map((method) => ({ ...method, pooled: method.perChromosome[chromosome] }));
      console.log(`\n${formatMetrics([{ factor: `${factor} ${chromosome}`, methods: ofChromosome }])}`);
    }
  }
}

function describeEvaluations(evaluations: readonly PrintedEvaluation[], split: string): unknown {
  return {
    split,
    factors: Object.fromEntries(
      evaluations.map(({ factor, methods, labels, intervals }) => [
        factor,
        {
          ...metricsByMethod(methods),
          ...(intervals.length > 0
            ? { intervals: Object.fromEntries(methods.map(({ method }, m) => [method, intervals[m]])) }
            : {}),
          bins: labels.length,
          bound: labels.reduce((sum, label) => sum + label, 0),
          perChromosome: Object.fromEntries(
            methods.map(({ method, perChromosome }) => [method, perChromosome]),
          ),
        },
      ]),
    ),
  };
}

function formatIntervals(evaluations: readonly PrintedEvaluation[]): string {
  const write = ({ estimate, low, high }: BootstrapInterval) =>
    `${estimate.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  const { regions = 0, replicates = 0 } = evaluations[0]?.intervals[0] ?? {};
  return formatTable([
    [`95 % intervals (${regions} regions, ${replicates} resamples)`, "auROC", "auPR"],
    ...evaluations.flatMap(({ factor, methods, intervals }) =>
      methods.map(({ label }, m) => [
        `${factor}  ${label}`,
        write(intervals[m].auroc),
        write(intervals[m].auprc),
      ]),
    ),
  ]);
}
