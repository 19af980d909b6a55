import { basename } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  compareModels,
  type DeviceChoice,
  type JoinRule,
  type ModelSet,
  makeRunRecord,
  readBundle,
  renderComparison,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy } from "@bindscape/study";
import type { Command } from "commander";
import { withInterrupt } from "../interrupt.js";
import { formatMetrics, metricsByMethod, printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import {
  addStudyOptions,
  commandText,
  joinOption,
  parseList,
  readDevice,
  type StudyFlags,
  splitOption,
} from "./shared-options.js";

export function addCompareCommand(program: Command): void {
  const command = program
    .command("compare")
    .description(
      "compare models on the same held-out bins: precision-recall curves, and model against ChIP signal",
    )
    .argument(
      "<sets...>",
      "LABEL=BUNDLE[,BUNDLE...]: one model, or several joined (--join); LABEL= may be left out",
    )
    .requiredOption("--study <file>", "study file")
    .requiredOption("--out <file>", "HTML file to write")
    .option("--factor <names>", "only these factors, separated by commas", parseList)
    .option(
      "--cell <names>",
      "cells to compare in, separated by commas (default: the one trained in)",
      parseList,
    )
    .addOption(joinOption())
    .addOption(splitOption());
  addStudyOptions(command)
    .addHelpText(
      "after",
      `
The mean rank of all sets is added as a model of its own. Where experiments of the study name their ChIP signal, the
last model is also plotted against what the signal itself reaches.

Examples:
  bindscape compare single-task=models/reb1 multi-task=models/all --study study.yaml --factor Reb1 --out compare.html
  bindscape compare "two seeds=models/a,models/b" models/c --study study.yaml --cell K562,HepG2 --out compare.html`,
    )
    .action(async (words: string[], given: CompareFlags) => {
      const started = performance.now();
      const sets = await readSets(words);
      const factors =
        given.factor ??
        sets.flatMap(({ networks }) => networks.flatMap(({ file }) => file.tasks.map((task) => task.factor)));
      const study = await loadStudy(given.study, {
        factors: [...new Set(factors)],
        dataFolder: given.data,
        tracks: given.tracks,
      });
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const comparisons = await withInterrupt("Nothing was written", (signal) =>
        compareModels({
          study,
          sets,
          join: given.join,
          factors: given.factor,
          cells: given.cell,
          split: given.split,
          threads: given.threads,
          device: device.device,
          onProgress: bar.listener,
          signal,
        }),
      );
      await writeFileAtomically(given.out, renderComparison(comparisons));
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, study.inputs, seconds, device);
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      for (const warning of study.warnings) bar.say(`warning: ${warning}`);
      bar.say(`wrote ${given.out}`);
      const rows = comparisons.map(({ factor, cell, models, ceiling }) => ({
        factor: `${factor} in ${cell}`,
        methods: ceiling ? [...models, ceiling] : models,
      }));
      if (!given.json) {
        console.log(formatMetrics(rows));
        return;
      }
      printJson({
        out: given.out,
        experiments: comparisons.map(({ factor, cell, bins, models, ceiling }) => ({
          factor,
          cell,
          ...bins,
          models: models.map(({ label, pooled }) => ({ label, ...pooled })),
          ceiling: ceiling ? metricsByMethod([ceiling]) : null,
        })),
      });
    });
}

async function readSets(words: readonly string[]): Promise<ModelSet[]> {
  const sets: ModelSet[] = [];
  for (const word of words) {
    const cut = word.indexOf("=");
    const paths = word.slice(cut + 1).split(",");
    const label = cut < 0 ? paths.map((path) => basename(path)).join(" + ") : word.slice(0, cut);
    if (label === "" || paths.some((path) => path === "") || sets.some((set) => set.label === label)) {
      throw new BindscapeError({
        found: `the set "${word}"`,
        expected: "LABEL=BUNDLE[,BUNDLE...], each label once",
      });
    }
    const bundles = await Promise.all(paths.map(readBundle));
    sets.push({ label, networks: bundles.map(({ network }) => network) });
  }
  return sets;
}

interface CompareFlags extends StudyFlags {
  readonly study: string;
  readonly out: string;
  readonly factor?: string[];
  readonly cell?: string[];
  readonly join: JoinRule;
  readonly split: "test" | "validation";
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}
