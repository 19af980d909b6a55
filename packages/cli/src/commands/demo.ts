import { type DeviceChoice, runDemo } from "@bindscape/models";
import type { Command } from "commander";
import { withInterrupt } from "../interrupt.js";
import { formatMetrics, printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { commandText, deviceOption, parseThreads, parseWholeNumber, readDevice } from "./shared-options.js";

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("the whole way on real yeast data: download, train, predict, evaluate, report")
    .option("--out <folder>", "folder to write to", "bindscape-demo")
    .option("--all", "all eight factors in place of four")
    .option("--small", "one factor, few steps: under a minute, to see that everything works")
    .option("--simulated", "use the simulated study even where the real data is at hand")
    .option("--seed <number>", "seed of everything random", parseWholeNumber, 420)
    .option("--threads <number>", "threads for networks (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "end with one JSON line")
    .addHelpText("after", "\nExamples:\n  bindscape demo\n  bindscape demo --all --out yeast --json")
    .action(async (given: DemoFlags) => {
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const result = await withInterrupt("Run the command again to start over", (signal) =>
        runDemo({
          out: given.out,
          factors: given.small ? "one" : given.all ? "all" : "four",
          small: given.small ?? false,
          simulated: given.simulated ?? false,
          seed: given.seed,
          threads: given.threads,
          device,
          command: commandText(),
          onMessage: (line) => bar.say(line),
          onProgress: bar.listener,
          signal,
        }),
      );
      bar.clear();
      const table = formatMetrics(
        result.evaluations.map(({ experiment, methods }) => ({ factor: experiment.factor, methods })),
      );
      // With --json standard output carries the JSON line alone.
      if (given.json) console.error(table);
      else console.log(table);
      bar.say(`report       ${result.report}`);
      for (const file of result.predictions) bar.say(`predictions  ${file}`);
      bar.say(`done in ${formatDuration(result.seconds)}`);
      if (given.json) printJson(result.json);
    });
}

interface DemoFlags {
  readonly out: string;
  readonly all?: boolean;
  readonly small?: boolean;
  readonly simulated?: boolean;
  readonly seed: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
