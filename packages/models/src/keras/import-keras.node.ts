import { basename, join } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import type { BinFeature } from "@bindscape/study";
import { hashFile } from "@bindscape/study";
import { factorNet } from "../architectures/factornet/factornet.js";
import type { FactorNetOptions } from "../architectures/factornet/options.js";
import type { ModelFile } from "../bundle/model-file.js";
import { describeNetwork, type Network } from "../network/describe-network.js";
import type { ConvolutionDenseImport } from "./convolution-dense-from-keras.js";
import { factorNetFromKeras } from "./factornet-from-keras.js";
import { nameInputs, parseExportNotes } from "./factornet-inputs.js";
import { importConvolutionDense } from "./import-convolution-dense.node.js";
import { findDescription, findWeights, listNames, readText } from "./keras-files.node.js";
import { parseKerasModel } from "./keras-model.js";
import { readKerasWeights } from "./read-keras-weights.node.js";
import { kerasClassOf } from "./sequential-model.js";
import { trainedElsewhere } from "./trained-elsewhere.node.js";

/** Bins as FactorNet has them. */
const factorNetBins = { size: 200, step: 50, boundOverlap: 101 } as const;

export interface ImportOptions extends ConvolutionDenseImport {
  /** HDF5 file in the folder; `final_model.hdf5`, else `best_model.hdf5`, else the only one, where left out. */
  readonly weights?: string;
  /** Description in the folder; `model.json`, else the only one of a Keras model, where left out. */
  readonly model?: string;
  /** Names of the outputs of a network that has none. */
  readonly tasks?: readonly string[];
  /** Cell the model is of. */
  readonly cell?: string;
  /** Other names for tracks, covariates and annotations, as the studies to predict on call them. */
  readonly rename?: ReadonlyMap<string, string>;
}

/**
 * Reads a model that Keras wrote: a folder with its description (JSON) and weights (HDF5). Either a FactorNet of Keras
 * 1, with FactorNet's lists of names (`bigwig.txt`, `chip.txt`, `meta.txt`, `feature.txt`), or a Sequential model of
 * convolutions, pools and dense layers of Keras 1 or 2. Data only: nothing in the folder is run.
 * @returns the network, the files it was read from, and what the user should know
 * @throws BindscapeError where a part is missing, is no such network, or does not fit the others
 */
export async function importKeras(
  folder: string,
  options: ImportOptions = {},
): Promise<{ network: Network; files: string[]; notes: string[] }> {
  const { path: modelPath, text: modelText } = await findDescription(folder, options.model);
  if (kerasClassOf(modelText) === "Sequential")
    return importConvolutionDense(folder, modelPath, modelText, options);
  refuseSequentialOptions(options, modelPath);
  const model = parseKerasModel(modelText, modelPath);
  const weightsPath = await findWeights(folder, options.weights);
  const weights = await readKerasWeights(weightsPath);
  const imported = factorNetFromKeras(model, weights, modelPath, weightsPath);
  const { windowLength } = imported.options;

  const files = [modelPath, weightsPath];
  const read = async (name: string) => {
    const text = await readText(join(folder, name));
    if (text !== null) files.push(join(folder, name));
    return text;
  };
  const notesText = await read("bindscape.json");
  const notes =
    notesText && parseExportNotes(notesText, join(folder, "bindscape.json"), windowLength, imported);
  const { tracks, features, factors, sequence } = notes
    ? { sequence: true, ...notes.plan, factors: notes.tasks.map(({ factor }) => factor) }
    : nameInputs(
        imported,
        {
          tracks: listNames(await read("bigwig.txt")),
          factors: listNames(await read("chip.txt")),
          covariates: listNames(await read("meta.txt")),
          kinds: listNames(await read("feature.txt")),
        },
        folder,
      );
  const renamed = renameInputs(tracks, features, options.rename ?? new Map(), folder);
  const { cell } = options;
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: factorNet.name,
    options: { ...imported.options, sequence, ...featureOptions(features) },
    citation: factorNet.citation,
    departures: [...imported.departures],
    tasks: factors.map((factor, i) => ({ factor, cell: cell ?? (notes ? notes.tasks[i].cell : "unknown") })),
    plan: {
      windowLength,
      binSize: notes ? notes.plan.binSize : factorNetBins.size,
      ...renamed,
      ...(!sequence && { sequence }),
    },
    bins: notes ? notes.bins : factorNetBins,
    featureScaling: {
      mean: renamed.features.map(() => 0),
      scale: renamed.features.map(() => 1),
    },
    boundShare: factors.map(() => 0.5),
    seededKernels: [],
    training: trainedElsewhere(folder),
    imported: {
      format: model.version === null ? "Keras 1" : `Keras ${model.version}`,
      weights: basename(weightsPath),
      sha256: await hashFile(weightsPath),
    },
  };
  const network = { file, parameters: imported.parameters };
  describeNetwork(network, modelPath);
  return { network, files, notes: [] };
}

/** The options under which training would have given a network these features. */
function featureOptions(features: readonly BinFeature[]): Partial<FactorNetOptions> {
  const has = (kind: BinFeature["kind"]) => features.some((feature) => feature.kind === kind);
  const kinds = [...(has("motif") ? ["motif"] : []), ...(has("signal") ? ["signal"] : [])];
  return {
    binFeatures: (kinds.join("-and-") || "none") as FactorNetOptions["binFeatures"],
    covariates: has("covariate"),
    annotations: has("overlap"),
  };
}

/** @throws BindscapeError for what only networks given layer by layer leave open */
function refuseSequentialOptions(options: ImportOptions, source: string): void {
  const { kernels = "auto", baseOrder, unknownBase, tasks } = options;
  const given = [
    ...(kernels === "auto" ? [] : ["--kernels"]),
    ...(baseOrder === undefined ? [] : ["--base-order"]),
    ...(unknownBase === undefined ? [] : ["--unknown-base"]),
    ...(tasks === undefined ? [] : ["--tasks"]),
  ];
  if (given.length === 0) return;
  throw new BindscapeError({
    source,
    found: `${given.join(", ")} for a FactorNet`,
    expected: "a Sequential model: a FactorNet's kernels, bases and tasks are known",
    next: `Leave ${given.join(", ")} out`,
  });
}

/** @throws BindscapeError for a name that no input has, or that two would have */
function renameInputs(
  tracks: readonly string[],
  features: readonly BinFeature[],
  rename: ReadonlyMap<string, string>,
  folder: string,
): { tracks: string[]; features: ModelFile["plan"]["features"] } {
  const names = [...tracks, ...features.map((feature) => feature.name)];
  const unknown = [...rename.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new BindscapeError({
      source: folder,
      found: `no input "${unknown}" to rename`,
      expected: names.length > 0 ? `one of ${names.join(", ")}` : "a model with inputs beside the sequence",
    });
  }
  const newName = (name: string) => rename.get(name) ?? name;
  const renamed = tracks.map(newName);
  const twice = renamed.find((name, i) => renamed.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new BindscapeError({
      source: folder,
      found: `two tracks named "${twice}"`,
      expected: "a name each",
    });
  }
  return {
    tracks: renamed,
    features: features.map((feature) => renameFeature(feature, newName)),
  };
}

function renameFeature(
  feature: BinFeature,
  newName: (name: string) => string,
): ModelFile["plan"]["features"][number] {
  const name = newName(feature.name);
  switch (feature.kind) {
    case "overlap":
      return { ...feature, name, annotation: newName(feature.annotation) };
    case "covariate":
      return { ...feature, name };
    case "signal":
      return { ...feature, name, track: newName(feature.track) };
    case "motif":
      return { ...feature, name, logOdds: [...feature.logOdds] };
  }
}
