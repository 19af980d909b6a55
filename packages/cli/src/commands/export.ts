import { join } from "node:path";
import {
  exportKeras,
  exportKipoi,
  makeRunRecord,
  type Network,
  type RunRecord,
  readBundle,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { Command } from "commander";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { commandText, parseList } from "./shared-options.js";

export function addExportCommand(program: Command): void {
  const command = program.command("export").description("write a bundle for other programs");
  addKerasCommand(command);
  addKipoiCommand(command);
}

function addKerasCommand(parent: Command): void {
  addExportOptions(
    parent
      .command("keras")
      .description("Keras 1 (Theano): model.json and HDF5 weights, in FactorNet's folder"),
  )
    .addHelpText(
      "after",
      `
The scaling of bin-level features is folded into the weights, so the network takes them as they are. bindscape.json
keeps what FactorNet's lists of names cannot say, for \`bindscape import keras\`.

Example:
  bindscape export keras models/foxa1 --out foxa1-keras`,
    )
    .action((bundle: string, given: ExportFlags) =>
      exportBundle(bundle, given, (network, run) => exportKeras(network, given.out, run, given.overwrite)),
    );
}

function addKipoiCommand(parent: Command): void {
  addExportOptions(
    parent
      .command("kipoi")
      .description("Kipoi: model.yaml, ONNX, and an example that needs onnxruntime alone"),
  )
    .option("--authors <names>", "authors of the model, separated by commas", parseList)
    .option("--license <name>", "licence of the model", "not stated")
    .option(
      "--url <address>",
      "address the folder will be served from; model.yaml then names it with the MD5",
    )
    .addHelpText(
      "after",
      `
Examples:
  bindscape export kipoi models/foxa1 --out foxa1-kipoi --authors "A. Author" --license MIT
  python3 foxa1-kipoi/example.py`,
    )
    .action((bundle: string, given: KipoiFlags) => {
      if (given.url !== undefined && !/^https?:\/\/\S+$/.test(given.url)) {
        throw new BindscapeError({ found: `--url ${given.url}`, expected: "an address, https://..." });
      }
      const details = {
        authors: given.authors ?? ["not stated"],
        license: given.license,
        url: given.url?.replace(/\/+$/, "") ?? null,
      };
      return exportBundle(bundle, given, (network, run) =>
        exportKipoi(network, given.out, details, run, given.overwrite),
      );
    });
}

interface ExportFlags {
  readonly out: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

interface KipoiFlags extends ExportFlags {
  readonly authors?: string[];
  readonly license: string;
  readonly url?: string;
}

function addExportOptions(command: Command): Command {
  return command
    .argument("<bundle>", "model bundle")
    .requiredOption("--out <folder>", "folder to write")
    .option("--overwrite", "replace the folder where there is one")
    .option("--json", "print one JSON line at the end");
}

async function exportBundle(
  path: string,
  { out, json }: ExportFlags,
  write: (network: Network, run: RunRecord) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  const { network } = await readBundle(path);
  const files = ["model.json", "weights.safetensors"].map((name) => join(path, name));
  const seconds = (performance.now() - started) / 1000;
  await write(network, await makeRunRecord(commandText(), network.file.training.seed, files, seconds));
  const factors = network.file.tasks.map(({ factor }) => factor);
  new ProgressBar().say(`wrote ${out}: ${factors.join(", ")}`);
  if (json) printJson({ out, factors });
}
