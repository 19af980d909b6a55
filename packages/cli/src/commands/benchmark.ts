import {
  type BenchmarkArchitecture,
  type BenchmarkPlan,
  type BenchmarkRow,
  benchmarkArchitectures,
  benchmarkMetrics,
  checkPublishedOrdering,
  findMethod,
  type InterpreterMetricOptions,
  planBenchmark,
  runBenchmark,
  type SubstitutionRule,
} from "@bindscape/interpret";
import type { DeviceChoice } from "@bindscape/models";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { formatTable, printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import {
  commandText,
  deviceOption,
  parseList,
  parseThreads,
  parseWholeNumber,
  readDevice,
} from "./shared-options.js";

export function addBenchmarkCommand(program: Command): void {
  const benchmark = program
    .command("benchmark")
    .description("compare methods on data where the truth is known");
  const command = benchmark
    .command("interpreters")
    .description(
      "simulate sequences with embedded motifs, train networks, explain them by every method and measure what each finds",
    )
    .option(
      "--out <folder>",
      "folder to write to; networks that are done already are not done again",
      "interpreter-benchmark",
    )
    .option(
      "--full",
      "the paper's size: 50,000 training sequences and AgentBind's networks (many hours; default: 6,000 and small networks)",
    )
    .option("--seeds <number>", "networks of each architecture", parseThreads, 5)
    .addOption(
      new Option("--architectures <names>", "danq, deepsea, or both")
        .argParser(parseArchitectures)
        .default(benchmarkArchitectures, benchmarkArchitectures.join(",")),
    )
    .option(
      "--sequences <numbers>",
      "sequences for training, validation and test, separated by commas",
      parseParts,
    )
    .option("--length <bp>", "bp of a sequence (default: 1000)", parseWholeNumber)
    .option("--minimum <number>", "fewest TAL1 motifs of a positive, 0 to 3 (default: 1)", parseWholeNumber)
    .option(
      "--explained <number>",
      "test positives to explain (default: 30; 500 with --full)",
      parseWholeNumber,
    )
    .option(
      "--naive-sequences <number>",
      "sequences that naive mutagenesis is timed on, 0 to leave it out (default: 2; 5 with --full)",
      parseWholeNumber,
    )
    .option("--epochs <number>", "epochs of training (default: the plan's)", parseThreads)
    .addOption(
      new Option("--reference <kind>", "what DeepLIFT and integrated gradients compare with")
        .choices(["zeros", "uniform", "background", "shuffled"])
        .default("uniform"),
    )
    .addOption(
      new Option(
        "--substitutions <rule>",
        "which of a base's three substitutions counts: the largest in size, the worst, their mean",
      )
        .choices(["largest", "largest-fall", "mean"])
        .default("largest"),
    )
    .addOption(
      new Option("--score <kind>", "rank bases by the size of their score, or with its sign")
        .choices(["absolute", "signed"])
        .default("absolute"),
    )
    .addOption(
      new Option("--ranking <kind>", "top 5 % of each sequence, or of all together")
        .choices(["sequence", "pooled"])
        .default("sequence"),
    )
    .addOption(
      new Option(
        "--false-positives <kind>",
        "what metric 4 counts as false: background bases, or stretches as long as a motif",
      )
        .choices(["bases", "stretches"])
        .default("bases"),
    )
    .addOption(
      new Option(
        "--signal-to-noise <kind>",
        "metric 5: means over all sequences, divided; or the mean of each sequence's ratio",
      )
        .choices(["pooled", "sequence"])
        .default("pooled"),
    )
    .option(
      "--threads <number>",
      "threads of training (default: all cores); methods are timed on one",
      parseThreads,
    )
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end");
  command
    .addHelpText(
      "after",
      `
The comparison of Zheng et al. (2021, Fig. 2a and 2b) with its five metrics: run time (processor seconds a sequence on one
thread), accuracy of the top 5 % bases, recall of embedded motifs (half of the bases in the top 5 %), auROC and signal to
noise, as means over seeds with 95 % intervals. The paper's own ordering stands beside, whatever comes out.
Writes report.html, table.tsv, results.json and runs/. Stopped by Ctrl-C, the same command goes on.

Examples:
  bindscape benchmark interpreters --out interpreters --json
  bindscape benchmark interpreters --out quick --seeds 1 --architectures deepsea --explained 10`,
    )
    .action(async (given: BenchmarkFlags) => {
      const started = performance.now();
      const { score, ranking, falsePositives, signalToNoise, out, ...request } = given;
      const plan = planBenchmark({
        ...request,
        metrics: { score, ranking, falsePositives, signalToNoise },
      });
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const result = await withInterrupt("Go on with the same command", (signal) =>
        runBenchmark({
          plan,
          out,
          command: commandText(),
          threads: given.threads,
          device,
          onMessage: (line) => bar.say(line),
          onProgress: bar.listener,
          signal,
        }),
      );
      bar.clear();
      const ordering = checkPublishedOrdering(result.runs);
      const text = [
        formatRows(result.rows),
        ...ordering.map(
          ({ statement, architecture, verdict, evidence }) =>
            `${statement} (${architecture}): ${verdict}${evidence === "" ? "" : `; ${evidence}`}`,
        ),
      ].join("\n");
      if (given.json) console.error(text);
      else console.log(text);
      bar.say(`report  ${result.report}`);
      bar.say(`done in ${formatDuration((performance.now() - started) / 1000)}`);
      if (given.json) {
        printJson({
          out,
          plan,
          rows: result.rows.map(({ recall: _, ...row }) => row),
          ordering,
          networks: result.runs.map(({ architecture, seed, testAuroc }) => ({
            architecture,
            seed,
            testAuroc,
          })),
          report: result.report,
        });
      }
    });
}

function formatRows(rows: readonly BenchmarkRow[]): string {
  const header = ["architecture, method", ...benchmarkMetrics.map(({ title }) => title)];
  return formatTable([
    header,
    ...rows.map(({ architecture, method, metrics }) => [
      `${architecture}  ${findMethod(method).title}`,
      ...benchmarkMetrics.map(({ key, decimals }) => {
        const { mean, low, high } = metrics[key];
        if (!Number.isFinite(mean)) return "n/a";
        const half = Number.isFinite(low) ? ` ±${((high - low) / 2).toFixed(decimals)}` : "";
        return `${mean.toFixed(decimals)}${half}`;
      }),
    ]),
  ]);
}

function parseArchitectures(text: string): readonly BenchmarkArchitecture[] {
  const names = parseList(text);
  for (const name of names) {
    if (!(benchmarkArchitectures as readonly string[]).includes(name))
      throw new InvalidArgumentError(`Expected ${benchmarkArchitectures.join(" or ")}.`);
  }
  return [...new Set(names)] as BenchmarkArchitecture[];
}

function parseParts(text: string): readonly [number, number, number] {
  const counts = parseList(text).map(parseWholeNumber);
  if (counts.length !== 3)
    throw new InvalidArgumentError("Expected three numbers: training, validation, test.");
  return counts as unknown as readonly [number, number, number];
}

interface BenchmarkFlags
  extends Required<Pick<InterpreterMetricOptions, "score" | "ranking" | "falsePositives" | "signalToNoise">> {
  readonly out: string;
  readonly full?: boolean;
  readonly seeds: number;
  readonly architectures: readonly BenchmarkArchitecture[];
  readonly sequences?: readonly [number, number, number];
  readonly length?: number;
  readonly minimum?: number;
  readonly explained?: number;
  readonly naiveSequences?: number;
  readonly epochs?: number;
  readonly reference: BenchmarkPlan["reference"];
  readonly substitutions: SubstitutionRule;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
