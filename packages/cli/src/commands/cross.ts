import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { refuseExisting, writeFileAtomically, writeFolder } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  CROSS_METRICS,
  type CrossDataset,
  type CrossModel,
  crossEvaluate,
  type DeviceChoice,
  describeOwn,
  formatCrossTable,
  listFiles,
  makeRunRecord,
  type NetworkStrands,
  readBundle,
  renderCrossPage,
  summariseCross,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { readSequenceSet, SPLIT_NAMES } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../interrupt.js";
import { formatTable, printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { lengthOption, strandsOption } from "./sequences/shared.js";
import { commandText, deviceOption, parseThreads, readDevice } from "./shared-options.js";

export function addCrossCommand(program: Command): void {
  program
    .command("cross")
    .description("models of factors, or of cells, on each other's sites: matrices and heat maps (AgentBind)")
    .argument("<models...>", "bundles of networks that see sequence alone")
    .requiredOption("--datasets <folders...>", "data sets, folders or tables")
    .requiredOption("--out <folder>", "folder to write")
    .addOption(
      new Option("--split <name>", "sites that are ranked; all sites of data without parts")
        .choices([...SPLIT_NAMES, "all"])
        .default("test"),
    )
    .addOption(strandsOption("each strand is a site of its own"))
    .addOption(lengthOption())
    .option("--overwrite", "replace an earlier output that stands there")
    .option("--threads <number>", "threads for networks (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Every output of every model ranks the sites of every data set by its logit. A data set's own model is the one of the
same factor and cell. The folder has report.html (heat maps, the best of each column framed; own models beside the next
best; auROC against the GC difference of bound and unbound windows; single numbers such as accessibility alone),
cross.tsv, cross.json and run.json.

Examples:
  bindscape cross models/reb1 models/abf1 models/rap1 --datasets sites/reb1 sites/abf1 sites/rap1 --out cross
  bindscape cross models/stat3-* --datasets sites/stat3-* --out cells --split validation`,
    )
    .action(async (models: string[], given: CrossFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      refuseExisting(given.out, given.overwrite ?? false);
      const networks: CrossModel[] = [];
      for (const path of models)
        networks.push({ from: basename(path), network: (await readBundle(path)).network });
      const datasets: CrossDataset[] = [];
      for (const path of given.datasets) datasets.push(await readDataset(path, given.length));
      const device = await readDevice(given.device, (line) => bar.say(line));
      const matrix = await withInterrupt("Nothing was written", (signal) =>
        crossEvaluate(networks, datasets, {
          runtime: nodeRuntime(device.device),
          split: given.split,
          strands: given.strands,
          threads: given.threads,
          onProgress: bar.listener,
          signal,
        }),
      );
      const summaries = Object.fromEntries(
        CROSS_METRICS.map((metric) => [metric, summariseCross(matrix, metric)]),
      );
      const seconds = (performance.now() - started) / 1000;
      const inputs = (await Promise.all([...models, ...given.datasets].map(listFiles))).flat();
      const record = await makeRunRecord(commandText(), null, inputs, seconds, device);
      const content = { ...matrix, summaries };
      await writeFolder(given.out, given.overwrite ?? false, async (partial) => {
        const files = {
          "cross.tsv": formatCrossTable(matrix),
          "cross.json": `${JSON.stringify(content, null, 2)}\n`,
          "report.html": renderCrossPage(matrix, commandText()),
          "run.json": `${JSON.stringify(record, null, 2)}\n`,
        };
        for (const [name, text] of Object.entries(files))
          await writeFileAtomically(join(partial, name), text);
      });
      bar.say(
        `wrote ${given.out}: ${matrix.rows.length} models on ${matrix.columns.length} sets of sites, ${formatDuration(seconds)}. ${describeOwn(summaries.auroc)}`,
      );
      if (given.json) {
        printJson({ out: given.out, ...content, seconds });
        return;
      }
      const score = (value: number | null) => (value === null ? "n/a" : value.toFixed(3));
      console.log(
        formatTable([
          ["auROC, model of", ...matrix.columns.map(({ name }) => name)],
          ...matrix.rows.map(({ name }, row) => [
            name,
            ...matrix.cells[row].map(({ auroc }) => score(auroc)),
          ]),
        ]),
      );
    });
}

/** A data set with what its dataset.json says of GC and of single numbers, where it has one. */
async function readDataset(path: string, length: number | undefined): Promise<CrossDataset> {
  const set = await readSequenceSet(path, { length });
  let description: Record<string, unknown> = {};
  try {
    description = JSON.parse(await readFile(join(path, "dataset.json"), "utf8"));
  } catch (error) {
    // Tables have no description.
    if (!(error instanceof Error && "code" in error)) {
      throw new BindscapeError({
        source: join(path, "dataset.json"),
        found: "text that is no JSON",
        cause: error,
      });
    }
  }
  const { gcDifference, baselines } = description;
  return {
    from: basename(path),
    set,
    ...(typeof gcDifference === "number" && { gcDifference }),
    ...(typeof baselines === "object" &&
      baselines !== null && { baselines: baselines as CrossDataset["baselines"] }),
  };
}

interface CrossFlags {
  readonly datasets: string[];
  readonly out: string;
  readonly split: "training" | "validation" | "test" | "all";
  readonly strands?: NetworkStrands;
  readonly length?: number;
  readonly overwrite?: boolean;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
