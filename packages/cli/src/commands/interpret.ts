import { join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  interpretKernels,
  makeRunRecord,
  readBundle,
  type SiteRule,
  writeInterpretedKernels,
} from "@bindscape/models";
import { loadStudy, type Study } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { addStudyOptions, commandText, parseThreads as parseCount } from "./shared-options.js";

export function addInterpretCommand(program: Command): void {
  const command = program
    .command("interpret")
    .description("look into a model: kernels as motifs, saliency of regions");
  addKernelsCommand(command);
}

function addKernelsCommand(parent: Command): void {
  const command = parent
    .command("kernels")
    .description("kernels as motifs (MEME), mean signal footprints (npz), aligned in heat maps (HTML, SVG)")
    .argument("<bundle>", "model bundle, as `bindscape train` writes it")
    .requiredOption("--study <file>", "study file; kernels are read on its test hold-out")
    .requiredOption(
      "--out <folder>",
      "folder to write motifs.meme, footprints.npz, alignment.svg, kernels.html to",
    )
    .addOption(
      new Option(
        "--rule <name>",
        "sites a motif is made of: the best one of each window, or all above half of the largest activation",
      )
        .choices(["best-site", "half-maximum"])
        .default("best-site"),
    )
    .addOption(
      new Option("--layer <number>", "1: the convolution; 2: the dense layer on each of its positions")
        .choices(["1", "2"])
        .default("1"),
    )
    .option("--windows <number>", "held-out windows to look at, at most half of them bound", parseCount, 2000)
    .option("--factor <name>", "factor whose bound windows are looked at (default: the model's first)")
    .option("--cell <name>", "cell to look at (default: the one trained in)");
  addStudyOptions(command)
    .addHelpText(
      "after",
      `
Windows do not overlap one another, so that no site counts twice. The first rule is that of FactorNet's published
visualisation, the second that of DeepBind and DanQ.

Examples:
  bindscape interpret kernels models/reb1 --study study.yaml --out reb1-kernels
  bindscape interpret kernels models/reb1 --study study.yaml --rule half-maximum --layer 2 --out reb1-layer2`,
    )
    .action(async (bundlePath: string, given: KernelFlags) => {
      const started = performance.now();
      const { network } = await readBundle(bundlePath);
      const factors = network.file.tasks.map(({ factor }) => factor);
      const study = await loadStudy(given.study, {
        factors: given.factor ? [given.factor] : factors.slice(0, 1),
        dataFolder: given.data,
      });
      const bar = new ProgressBar();
      const found = await withInterrupt("Nothing was written", (signal) =>
        interpretKernels({
          study,
          network,
          factor: given.factor,
          cell: given.cell,
          layer: given.layer === "2" ? 2 : 1,
          rule: given.rule,
          windows: given.windows,
          threads: given.threads,
          onProgress: bar.listener,
          signal,
        }),
      );
      const files = await writeInterpretedKernels(found, given.out);
      await finish(bar, study, given.out, network.file.training.seed, started);
      bar.say(
        `wrote ${files.length} files to ${given.out}: ${found.kernels.length} of ${found.total} kernels of ${found.factor}, ${formatDuration((performance.now() - started) / 1000)}`,
      );
      if (given.json) {
        printJson({
          out: given.out,
          files,
          factor: found.factor,
          cell: found.cell,
          windows: found.windows,
          kernels: found.kernels.map(({ index, sites }) => ({ index, sites })),
        });
      }
    });
}

/** Says what was odd and records the run. */
async function finish(
  bar: ProgressBar,
  study: Study,
  folder: string,
  seed: number,
  started: number,
  inputs: readonly string[] = [],
): Promise<void> {
  for (const warning of study.warnings) bar.say(`warning: ${warning}`);
  const seconds = (performance.now() - started) / 1000;
  const record = await makeRunRecord(commandText(), seed, [...study.inputs, ...inputs], seconds);
  await writeFileAtomically(join(folder, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
}

interface KernelFlags {
  readonly study: string;
  readonly out: string;
  readonly rule: SiteRule;
  readonly layer: "1" | "2";
  readonly windows: number;
  readonly factor?: string;
  readonly cell?: string;
  readonly data?: string;
  readonly threads?: number;
  readonly json?: boolean;
}
