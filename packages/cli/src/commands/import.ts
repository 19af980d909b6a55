import { importKeras, listInputs, makeRunRecord, refuseExisting, writeBundle } from "@bindscape/models";
import { type Command, InvalidArgumentError, Option } from "commander";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { commandText, parseList } from "./shared-options.js";

export function addImportCommand(program: Command): void {
  const command = program.command("import").description("turn models of other programs into bundles");
  addKerasCommand(command);
}

function addKerasCommand(parent: Command): void {
  parent
    .command("keras")
    .description(
      "a published FactorNet of Keras 1 (Theano), or a Sequential convolution-dense model of Keras 1 or 2",
    )
    .argument(
      "<folder>",
      "folder with the model (JSON) and weights (HDF5); a FactorNet's also with bigwig.txt, chip.txt, meta.txt, feature.txt",
    )
    .requiredOption("--out <folder>", "bundle to write")
    .option(
      "--weights <file>",
      "weights in the folder (default: final_model.hdf5, else best_model.hdf5, else the only .h5 or .hdf5 file)",
    )
    .option(
      "--model <file>",
      "description in the folder (default: model.json, else the only JSON file of a Keras model)",
    )
    .option("--cell <name>", "cell the model is of; predict --cell names any other")
    .option(
      "--rename <names>",
      "other names for tracks, covariates and annotations: DGF=DNase,Unique35=mappability",
      parseRenames,
    )
    .addOption(
      new Option(
        "--kernels <how>",
        "kernels of a Sequential model: turned around (flipped), as Theano stores them, or applied as they are stored; auto goes by the backend or the order of axes in the file",
      )
        .choices(["auto", "flipped", "as-is"])
        .default("auto"),
    )
    .option(
      "--base-order <letters>",
      "order of the bases in a Sequential model's input (default: ACGT)",
      parseBaseOrder,
    )
    .addOption(
      new Option("--unknown-base <value>", "what a Sequential model is shown of every base at N").choices([
        "0",
        "0.25",
      ]),
    )
    .option("--tasks <names>", "names of a Sequential model's outputs, in their order", parseList)
    .option("--overwrite", "replace the bundle where there is one")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Kernels of a FactorNet are turned around, since Theano's convolutions turn them. The study to predict on needs tracks (and for models
with metadata, covariates and annotations) of the names the model reads; \`bindscape info BUNDLE\` lists them.

A Sequential model reads windows of bases: [1, 4, length] (Theano's order of axes), [length, 4], or [length, 4, 1]. It may
have convolutions, max, average and global pools, batch normalisation, dropout, Flatten, dense layers and usual
activations, and ends in a dense layer with sigmoid or softmax.

Examples:
  bindscape import keras FOXA1_onePeak_DGF --out models/foxa1 --rename DGF=DNase
  bindscape predict models/foxa1 --study study.yaml --cell HepG2 --regions sites.bed --out foxa1.tsv
  bindscape import keras tal-gata --out models/tal-gata --tasks TAL1_GATA1,GATA1,TAL1`,
    )
    .action(async (folder: string, given: ImportFlags) => {
      const started = performance.now();
      refuseExisting(given.out, given.overwrite ?? false);
      const { network, files, notes } = await importKeras(folder, {
        ...given,
        unknownBase: given.unknownBase && (Number(given.unknownBase) as 0 | 0.25),
      });
      const seconds = (performance.now() - started) / 1000;
      const run = await makeRunRecord(commandText(), null, files, seconds);
      await writeBundle(given.out, { network, history: [], metrics: {}, run }, given.overwrite);
      const { plan, tasks } = network.file;
      const inputs = listInputs(plan);
      const factors = tasks.map(({ factor }) => factor);
      const bar = new ProgressBar();
      for (const note of notes) bar.say(`note: ${note}`);
      bar.say(
        `wrote ${given.out}: ${factors.join(", ")} from ${inputs.join(", ")} in ${plan.windowLength} bp`,
      );
      if (given.json)
        printJson({ out: given.out, factors, inputs, windowLength: plan.windowLength, notes, seconds });
    });
}

interface ImportFlags {
  readonly out: string;
  readonly weights?: string;
  readonly cell?: string;
  readonly rename?: ReadonlyMap<string, string>;
  readonly model?: string;
  readonly kernels: "auto" | "flipped" | "as-is";
  readonly baseOrder?: string;
  readonly unknownBase?: "0" | "0.25";
  readonly tasks?: readonly string[];
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** "DGF=DNase,Unique35=mappability" as a map. */
function parseRenames(text: string): Map<string, string> {
  const renames = text.split(",").map((pair) => pair.split("=").map((name) => name.trim()));
  if (renames.some((pair) => pair.length !== 2 || pair.includes(""))) {
    throw new InvalidArgumentError("Expected OLD=NEW, several separated by commas.");
  }
  return new Map(renames as [string, string][]);
}

/** "ATCG" and the like: each base once. */
function parseBaseOrder(text: string): string {
  const letters = text.toUpperCase();
  if ([...letters].sort().join("") === "ACGT") return letters;
  throw new InvalidArgumentError("Expected the four bases, each once, such as ATCG.");
}
