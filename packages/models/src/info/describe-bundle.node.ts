import { readBundle } from "../bundle/bundle.node.js";
import { listInputs } from "../bundle/model-file.js";
import { findModel } from "../model-table.js";
import { type Contents, formatNumber, formatValue } from "./description.js";

/** A model bundle: what it predicts, how it was trained, and what it owes to which paper. */
export async function describeBundle(folder: string): Promise<Contents> {
  const { network, history } = await readBundle(folder);
  const { file } = network;
  const { title } = findModel(file.model, folder);
  const parameters = [...network.parameters.values()].reduce((sum, { length }) => sum + length, 0);
  const { training, plan, imported } = file;
  const inputs = listInputs(plan);
  return {
    kind: "model bundle",
    facts: {
      model: file.model,
      title,
      tasks: file.tasks,
      parameters,
      windowLength: plan.windowLength,
      binSize: plan.binSize,
      inputs,
      seededKernels: file.seededKernels.length,
      options: file.options,
      training,
      imported: imported ?? null,
      epochs: history.length,
      departures: file.departures,
      citation: file.citation,
    },
    rows: [
      ["model", title],
      [
        "predicts",
        file.tasks
          .map(({ factor, cell, cells }) =>
            // Sets of sequences need not say of which cell they are.
            cell === "" ? factor : `${factor} in ${(cells ?? [cell]).join(" and ")}`,
          )
          .join(", "),
      ],
      ["parameters", formatNumber(parameters)],
      ["window", `${formatNumber(plan.windowLength)} bp around bins of ${plan.binSize} bp`],
      ["inputs", inputs.join(", ")],
      [
        "options",
        Object.entries(file.options)
          .map(([name, value]) => `${name} ${value}`)
          .join(", "),
      ],
      ...(imported
        ? [["imported from", `${training.study}/${imported.weights} (${imported.format})`] as const]
        : [
            [
              "trained on",
              `${training.study}${training.assembly === "" ? "" : ` (${training.assembly})`}, seed ${training.seed}`,
            ] as const,
            [
              "best epoch",
              `${training.bestEpoch} of ${training.epochs}, validation loss ${formatValue(training.validationLoss)}`,
            ] as const,
          ]),
      ["departures", file.departures.length === 0 ? "none" : file.departures.join(" ")],
      ["citation", file.citation],
    ],
  };
}
