import { type DeviceChoice, trainBundle, trainingFolderOf, trainingSettings } from "@bindscape/models";
import { loadStudy } from "@bindscape/study";
import type { Command } from "commander";
import { describeEpoch } from "../epoch-line.js";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { addSchemaOptions } from "../schema-options.js";
import { addModelOptions, findPreset, modelIn, readModelOptions } from "./model-options.js";
import { addStudyOptions, commandText, parseList, readDevice, type StudyFlags } from "./shared-options.js";

/** @param args the command line: the options are those of the model it names */
export function addTrainCommand(program: Command, args: readonly string[]): void {
  const definition = modelIn(args, "--model", "factornet");
  const [firstPreset] = Object.keys(definition.presets);
  const command = program
    .command("train")
    .description("train a model on a factor of a study and write a model bundle")
    .argument("<study>", "study file (YAML)")
    .requiredOption(
      "--factor <names>",
      "factor to train on; several, separated by commas, for one network with an output each",
      parseList,
    )
    .requiredOption("--out <bundle>", "folder to write the model bundle to")
    .option(
      "--cell <names>",
      "cell to train in, where a factor was measured in several; several, separated by commas, are pooled",
      parseList,
    )
    .option(
      "--validation-cell <name>",
      "choose the epoch by the validation hold-out of another cell (-vi of the reference)",
    )
    .option("--resume", "go on from the checkpoints of a run that was stopped")
    .option("--overwrite", "replace the bundle where there is one")
    .option(
      "--check-numerics",
      "look at every value of every step, and name the layer where one first is no finite number (slower)",
    );
  addStudyOptions(command);
  addSchemaOptions(command, trainingSettings, "Training:");
  addModelOptions(command, "--model", definition, "factornet", firstPreset);
  command
    .addHelpText(
      "after",
      `
Examples:
  bindscape train study.yaml --factor Reb1 --out models/reb1
  bindscape train study.yaml --factor Reb1 --out models/reb1 --epochs 5 --seed 7 --negatives-per-positive 10
  bindscape train study.yaml --factor Reb1,Abf1,Rap1 --preset compact --out models/three
  bindscape train study.yaml --factor Reb1 --model danq --preset compact --out models/reb1-danq
  bindscape train --model deepsea --help
  bindscape train study.yaml --factor CTCF --cell HepG2,K562 --validation-cell GM12878 --covariates --annotations --out models/ctcf`,
    )
    .action(async (studyPath: string, given: TrainFlags) => {
      const preset = findPreset(definition, given.preset ?? firstPreset);
      const { modelOptions, settings } = readModelOptions(definition, preset, trainingSettings, given);
      const study = await loadStudy(studyPath, {
        factors: given.factor,
        dataFolder: given.data,
        tracks: given.tracks,
      });
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      for (const warning of study.warnings) bar.say(`warning: ${warning}`);
      const result = await withInterrupt(
        `Go on with the same command and --resume (checkpoints are in ${trainingFolderOf(given.out)})`,
        (signal) =>
          trainBundle({
            study,
            factors: given.factor,
            cells: given.cell,
            validationCell: given.validationCell,
            model: definition.name,
            modelOptions,
            settings,
            out: given.out,
            resume: given.resume,
            overwrite: given.overwrite,
            threads: given.threads,
            checkNumerics: given.checkNumerics,
            device,
            command: commandText(),
            onProgress: bar.listener,
            onEpoch: (entry, best) => bar.say(describeEpoch(entry, best)),
            signal,
          }),
      );
      const validationLoss = result.history[result.bestEpoch - 1].validationLoss;
      bar.say(
        `wrote ${given.out}: epoch ${result.bestEpoch} of ${result.history.length}, validation loss ${validationLoss.toFixed(4)}, ${formatDuration(result.seconds)}; ${result.stepMilliseconds.toFixed(0)} ms a step, waited for data ${(100 * result.waitShare).toFixed(1)} % of the time`,
      );
      if (given.json) {
        printJson({
          bundle: given.out,
          bestEpoch: result.bestEpoch,
          epochs: result.history.length,
          validationLoss,
          seconds: result.seconds,
          waitShare: result.waitShare,
        });
      }
    });
}

interface TrainFlags extends StudyFlags, Record<string, unknown> {
  readonly factor: string[];
  readonly out: string;
  readonly cell?: string[];
  readonly validationCell?: string;
  readonly preset?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly checkNumerics?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
