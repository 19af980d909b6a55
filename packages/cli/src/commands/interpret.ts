import { join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { findSaliency, writeSaliency } from "@bindscape/interpret";
import {
  type ChosenDevice,
  chooseCell,
  type DeviceChoice,
  findTask,
  makeRunRecord,
  readBundle,
  readRegions,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy, parseRegion, type Study } from "@bindscape/study";
import type { Command } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { addAttributions } from "./interpret/attributions.js";
import { addKernelsCommand } from "./interpret/kernels.js";
import { addProfilesCommand } from "./interpret/profiles.js";
import { addStudyOptions, commandText, readDevice, type StudyFlags } from "./shared-options.js";

export function addInterpretCommand(program: Command): void {
  const command = program
    .command("interpret")
    .description("why a model predicts what it does: scores of bases (--method), kernels as motifs");
  addAttributions(command);
  addKernelsCommand(command);
  addSaliencyCommand(command);
  addProfilesCommand(command);
  for (const subcommand of command.commands) subcommand.exitOverride();
}

function addSaliencyCommand(parent: Command): void {
  const command = parent
    .command("saliency")
    .description(
      "which bases a prediction hangs on: gradients along regions (npz, bigWig), drawn as letters (HTML)",
    )
    .argument("<bundle>", "model bundle, as `bindscape train` writes it")
    .requiredOption("--study <file>", "study file with the genome and the cell's tracks")
    .requiredOption("--out <folder>", "folder to write saliency.npz, saliency.bw and saliency.html to")
    .option("--region <region>", "chromosome:start-end, 0-based and half-open")
    .option("--regions <file>", "BED file of regions")
    .option("--positive", "count negative gradients as 0 in track and picture, as FactorNet's Figure 3D")
    .option("--factor <name>", "factor to look at (default: the model's first)")
    .option("--cell <name>", "cell to look at (default: the one trained in)");
  addStudyOptions(command)
    .addHelpText(
      "after",
      `
Gradients are those of the probability with respect to the one-hot sequence, through both strands; the track and the
letters show gradient x input, the npz everything. A region that a window holds is seen in one window centred on it;
a longer one is tiled by bins, and each base has the mean over all windows that hold it.

Examples:
  bindscape interpret saliency models/reb1 --study study.yaml --region chrIV:1000-1500 --out reb1-saliency
  bindscape interpret saliency models/reb1 --study study.yaml --regions peaks.bed --positive --out reb1-peaks`,
    )
    .action(async (bundlePath: string, given: SaliencyFlags) => {
      const started = performance.now();
      if ((given.region === undefined) === (given.regions === undefined)) {
        throw new BindscapeError({
          found: given.region === undefined ? "no regions to look at" : "--region and --regions together",
          expected: "one of --region chromosome:start-end and --regions FILE.bed",
        });
      }
      const { network } = await readBundle(bundlePath);
      const task = findTask(network, given.factor);
      const cell = chooseCell(task, given.cell);
      const study = await loadWithPeaks(given, task.factor);
      const regions =
        given.regions === undefined
          ? [parseRegion(given.region!)]
          : (await readRegions(study, given.regions)).map(({ record: { start, end }, segment }) => ({
              chromosome: segment.chromosome,
              start,
              end,
            }));
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const found = await withInterrupt("Nothing was written", (signal) =>
        findSaliency(network, study, cell, regions, task.index, {
          threads: given.threads,
          device: device.device,
          onProgress: bar.listener,
          signal,
        }),
      );
      const files = await writeSaliency(found, given.out, {
        study,
        factor: task.factor,
        cell,
        network,
        positiveOnly: given.positive ?? false,
      });
      const inputs = given.regions === undefined ? [] : [given.regions];
      await finish(bar, study, given.out, network.file.training.seed, started, device, inputs);
      bar.say(
        `wrote ${files.length} files to ${given.out}: ${found.length === 1 ? "one region" : `${found.length} regions`} of ${task.factor} in ${cell}, ${formatDuration((performance.now() - started) / 1000)}`,
      );
      if (given.json) {
        printJson({
          out: given.out,
          files,
          factor: task.factor,
          cell,
          regions: found.map(({ region, probability, windows }) => ({ ...region, probability, windows })),
        });
      }
    });
}

/** A study with the peaks of a factor where it has them, for the picture; without where not. */
async function loadWithPeaks(
  { study, data: dataFolder, tracks }: SaliencyFlags,
  factor: string,
): Promise<Study> {
  const { file } = await loadStudy(study, { factors: [], dataFolder, sequence: "later" });
  const isKnown = file.experiments.some((entry) => entry.factor.toLowerCase() === factor.toLowerCase());
  return loadStudy(study, { factors: isKnown ? [factor] : [], dataFolder, tracks });
}

/** Says what was odd and records the run. */
async function finish(
  bar: ProgressBar,
  study: Study,
  folder: string,
  seed: number,
  started: number,
  device: ChosenDevice,
  inputs: readonly string[] = [],
): Promise<void> {
  for (const warning of study.warnings) bar.say(`warning: ${warning}`);
  const seconds = (performance.now() - started) / 1000;
  const record = await makeRunRecord(commandText(), seed, [...study.inputs, ...inputs], seconds, device);
  await writeFileAtomically(join(folder, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
}

interface SaliencyFlags extends StudyFlags {
  readonly study: string;
  readonly out: string;
  readonly region?: string;
  readonly regions?: string;
  readonly positive?: boolean;
  readonly factor?: string;
  readonly cell?: string;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
