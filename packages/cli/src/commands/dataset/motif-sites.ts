import { refuseExisting } from "@bindscape/genome";
import { makeRunRecord, renderMotifSitesPage } from "@bindscape/models";
import {
  countLabels,
  formatSitesTable,
  type MotifSiteOptions,
  makeMotifSites,
  writeSequenceSetFolder,
  writeTask,
} from "@bindscape/study";
import type { Command } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText } from "../shared-options.js";
import { readAccessible, readBackground, readInputs } from "./motif-sites-input.js";
import { addMotifSitesOptions, listOptions, type MotifSitesFlags } from "./motif-sites-options.js";

export function addDatasetMotifSitesCommand(parent: Command): void {
  const command = parent
    .command("motif-sites")
    .description(
      "which instances of a motif are bound: windows around them, with matched controls (AgentBind)",
    )
    .requiredOption("--out <folder>", "data set to write")
    .option("--overwrite", "replace a data set that stands there")
    .option("--json", "print one JSON line at the end");
  addMotifSitesOptions(command);
  command
    .addHelpText(
      "after",
      `
Scores and p-values are FIMO's. --positives matched is the paper's rule (the same number of both from each bin);
all is its code's (no bound site left out, fewer unbound ones where a bin lacks them). Accessible are the bases whose
signal, averaged over --accessible-width, is in the genome's top --accessible-share. Sequences are in the motif's
direction; training adds the other strand. The folder has sequences.fa, labels.tsv, sites.bed, sites.tsv, dataset.json,
report.html and run.json.

Examples:
  bindscape dataset motif-sites --study study.yaml --factor Reb1 --control gc --out reb1
  bindscape dataset motif-sites --study study.yaml --factor STAT3 --cell HeLa --core mask --out stat3-masked
  bindscape dataset motif-sites --genome hg19.2bit --motif JASPAR.meme:CTCF --peaks ctcf.narrowPeak.gz \\
    --control accessibility --accessible hotspots.bed.gz --blacklist blacklist.bed.gz --out ctcf`,
    )
    .action(makeDataset);
}

async function makeDataset(given: MotifSitesFlags): Promise<void> {
  const started = performance.now();
  const bar = new ProgressBar();
  refuseExisting(given.out, given.overwrite ?? false);
  const { study, experiment, motif, inputs } = await readInputs(given);
  const warned = study.warnings.length;
  const options: MotifSiteOptions = {
    length: given.length,
    threshold: given.thresh,
    background: await readBackground(given, inputs),
    pseudocount: given.motifPseudo,
    maxStrand: given.maxStrand,
    dropOverlapping: given.dropOverlapping,
    boundRule: given.boundRule,
    touched: given.touched,
    control: given.control,
    pValueBin: given.pBin,
    gcBin: given.gcBin,
    matchWithin: given.matchWithin,
    positives: given.positives,
    ratio: given.negatives,
    core: given.core,
    ends: given.ends,
    blacklisted: given.blacklisted,
    accessible: await readAccessible(given, study, inputs),
    track: given.study === undefined ? undefined : given.track,
    accessibleShare: given.accessibleShare,
    accessibleWidth: given.accessibleWidth,
    signalWidth: given.signalWidth,
    minimumSites: given.minimumSites,
    seed: given.seed,
    onProgress: bar.listener,
  };
  await withInterrupt("Nothing was written", async (signal) => {
    const made = await makeMotifSites(study, experiment, motif, { ...options, signal });
    for (const warning of study.warnings.slice(0, warned)) bar.say(`warning: ${warning}`);
    const set = given.study === undefined && given.cell === undefined ? withoutCell(made.set) : made.set;
    const summary =
      given.study === undefined && given.cell === undefined ? { ...made.summary, cell: "" } : made.summary;
    const task = writeTask(set.tasks[0]);
    const counts = countLabels(set)[task];
    const seconds = (performance.now() - started) / 1000;
    const { onProgress: _, accessible: __, background: ___, ...told } = options;
    const record = await makeRunRecord(commandText(), given.seed, [...study.inputs, ...inputs], seconds);
    await writeSequenceSetFolder(given.out, set, {
      overwrite: given.overwrite,
      details: { options: told, ...summary },
      siteScores: made.columns[0].values.map((value) => Math.min(1000, Math.round(100 * value))),
      files: {
        "sites.tsv": formatSitesTable(set, made.columns),
        "report.html": renderMotifSitesPage({
          summary,
          motif,
          counts,
          options: listOptions(given),
          command: commandText(),
        }),
        "run.json": `${JSON.stringify(record, null, 2)}\n`,
      },
    });
    for (const warning of summary.warnings) bar.say(`warning: ${warning}`);
    const { keptBound, keptUnbound, bound, unbound, instances } = summary.sites;
    bar.say(
      `wrote ${given.out}: ${keptBound} bound and ${keptUnbound} unbound sites of ${task} (of ${bound} and ${unbound}; ${instances} instances), ${formatDuration(seconds)}`,
    );
    if (given.json)
      printJson({
        out: given.out,
        sequences: set.count,
        length: set.length,
        counts,
        ...withoutHistograms(summary),
        seconds,
      });
  });
}

function withoutCell<Set extends { readonly tasks: readonly { readonly factor: string }[] }>(set: Set): Set {
  return { ...set, tasks: set.tasks.map(({ factor }) => ({ factor, cell: "" })) };
}

function withoutHistograms<Summary extends { readonly matching: { readonly quality: object } }>(
  summary: Summary,
) {
  const quality = Object.fromEntries(
    Object.entries(summary.matching.quality).map(([name, { before, after }]) => [name, { before, after }]),
  );
  return { ...summary, matching: { ...summary.matching, quality } };
}
