import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { refuseExisting, writeFileAtomically, writeFolder } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  type DeviceChoice,
  evaluateSequences,
  formatTrialsTable,
  listFiles,
  makeRunRecord,
  readBundle,
  renderRepeatPage,
  sequenceTrainingSettings,
  splitRandomly,
  summariseTrials,
  TRIAL_UNITS,
  type TrialResult,
  type TrialUnit,
  trainOnSequences,
} from "@bindscape/models";
import { readMotifFile } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { readSequenceSet, type SequenceSet } from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { formatTable, printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { addSchemaOptions } from "../../schema-options.js";
import { addModelOptions, findPreset, modelIn, readModelOptions } from "../model-options.js";
import { commandText, deviceOption, parseThreads, readDevice } from "../shared-options.js";
import { lengthOption } from "./shared.js";

/** Up to this many bp, networks without a named preset are those for short sequences. */
const SHORT = 400;

export function addSequencesRepeatCommand(sequences: Command, args: readonly string[]): void {
  const definition = modelIn(args, "--architecture", "danq");
  const command = sequences
    .command("repeat")
    .description("train and test on repeated random splits of the sequences: box plots (AgentBind, Fig. 1c)")
    .argument("<data...>", "tables or data set folders; one box each")
    .requiredOption("--out <folder>", "folder to write")
    .option("--trials <number>", "random splits of each", parseThreads, 10)
    .addOption(
      new Option("--test-share <share>", "share of the sequences that is tested on")
        .argParser(parseShare)
        .default(0.2),
    )
    .addOption(
      new Option("--by <unit>", "draw single sequences, or whole chromosomes")
        .choices(TRIAL_UNITS)
        .default("sequence"),
    )
    .option("--from <bundle>", "start from this network, as in `sequences train`")
    .option("--motifs <file>", "motifs that kernels start from, with --seed-kernels")
    .addOption(lengthOption())
    .option("--resume", "go on with the trials that a run that was stopped left out")
    .option("--overwrite", "replace an earlier output that stands there")
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end");
  addSchemaOptions(command, sequenceTrainingSettings, "Training:");
  addModelOptions(command, "--architecture", definition, "danq", `short up to ${SHORT} bp, compact above`);
  command
    .addHelpText(
      "after",
      `
The sequences' own parts are set aside. Of the rest of a split, --validation-share chooses the epoch. Trial k draws by
--seed and k, the same in every data set of as many sequences. Finished trials are kept in OUT.trials.jsonl until the
folder is written: report.html, trials.tsv, repeat.json and run.json.

Examples:
  bindscape sequences repeat sites/reb1 sites/reb1-masked --architecture danq --out reb1-trials
  bindscape sequences repeat sites/reb1 --trials 5 --by chromosome --architecture deepsea --out trials`,
    )
    .action(async (data: string[], given: RepeatFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      refuseExisting(given.out, given.overwrite ?? false);
      const names = nameFolders(data);
      const sets: SequenceSet[] = [];
      for (const path of data) sets.push(await readSequenceSet(path, { length: given.length }));
      const from = given.from === undefined ? undefined : await readBundle(given.from);
      const motifs = given.motifs === undefined ? [] : await readMotifFile(given.motifs);
      const device = await readDevice(given.device, (line) => bar.say(line));
      const runtime = nodeRuntime(device.device);
      const kept = `${given.out}.trials.jsonl`;
      const mark = describeRun(data, given);
      const trials = given.resume ? await readTrials(kept, mark) : [];
      if (!given.resume) await rm(kept, { force: true });
      if (trials.length > 0) bar.say(`${trials.length} trials of ${kept} are there already`);
      await withInterrupt(
        `Go on with the same command and --resume (trials so far are in ${kept})`,
        async (signal) => {
          for (const [d, set] of sets.entries()) {
            for (let trial = 1; trial <= given.trials; trial++) {
              if (trials.some((one) => one.dataset === names[d] && one.trial === trial)) continue;
              const preset =
                given.preset !== undefined || from === undefined
                  ? findPreset(definition, given.preset ?? choosePresetName(definition.presets, set.length))
                  : {
                      about: "",
                      options: withoutLength(from.network.file.options),
                      training: findPreset(definition, choosePresetName(definition.presets, set.length))
                        .training,
                    };
              const { modelOptions, settings } = readModelOptions(
                definition,
                preset,
                sequenceTrainingSettings,
                {
                  ...given,
                  windowLength: set.length,
                },
              );
              const split = splitRandomly(set, {
                testShare: given.testShare,
                validationShare: settings.validationShare,
                unit: given.by,
                seed: settings.seed,
                trial,
              });
              const label = `${names[d]}, trial ${trial} of ${given.trials}`;
              const result = await trainOnSequences(split, {
                runtime,
                model: definition.name,
                modelOptions,
                settings: { ...settings, seed: settings.seed + trial - 1 },
                ...(from && { from: from.network, fromName: from.path }),
                motifs,
                threads: given.threads,
                onProgress: (progress) => bar.listener({ ...progress, task: `${label}: ${progress.task}` }),
                signal,
              });
              const evaluation = await evaluateSequences(result.network, split, {
                runtime,
                split: "test",
                threads: given.threads,
                signal,
              });
              const found: TrialResult = {
                dataset: names[d],
                trial,
                ...evaluation.mean,
                trained: result.sequences.training,
                tested: split.splits!.filter((part) => part === "test").length,
                epochs: result.history.length,
                seconds: result.seconds,
              };
              trials.push(found);
              await mkdir(join(kept, ".."), { recursive: true });
              await appendFile(kept, `${JSON.stringify({ mark, ...found })}\n`);
              bar.say(
                `${label}: auROC ${found.auroc?.toFixed(3) ?? "n/a"}, ${result.history.length} epochs, ${formatDuration(result.seconds)}`,
              );
            }
          }
        },
      );
      const order = (a: TrialResult, b: TrialResult) =>
        names.indexOf(a.dataset) - names.indexOf(b.dataset) || a.trial - b.trial;
      trials.sort(order);
      const seconds = (performance.now() - started) / 1000;
      const seed = Number(given.seed ?? 0);
      const extra = [given.from, given.motifs].filter((path) => path !== undefined);
      const inputs = (await Promise.all([...data, ...extra].map(listFiles))).flat();
      const record = await makeRunRecord(commandText(), seed, inputs, seconds, device);
      const summary = Object.fromEntries(
        names.map((name) => [
          name,
          Object.fromEntries(
            (["auroc", "auprc", "partialAuroc"] as const).map((metric) => [
              metric,
              summariseTrials(trials, name, metric),
            ]),
          ),
        ]),
      );
      const content = {
        architecture: definition.name,
        datasets: names,
        testShare: given.testShare,
        by: given.by,
        summary,
        trials,
      };
      await writeFolder(given.out, given.overwrite ?? false, async (partial) => {
        const files = {
          "trials.tsv": formatTrialsTable(trials),
          "repeat.json": `${JSON.stringify(content, null, 2)}\n`,
          "report.html": renderRepeatPage({
            architecture: definition.title,
            datasets: names,
            trials,
            testShare: given.testShare,
            unit: given.by,
            command: commandText(),
          }),
          "run.json": `${JSON.stringify(record, null, 2)}\n`,
        };
        for (const [name, text] of Object.entries(files))
          await writeFileAtomically(join(partial, name), text);
      });
      await rm(kept, { force: true });
      bar.say(`wrote ${given.out}: ${trials.length} trials, ${formatDuration(seconds)}`);
      if (given.json) {
        printJson({ out: given.out, ...content, seconds });
        return;
      }
      const write = (value: { median: number; lowerQuartile: number; upperQuartile: number } | null) =>
        value === null
          ? "n/a"
          : `${value.median.toFixed(3)} (${value.lowerQuartile.toFixed(3)} to ${value.upperQuartile.toFixed(3)})`;
      console.log(
        formatTable([
          ["median (quartiles)", "auROC", "auPR", "pAUC"],
          ...names.map((name) => [
            name,
            write(summary[name].auroc),
            write(summary[name].auprc),
            write(summary[name].partialAuroc),
          ]),
        ]),
      );
    });
}

function choosePresetName(presets: object, length: number): string {
  const byLength = length <= SHORT ? "short" : "compact";
  return Object.hasOwn(presets, byLength) ? byLength : Object.keys(presets)[0];
}

function withoutLength({ windowLength: _, ...options }: Record<string, unknown>): Record<string, unknown> {
  return options;
}

/** Names of files or folders, told apart by a number where several have the same. */
function nameFolders(paths: readonly string[]): string[] {
  const plain = paths.map((path) => basename(path).replace(/\.(csv|tsv)(\.gz)?$/i, ""));
  return plain.map((name, i) =>
    plain.indexOf(name) === i
      ? name
      : `${name} (${plain.slice(0, i + 1).filter((other) => other === name).length})`,
  );
}

/** What trials depend on, to tell those of another command line from one's own. */
function describeRun(data: readonly string[], given: RepeatFlags): string {
  const {
    out: _out,
    trials: _trials,
    resume: _resume,
    overwrite: _over,
    threads: _threads,
    device: _device,
    json: _json,
    ...rest
  } = given;
  return JSON.stringify([data, rest]);
}

/** Trials that a run that was stopped has kept. */
async function readTrials(file: string, mark: string): Promise<TrialResult[]> {
  if (!existsSync(file)) return [];
  const trials: TrialResult[] = [];
  const lines = (await readFile(file, "utf8")).split("\n");
  // What stands behind the last line end was cut off in the middle.
  for (const [i, line] of lines.slice(0, -1).entries()) {
    const { mark: own, ...trial } = JSON.parse(line) as TrialResult & { mark: string };
    if (own !== mark) {
      throw new BindscapeError({
        source: file,
        line: i + 1,
        found: "trials of other data or options",
        expected: "the command line that was stopped",
        next: "Leave --resume out to start anew",
      });
    }
    trials.push(trial);
  }
  return trials;
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number between 0 and 1.");
  }
  return value;
}

interface RepeatFlags extends Record<string, unknown> {
  readonly out: string;
  readonly trials: number;
  readonly testShare: number;
  readonly by: TrialUnit;
  readonly from?: string;
  readonly motifs?: string;
  readonly preset?: string;
  readonly length?: number;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
