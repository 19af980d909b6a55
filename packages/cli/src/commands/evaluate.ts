import {
  type BootstrapInterval,
  type BootstrapMetrics,
  bootstrapEvaluation,
  evaluateBundles,
  type JoinRule,
  type MethodEvaluation,
  readBundle,
} from "@bindscape/models";
import { loadStudy } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { formatMetrics, formatTable, metricsByMethod, printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { addStudyOptions, parseList, parseWholeNumber } from "./shared-options.js";

export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description("measure model bundles on a study's hold-out, beside the baselines")
    .argument("<bundles...>", "model bundles; several are joined (--join)")
    .requiredOption("--study <file>", "study file")
    .option("--cell <name>", "cell to evaluate in (default: the one trained in)")
    .addOption(
      new Option(
        "--join <rule>",
        "join several bundles by the mean of their ranks, or of their probabilities",
      )
        .choices(["rank", "mean"])
        .default("rank"),
    )
    .option("--factor <names>", "only these factors, separated by commas", parseList)
    .addOption(
      new Option("--split <name>", "hold-out to evaluate on").choices(["test", "validation"]).default("test"),
    )
    .option(
      "--bootstrap <number>",
      "95 % intervals from so many resamples of regions (segments of the genome, cut to about 1,000 bins)",
      parseWholeNumber,
    )
    .option("--per-chromosome", "print the metrics of every chromosome too");
  addStudyOptions(command).addHelpText(
    "after",
    "\nExamples:\n  bindscape evaluate models/reb1 --study study.yaml\n  bindscape evaluate models/reb1-seed1 models/reb1-seed2 --study study.yaml --json",
  );
  command.action(async (paths: string[], given: EvaluateFlags) => {
    const bundles = await Promise.all(paths.map(readBundle));
    const factors =
      given.factor ?? bundles.flatMap(({ network }) => network.file.tasks.map((task) => task.factor));
    const study = await loadStudy(given.study, { factors, dataFolder: given.data });
    const bar = new ProgressBar();
    const evaluations = await withInterrupt("Nothing was written", (signal) =>
      evaluateBundles({
        study,
        bundles,
        join: given.join,
        cell: given.cell,
        factors: given.factor,
        split: given.split,
        threads: given.threads,
        onProgress: bar.listener,
        signal,
      }),
    );
    bar.clear();
    for (const warning of study.warnings) bar.say(`warning: ${warning}`);
    const rows = evaluations.map(({ experiment, methods }) => ({ factor: experiment.factor, methods }));
    const intervals = evaluations.map((evaluation) =>
      given.bootstrap ? bootstrapEvaluation(study, evaluation, given.bootstrap) : [],
    );
    if (given.json) {
      printJson({
        split: given.split,
        factors: Object.fromEntries(
          evaluations.map(({ experiment, methods, selected }, index) => [
            experiment.factor,
            {
              ...metricsByMethod(methods),
              ...(given.bootstrap
                ? {
                    intervals: Object.fromEntries(
                      methods.map(({ method }, m) => [method, intervals[index][m]]),
                    ),
                  }
                : {}),
              bins: selected.labels.length,
              bound: selected.labels.reduce((sum, label) => sum + label, 0),
              perChromosome: Object.fromEntries(
                methods.map(({ method, perChromosome }) => [method, perChromosome]),
              ),
            },
          ]),
        ),
      });
      return;
    }
    console.log(formatMetrics(rows));
    if (given.bootstrap) console.log(`\n${formatIntervals(rows, intervals)}`);
    if (!given.perChromosome) return;
    for (const { factor, methods } of rows) {
      for (const chromosome of Object.keys(methods[0].perChromosome)) {
        console.log(
          `\n${formatMetrics([
            {
              factor: `${factor} ${chromosome}`,
              methods: methods.map((method) => ({ ...method, pooled: method.perChromosome[chromosome] })),
            },
          ])}`,
        );
      }
    }
  });
}

function formatIntervals(
  rows: readonly { readonly factor: string; readonly methods: readonly MethodEvaluation[] }[],
  intervals: readonly (readonly BootstrapMetrics[])[],
): string {
  const write = ({ estimate, low, high }: BootstrapInterval) =>
    `${estimate.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  const { regions = 0, replicates = 0 } = intervals[0]?.[0] ?? {};
  return formatTable([
    [`95 % intervals (${regions} regions, ${replicates} resamples)`, "auROC", "auPR"],
    ...rows.flatMap(({ factor, methods }, index) =>
      methods.map(({ label }, m) => [
        `${factor}  ${label}`,
        write(intervals[index][m].auroc),
        write(intervals[index][m].auprc),
      ]),
    ),
  ]);
}

interface EvaluateFlags {
  readonly study: string;
  readonly cell?: string;
  readonly join: JoinRule;
  readonly factor?: string[];
  readonly split: "test" | "validation";
  readonly bootstrap?: number;
  readonly perChromosome?: boolean;
  readonly data?: string;
  readonly threads?: number;
  readonly json?: boolean;
}
