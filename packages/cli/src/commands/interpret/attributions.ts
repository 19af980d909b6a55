import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { readChromosomeSizes, withSource, writeBigWigFile, writeFileAtomically } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  type AttributionFile,
  type AttributionMethod,
  attributionRuns,
  describeAttributions,
  explainNetwork,
  methodNames,
  methods,
  profileAroundCore,
  renderLogoPage,
  renderProfilePage,
  saveAttributionFile,
  writeModisco,
  writeProfileTable,
} from "@bindscape/interpret";
import { type DeviceChoice, makeRunRecord, type Network, readBundle } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { Study } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { addStudyOptions, commandText, parseThreads as parseCount, readDevice } from "../shared-options.js";
import { addInputOptions, type InputFlags, readInputWindows } from "./input-windows.js";
import { addMethodOptions, type MethodFlags, readMethodOptions } from "./method-options.js";

/** `bindscape interpret BUNDLE --method ...`: the action of the command itself, beside its subcommands. */
export function addAttributions(command: Command): void {
  command
    .argument("[bundle]", "model bundle, or zoo:NAME")
    .addOption(new Option("--method <name>", "how scores are split over bases").choices([...methodNames]))
    .option("--target <task>", "output to explain: its number from 0, or its factor (default: 0)")
    .option("--out <file>", "file to write (.npz)");
  addInputOptions(command);
  addMethodOptions(command);
  const heading = "More to write:";
  for (const option of [
    new Option("--bigwig <file>", "scores along the genome, a value a base; the mean where windows overlap"),
    new Option("--chrom-sizes <file>", "lengths of chromosomes, for --bigwig of a data set"),
    new Option(
      "--modisco <folder>",
      "arrays for TF-MoDISco: one_hot.npz, hypothetical.npz, contributions.npz",
    ),
    new Option("--logos <file>", "sequences as letters as high as their scores (HTML)"),
    new Option("--logo-count <number>", "sequences drawn in --logos").argParser(parseCount).default(20),
    new Option(
      "--profile <file>",
      "mean |score| around the core, bound against unbound (HTML or TSV, by its name)",
    ),
    new Option("--overwrite", "replace the folder of --modisco where there is one"),
  ])
    command.addOption(option.helpGroup(heading));
  addStudyOptions(command)
    .addHelpText(
      "after",
      `
Methods:
${methodNames.map((name) => `  ${name.padEnd(21)} ${methods[name]!.about}`).join("\n")}

FILE.npz holds attributions [N, 4, L] (float32; bases A, C, G, T), predictions [N, targets] (probabilities), sequences
[N, L] (codes), and, where they are known, hypothetical [N, 4, L], deltas [N], labels, cores, strands and metadata (JSON).
A method that splits the score puts a position's share at the base that is there. Positions are 0-based.

Examples:
  bindscape interpret models/tal-gata --method deeplift --fasta sites.fa --target GATA1 --out sites.npz
  bindscape interpret models/reb1 --method ism --study study.yaml --regions peaks.bed --bigwig reb1.bw --out reb1.npz
  bindscape interpret models/gata1 --method grad-cam-saliency --dataset gata1-sites --split test --profile gata1.html \\
    --logos gata1-logos.html --out gata1.npz
  bindscape interpret profiles gata1.npz tal1.npz --out profiles.html`,
    )
    .action(async (bundlePath: string | undefined, given: AttributionFlags) => {
      if (bundlePath === undefined) {
        // As `bindscape interpret` alone: what there is to choose from.
        command.help({ error: true });
        return;
      }
      await interpret(bundlePath, given);
    });
}

async function interpret(bundlePath: string, given: AttributionFlags): Promise<void> {
  const started = performance.now();
  checkOutputs(given);
  const { network, path } = await readBundle(bundlePath);
  const model = explainNetwork(network);
  const target = findTarget(network, given.target);
  const task = network.file.tasks[target];
  const rest = await readMethodOptions(given as MethodFlags, model);
  const bar = new ProgressBar();
  const device = await readDevice(given.device, (line) => bar.say(line));
  const { file, warnings, study, inputs } = await withInterrupt("Nothing was written", async (signal) => {
    const onProgress = bar.listener;
    const read = await readInputWindows(given, network, model, task, { onProgress, signal });
    const method = methods[given.method as AttributionMethod]!;
    const found = await method.attribute(model, read.windows, {
      ...rest,
      runtime: nodeRuntime(device.device),
      task: target,
      threads: given.threads,
      onProgress,
      signal,
    });
    return {
      ...read,
      file: describeAttributions(found, read.windows, network.file.tasks),
      warnings: [...(read.study?.warnings ?? []), ...(found.warnings ?? [])],
    };
  });
  for (const warning of warnings) bar.say(`warning: ${warning}`);
  const record = async () =>
    `${JSON.stringify(await makeRunRecord(commandText(), given.seed, [`${path}/model.json`, `${path}/weights.safetensors`, ...inputs], (performance.now() - started) / 1000, device), null, 2)}\n`;
  // What can be refused comes first, so that a refusal leaves nothing behind.
  const extras = await writeExtras(file, given, study, record);
  await saveAttributionFile(given.out!, file);
  await writeFileAtomically(`${given.out}.run.json`, await record());
  const files = [given.out!, `${given.out}.run.json`, ...extras];
  const seconds = (performance.now() - started) / 1000;
  bar.say(
    `wrote ${files.length} files: ${given.method} of ${file.count} sequences for ${task.factor}, ${formatDuration(seconds)}`,
  );
  if (given.json) {
    printJson({
      out: given.out,
      files,
      method: given.method,
      target,
      task: { factor: task.factor, cell: task.cell },
      sequences: file.count,
      length: file.length,
      meanPrediction: meanOf(file, target),
      largestDelta: file.deltas
        ? file.deltas.reduce((most, delta) => Math.max(most, Math.abs(delta)), 0)
        : undefined,
      warnings,
      seconds,
    });
  }
}

/** Pictures, tracks and arrays that were asked for. */
async function writeExtras(
  file: AttributionFile,
  given: AttributionFlags,
  study: Study | null,
  record: () => Promise<string>,
): Promise<string[]> {
  const written: string[] = [];
  if (given.modisco !== undefined) {
    written.push(
      ...(await writeModisco(file, given.modisco, given.overwrite ?? false, { "run.json": await record() })),
    );
  }
  if (given.bigwig !== undefined) {
    const chromosomes = study
      ? study.assembly.chromosomes
      : await withSource(given.chromSizes!, (source) => readChromosomeSizes(source));
    await writeBigWigFile(given.bigwig, chromosomes, attributionRuns(file, chromosomes));
    written.push(given.bigwig);
  }
  if (given.logos !== undefined) {
    await writeFileAtomically(given.logos, renderLogoPage(file, given.logoCount));
    written.push(given.logos);
  }
  if (given.profile !== undefined) {
    const profile = profileAroundCore(file);
    const text = given.profile.endsWith(".tsv")
      ? writeProfileTable(profile)
      : renderProfilePage(file, profile);
    await writeFileAtomically(given.profile, text);
    written.push(given.profile);
  }
  return written;
}

/** @throws BindscapeError for a method or a file that is not named, or outputs that cannot be made */
function checkOutputs(given: AttributionFlags): void {
  const fail = (found: string, expected: string, next?: string) => {
    throw new BindscapeError({ found, expected, next });
  };
  if (given.method === undefined) fail("no --method", `one of ${methodNames.join(", ")}`);
  if (given.out === undefined) fail("no --out", "a file to write, such as attributions.npz");
  if (!given.out!.endsWith(".npz")) fail(`--out ${given.out}`, "a name that ends in .npz");
  if (given.bigwig !== undefined && given.study === undefined && given.chromSizes === undefined) {
    fail(
      "--bigwig without a genome",
      "--study and --regions, or --chrom-sizes for a data set with places",
      given.fasta === undefined ? undefined : "Sequences of a FASTA file have no places on a genome",
    );
  }
  if (given.profile !== undefined && !/\.(html?|tsv)$/.test(given.profile))
    fail(`--profile ${given.profile}`, "a name that ends in .html or .tsv");
  if (given.modisco !== undefined && existsSync(given.modisco) && !given.overwrite) {
    fail(`${basename(resolve(given.modisco))}, which exists`, "a new folder", "--overwrite replaces it");
  }
}

/**
 * The output that a number or a name says.
 * @throws BindscapeError that lists the outputs
 */
export function findTarget({ file: { tasks } }: Network, text = "0"): number {
  const named = (want: (task: { factor: string; cell: string }) => string) =>
    tasks.flatMap((task, i) => (want(task).toLowerCase() === text.toLowerCase() ? [i] : []));
  const byName = named(({ factor }) => factor);
  const found = byName.length > 0 ? byName : named(({ factor, cell }) => `${factor}|${cell}`);
  if (found.length === 1) return found[0];
  if (found.length === 0 && /^\d+$/.test(text) && Number(text) < tasks.length) return Number(text);
  const shown = tasks.slice(0, 30).map(({ factor, cell }, i) => `${i} ${factor}|${cell}`);
  throw new BindscapeError({
    found: `--target ${text}${found.length > 1 ? `, which ${found.length} outputs have` : ""}`,
    expected: `one of the outputs: ${shown.join(", ")}${tasks.length > shown.length ? ` and ${tasks.length - shown.length} more` : ""}`,
    next: found.length > 1 ? "Give its number, or FACTOR|CELL" : undefined,
  });
}

function meanOf({ predictions, count }: AttributionFile, target: number): number {
  const columns = predictions!.length / count;
  let sum = 0;
  for (let row = 0; row < count; row++) sum += predictions![row * columns + target];
  return sum / count;
}

interface AttributionFlags extends InputFlags, Omit<MethodFlags, "method"> {
  readonly method?: AttributionMethod;
  readonly target?: string;
  readonly out?: string;
  readonly bigwig?: string;
  readonly chromSizes?: string;
  readonly modisco?: string;
  readonly logos?: string;
  readonly logoCount: number;
  readonly profile?: string;
  readonly overwrite?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
