import { basename, join } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import { hashFile } from "@bindscape/study";
import { convolutionDense } from "../architectures/convolution-dense/convolution-dense.js";
import type { ModelFile } from "../bundle/model-file.js";
import { describeNetwork, type Network } from "../network/describe-network.js";
import { convolutionDenseFromKeras } from "./convolution-dense-from-keras.js";
import type { ImportOptions } from "./import-keras.node.js";
import { findWeights, listNames, readText } from "./keras-files.node.js";
import { readKerasWeights } from "./read-keras-weights.node.js";
import { parseSequentialModel } from "./sequential-model.js";
import { trainedElsewhere } from "./trained-elsewhere.node.js";

/** For {@link importKeras}: a Sequential model of convolutions, pools and dense layers. */
export async function importConvolutionDense(
  folder: string,
  modelPath: string,
  modelText: string,
  options: ImportOptions,
): Promise<{ network: Network; files: string[]; notes: string[] }> {
  if (options.rename && options.rename.size > 0) {
    throw new BindscapeError({
      source: modelPath,
      found: "--rename for a model of the sequence alone",
      expected: "a model with tracks or metadata",
    });
  }
  const model = parseSequentialModel(modelText, modelPath);
  const weightsPath = await findWeights(folder, options.weights);
  const weights = await readKerasWeights(weightsPath);
  const imported = convolutionDenseFromKeras(model, weights, modelPath, weightsPath, options);
  const { windowLength, unknownBase } = imported.options;
  const names = options.tasks ?? listNames(await readText(join(folder, "chip.txt"))) ?? [];
  if (names.length > 0 && names.length !== imported.tasks) {
    throw new BindscapeError({
      source: modelPath,
      found: `${imported.tasks} outputs, and names of ${names.length}: ${names.join(", ")}`,
      expected: "a name for every output",
      next: "Name all of them, in their order, with --tasks",
    });
  }
  const factors = Array.from({ length: imported.tasks }, (_, i) => names[i] ?? `task${i + 1}`);
  const binSize = Math.min(200, windowLength);
  const version = model.version === null ? "Keras" : `Keras ${model.version}`;
  const isFlipped = imported.kernels === "flipped";
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: convolutionDense.name,
    options: { ...imported.options },
    citation: `Imported from ${basename(modelPath)}, a Sequential model of ${version}.`,
    departures: [],
    tasks: factors.map((factor) => ({ factor, cell: options.cell ?? "unknown" })),
    plan: {
      windowLength,
      binSize,
      tracks: [],
      features: [],
      ...(unknownBase === 0.25 && { unknownBase }),
    },
    bins: { size: binSize, step: Math.min(50, binSize), boundOverlap: Math.floor(binSize / 2) + 1 },
    featureScaling: { mean: [], scale: [] },
    boundShare: factors.map(() => 0.5),
    seededKernels: [],
    training: trainedElsewhere(folder),
    imported: {
      format: `${version}, kernels ${isFlipped ? "turned around" : "as they are stored"}`,
      weights: basename(weightsPath),
      sha256: await hashFile(weightsPath),
    },
  };
  const network = { file, parameters: imported.parameters };
  describeNetwork(network, modelPath);
  const notes = imported.kernelsAssumed
    ? [
        isFlipped
          ? "kernels were turned around, as for models of Keras 1 with Theano; the files do not say which backend they are of: --kernels as-is leaves them"
          : "kernels were taken as they are stored, as for models of TensorFlow; the files do not say which backend they are of: --kernels flipped turns them around",
      ]
    : [];
  return { network, files: [modelPath, weightsPath], notes };
}
