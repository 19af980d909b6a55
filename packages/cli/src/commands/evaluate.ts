import {
  bootstrapEvaluation,
  chooseCell,
  type DeviceChoice,
  evaluateBundles,
  evaluateShard,
  type JoinRule,
  readBundle,
  type Shard,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy } from "@bindscape/study";
import type { Command } from "commander";
import { printEvaluations } from "../evaluation-output.js";
import { withInterrupt } from "../interrupt.js";
import { ProgressBar } from "../progress-bar.js";
import { runShard } from "./run-shard.js";
import {
  addStudyOptions,
  joinOption,
  parseList,
  parseShardOption,
  parseWholeNumber,
  readDevice,
  type StudyFlags,
  splitOption,
} from "./shared-options.js";

export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description("measure model bundles on a study's hold-out, beside the baselines")
    .argument("<bundles...>", "model bundles; several are joined (--join)")
    .requiredOption("--study <file>", "study file")
    .option("--cell <name>", "cell to evaluate in (default: the one trained in)")
    .addOption(joinOption())
    .option("--factor <names>", "only these factors, separated by commas", parseList)
    .addOption(splitOption())
    .option(
      "--bootstrap <number>",
      "95 % intervals from so many resamples of regions (segments of the genome, cut to about 1,000 bins)",
      parseWholeNumber,
    )
    .option("--out <file>", "write the metrics as JSON too")
    .option("--shard <i/n>", "score part i of n alone; `merge` puts them together", parseShardOption)
    .option("--per-chromosome", "print the metrics of every chromosome too");
  addStudyOptions(command).addHelpText(
    "after",
    "\nExamples:\n  bindscape evaluate models/reb1 --study study.yaml\n  bindscape evaluate models/reb1-seed1 models/reb1-seed2 --study study.yaml --json\n  bindscape evaluate models/reb1 --study study.yaml --shard 3/8 --out metrics.json",
  );
  command.action(async (paths: string[], given: EvaluateFlags) => {
    const bundles = await Promise.all(paths.map(readBundle));
    const factors =
      given.factor ?? bundles.flatMap(({ network }) => network.file.tasks.map((task) => task.factor));
    const cells = given.cell === undefined ? [] : [given.cell];
    const study = await loadStudy(given.study, {
      factors,
      cells,
      dataFolder: given.data,
      tracks: given.tracks,
    });
    const bar = new ProgressBar();
    const { device } = await readDevice(given.device, (line) => bar.say(line));
    const evaluation = (signal: AbortSignal) => ({
      study,
      bundles,
      join: given.join,
      cell: given.cell,
      factors: given.factor,
      split: given.split,
      threads: given.threads,
      device,
      onProgress: bar.listener,
      signal,
    });
    if (given.shard !== undefined) {
      const { out, shard, json, join, split } = given;
      if (out === undefined) {
        throw new BindscapeError({
          found: "--shard without --out",
          expected: "--out with the name of the JSON file that the merged metrics go to",
        });
      }
      if (given.bootstrap || given.perChromosome) {
        throw new BindscapeError({
          found: `--shard with ${given.bootstrap ? "--bootstrap" : "--per-chromosome"}`,
          expected: "it to be given to `bindscape merge`, which sees all bins",
        });
      }
      const cell = chooseCell(bundles[0].network.file.tasks[0], given.cell);
      const choices = { cell, factors: given.factor?.join(", ") ?? "all", split, join };
      const work = (signal: AbortSignal) => evaluateShard(evaluation(signal), shard);
      const places = bundles.map(({ path }) => path);
      await runShard({ command: "evaluate", out, shard, bundles: places, study, choices, json, work }, bar);
      return;
    }
    const evaluations = await withInterrupt("Nothing was written", (signal) =>
      evaluateBundles(evaluation(signal)),
    );
    bar.clear();
    for (const warning of study.warnings) bar.say(`warning: ${warning}`);
    const printed = evaluations.map((evaluation) => ({
      factor: evaluation.experiment.factor,
      methods: evaluation.methods,
      labels: evaluation.selected.labels,
      intervals: given.bootstrap ? bootstrapEvaluation(study, evaluation, given.bootstrap) : [],
    }));
    await printEvaluations(printed, given);
  });
}

interface EvaluateFlags extends StudyFlags {
  readonly study: string;
  readonly cell?: string;
  readonly join: JoinRule;
  readonly factor?: string[];
  readonly split: "test" | "validation";
  readonly bootstrap?: number;
  readonly out?: string;
  readonly shard?: Shard;
  readonly perChromosome?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
