import {
  type Bundle,
  type DeviceChoice,
  type Preset,
  readBundle,
  sequenceTrainingSettings,
  trainingFolderOf,
  trainSequenceBundle,
} from "@bindscape/models";
import { readMotifFile } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { readSequenceSet, type SequenceSet, writeTask } from "@bindscape/study";
import type { Command } from "commander";
import { describeEpoch } from "../../epoch-line.js";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { addSchemaOptions } from "../../schema-options.js";
import { addModelOptions, findPreset, modelIn, readModelOptions } from "../model-options.js";
import { commandText, deviceOption, parseList, parseThreads, readDevice } from "../shared-options.js";
import { lengthOption } from "./shared.js";

/** Up to this many bp, networks without a named preset are those for short sequences. */
const SHORT = 400;

export function addSequencesTrainCommand(sequences: Command, args: readonly string[]): void {
  const definition = modelIn(args, "--architecture", "danq");
  const command = sequences
    .command("train")
    .description("train a network on labelled sequences and write a model bundle")
    .argument("<data>", "table with the columns sequence and label (.csv, .tsv, .gz), or a data set folder")
    .requiredOption("--out <bundle>", "folder to write the model bundle to")
    .option(
      "--from <bundle>",
      "start from this network: its convolutions and recurrent layers are taken over, dense ones are drawn anew",
    )
    .option("--freeze", "keep what --from gives as it is")
    .option("--tasks <names>", "columns of labels to train on, separated by commas (default: all)", parseList)
    .option("--motifs <file>", "motifs that kernels start from, with --seed-kernels")
    .addOption(lengthOption())
    .option("--resume", "go on from the checkpoints of a run that was stopped")
    .option("--overwrite", "replace the bundle where there is one")
    .option("--check-numerics", "name the layer where a value first is no finite number (slower)")
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end");
  addSchemaOptions(command, sequenceTrainingSettings, "Training:");
  addModelOptions(
    command,
    "--architecture",
    definition,
    "danq",
    `short up to ${SHORT} bp, compact above; with --from, the other network's own`,
  );
  command
    .addHelpText(
      "after",
      `
Labels are 1 (bound), 0 (unbound), or empty or NA where missing; several columns of labels make one network with an
output each. All sequences have one length. The epoch with the lowest validation loss is kept, of weights averaged over
the steps where --weight-average says so. The published settings are the presets agentbind and original.

Examples:
  bindscape sequences train train.csv.gz --architecture danq --out models/factor
  bindscape sequences train compendium.csv --architecture deepsea --out models/many
  bindscape sequences train train.csv.gz --architecture deepsea --from models/many --out models/factor
  bindscape sequences train sites/ --architecture danq --preset agentbind --out models/factor
  bindscape sequences train --architecture deepsea --help`,
    )
    .action(async (data: string, given: SequencesTrainFlags) => {
      const read = await readSequenceSet(data, { length: given.length });
      const set = given.tasks ? keepTasks(read, given.tasks) : read;
      const from = given.from === undefined ? undefined : await readBundle(given.from);
      const preset = choosePreset(from);
      const { modelOptions, settings } = readModelOptions(
        definition,
        preset,
        sequenceTrainingSettings,
        given.windowLength === undefined ? { ...given, windowLength: set.length } : given,
      );
      if (modelOptions.windowLength !== set.length) {
        throw new BindscapeError({
          source: set.source,
          found: `sequences of ${set.length} bp`,
          expected: `${modelOptions.windowLength} bp, as --window-length says`,
          next: "Leave --window-length out: it is the sequences' length; --length changes that",
        });
      }
      if (modelOptions.seedKernels === true && given.motifs === undefined) {
        throw new BindscapeError({
          found: "kernels to start from motifs, and no motifs",
          expected: "--motifs FILE",
          next: "Give a motif file, or --no-seed-kernels",
        });
      }
      const motifs = given.motifs === undefined ? [] : await readMotifFile(given.motifs);
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const result = await withInterrupt(
        `Go on with the same command and --resume (checkpoints are in ${trainingFolderOf(given.out)})`,
        (signal) =>
          trainSequenceBundle({
            set,
            inputs: [data, ...(given.motifs === undefined ? [] : [given.motifs])],
            model: definition.name,
            modelOptions,
            settings,
            from,
            freeze: given.freeze,
            motifs,
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
      const { history, bestEpoch, sequences: counts } = result;
      const { validationLoss } = history[bestEpoch - 1];
      bar.say(
        `wrote ${given.out}: ${counts.training} sequences to train on, ${counts.validation} to validate; epoch ${bestEpoch} of ${history.length}, validation loss ${validationLoss.toFixed(4)}, ${formatDuration(result.seconds)}, ${result.stepMilliseconds.toFixed(0)} ms a step`,
      );
      if (given.json) {
        printJson({
          bundle: given.out,
          sequences: counts,
          length: set.length,
          tasks: set.tasks,
          bestEpoch,
          epochs: history.length,
          validationLoss,
          transferred: result.transferred,
          seconds: result.seconds,
        });
      }

      function choosePreset(other: Bundle | undefined): Preset<unknown> {
        const byLength = set.length <= SHORT ? "short" : "compact";
        const named = Object.hasOwn(definition.presets, byLength)
          ? byLength
          : Object.keys(definition.presets)[0];
        if (given.preset !== undefined || other === undefined)
          return findPreset(definition, given.preset ?? named);
        // What is taken over only fits a network of the same shape.
        const { windowLength: _length, ...options } = other.network.file.options;
        return { about: "", options, training: findPreset(definition, named).training };
      }
    });
}

/** The set with the labels of some tasks, and the sequences that have one of them. */
function keepTasks(set: SequenceSet, wanted: readonly string[]): SequenceSet {
  const names = set.tasks.map(writeTask);
  const columns = wanted.map((name) => {
    const column = names.indexOf(name);
    if (column >= 0) return column;
    throw new BindscapeError({
      source: set.source,
      found: `no column of labels named ${name}`,
      expected: `some of ${names.join(", ")}`,
    });
  });
  return {
    ...set,
    tasks: columns.map((column) => set.tasks[column]),
    labels: Float32Array.from(
      { length: set.count * columns.length },
      (_, at) => set.labels[Math.floor(at / columns.length) * names.length + columns[at % columns.length]],
    ),
  };
}

interface SequencesTrainFlags extends Record<string, unknown> {
  readonly out: string;
  readonly from?: string;
  readonly freeze?: boolean;
  readonly tasks?: string[];
  readonly motifs?: string;
  readonly length?: number;
  readonly preset?: string;
  readonly windowLength?: unknown;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly checkNumerics?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
