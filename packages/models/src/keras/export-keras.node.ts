import { join } from "node:path";
import { writeFileAtomically, writeFolder } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { countChannels } from "@bindscape/study";
import { factorNet } from "../architectures/factornet/factornet.js";
import { factorNetOptions } from "../architectures/factornet/options.js";
import type { RunRecord } from "../bundle/run-record.node.js";
import type { Network } from "../network/describe-network.js";
import { type ExportNotes, namesOfPlan } from "./factornet-inputs.js";
import { factorNetToKeras, KERAS_VERSION } from "./factornet-to-keras.js";
import { writeKerasWeights } from "./write-keras-weights.node.js";

/**
 * Writes a network as Keras 1 (Theano backend) has it, in FactorNet's folder: `model.json`, `best_model.hdf5`,
 * `bigwig.txt`, `chip.txt`, `meta.txt`, `feature.txt`; and `bindscape.json` with what those have no words for.
 * @throws BindscapeError for an architecture that Keras 1 export does not know, or a taken name
 */
export async function exportKeras(
  network: Network,
  out: string,
  run: RunRecord,
  overwrite = false,
): Promise<void> {
  const { model, plan, tasks, bins, options } = network.file;
  if (model !== factorNet.name) {
    throw new BindscapeError({
      found: `a bundle of the architecture ${model}`,
      expected: `one of ${factorNet.name}`,
      next: "`bindscape export kipoi` and the bundle's model.onnx take every architecture",
    });
  }
  const keras = factorNetToKeras({
    options: factorNetOptions.parse(options),
    parameters: network.parameters,
    channels: countChannels(plan),
    features: plan.features.length,
    tasks: tasks.length,
  });
  const names = namesOfPlan(
    plan,
    tasks.map(({ factor }) => factor),
  );
  const notes: ExportNotes = { format: "bindscape-keras", version: 1, tasks, plan, bins };
  await writeFolder(out, overwrite, async (partial) => {
    const write = (name: string, text: string) => writeFileAtomically(join(partial, name), text);
    await writeKerasWeights(join(partial, "best_model.hdf5"), keras.weights, KERAS_VERSION);
    await write("model.json", JSON.stringify(keras.model));
    await write("bigwig.txt", lines(names.tracks));
    await write("chip.txt", lines(names.factors));
    await write("feature.txt", lines(names.kinds));
    if (names.covariates && names.covariates.length > 0) await write("meta.txt", lines(names.covariates));
    await write("bindscape.json", `${JSON.stringify(notes, null, 2)}\n`);
    await write("run.json", `${JSON.stringify(run, null, 2)}\n`);
  });
}

function lines(names: readonly string[] | null): string {
  return (names ?? []).map((name) => `${name}\n`).join("");
}
