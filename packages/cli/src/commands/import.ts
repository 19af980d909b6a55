import { importKeras, listInputs, makeRunRecord, refuseExisting, writeBundle } from "@bindscape/models";
import { type Command, InvalidArgumentError } from "commander";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { commandText } from "./shared-options.js";

export function addImportCommand(program: Command): void {
  const command = program.command("import").description("turn models of other programs into bundles");
  addKerasCommand(command);
}

function addKerasCommand(parent: Command): void {
  parent
    .command("keras")
    .description("a published FactorNet: Keras 1 (Theano) model.json and HDF5 weights")
    .argument("<folder>", "folder with model.json, weights, bigwig.txt, chip.txt, meta.txt and feature.txt")
    .requiredOption("--out <folder>", "bundle to write")
    .option("--weights <file>", "weights in the folder (default: final_model.hdf5, else best_model.hdf5)")
    .option("--cell <name>", "cell the model is of; predict --cell names any other")
    .option(
      "--rename <names>",
      "other names for tracks, covariates and annotations: DGF=DNase,Unique35=mappability",
      parseRenames,
    )
    .option("--overwrite", "replace the bundle where there is one")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Kernels are turned around, since Theano's convolutions turn them. The study to predict on needs tracks (and for models
with metadata, covariates and annotations) of the names the model reads; \`bindscape info BUNDLE\` lists them.

Examples:
  bindscape import keras FOXA1_onePeak_DGF --out models/foxa1 --rename DGF=DNase
  bindscape predict models/foxa1 --study study.yaml --cell HepG2 --regions sites.bed --out foxa1.tsv`,
    )
    .action(async (folder: string, given: ImportFlags) => {
      const started = performance.now();
      refuseExisting(given.out, given.overwrite ?? false);
      const { weights, cell, rename } = given;
      const { network, files } = await importKeras(folder, { weights, cell, rename });
      const seconds = (performance.now() - started) / 1000;
      const run = await makeRunRecord(commandText(), null, files, seconds);
      await writeBundle(given.out, { network, history: [], metrics: {}, run }, given.overwrite);
      const { plan, tasks } = network.file;
      const inputs = listInputs(plan);
      const factors = tasks.map(({ factor }) => factor);
      new ProgressBar().say(
        `wrote ${given.out}: ${factors.join(", ")} from ${inputs.join(", ")} in ${plan.windowLength} bp`,
      );
      if (given.json)
        printJson({ out: given.out, factors, inputs, windowLength: plan.windowLength, seconds });
    });
}

interface ImportFlags {
  readonly out: string;
  readonly weights?: string;
  readonly cell?: string;
  readonly rename?: ReadonlyMap<string, string>;
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
