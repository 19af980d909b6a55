import { writeFileAtomically } from "@bindscape/genome";
import { type DeviceChoice, type JoinRule, readBundle, renderReport, reportBundles } from "@bindscape/models";
import { loadStudy } from "@bindscape/study";
import type { Command } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import {
  addStudyOptions,
  commandText,
  joinOption,
  parseList,
  readDevice,
  type StudyFlags,
} from "./shared-options.js";

export function addReportCommand(program: Command): void {
  const command = program
    .command("report")
    .description("write a self-contained HTML report of model bundles on a study's test hold-out")
    .argument("<bundles...>", "model bundles; several are joined (--join)")
    .requiredOption("--study <file>", "study file")
    .requiredOption("--out <file>", "HTML file to write")
    .option("--cell <name>", "cell to evaluate in (default: the one trained in)")
    .addOption(joinOption())
    .option("--factor <names>", "only these factors, separated by commas", parseList);
  addStudyOptions(command).addHelpText(
    "after",
    "\nExample:\n  bindscape report models/reb1 --study study.yaml --out reb1.html",
  );
  command.action(async (paths: string[], given: ReportFlags) => {
    const bundles = await Promise.all(paths.map(readBundle));
    const factors =
      given.factor ?? bundles.flatMap(({ network }) => network.file.tasks.map((task) => task.factor));
    const study = await loadStudy(given.study, { factors, dataFolder: given.data, tracks: given.tracks });
    const bar = new ProgressBar();
    const { device } = await readDevice(given.device, (line) => bar.say(line));
    const { report } = await withInterrupt("Nothing was written", (signal) =>
      reportBundles({
        study,
        bundles,
        join: given.join,
        cell: given.cell,
        factors: given.factor,
        threads: given.threads,
        device,
        onProgress: bar.listener,
        signal,
        command: commandText(),
      }),
    );
    await writeFileAtomically(given.out, renderReport(report));
    bar.say(`wrote ${given.out}`);
    if (given.json) printJson({ out: given.out, factors: report.factors.map(({ factor }) => factor) });
  });
}

interface ReportFlags extends StudyFlags {
  readonly study: string;
  readonly out: string;
  readonly cell?: string;
  readonly join: JoinRule;
  readonly factor?: string[];
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
