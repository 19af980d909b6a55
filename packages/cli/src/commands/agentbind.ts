import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  type AgentBindControl,
  type AgentBindReport,
  agentBindControls,
  compareProfiles,
  drawProfiles,
  factorName,
  findMethod,
  gatherReport,
  loadAttributionFile,
  methodNames,
  profileAroundCore,
  renderAgentBindFactor,
  renderAgentBindOverview,
} from "@bindscape/interpret";
import { makeRunRecord } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy } from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { drawCrossFigure } from "../agentbind/cross-figure.js";
import { fillNeeds, runStages, type StageFailures } from "../agentbind/run-stages.js";
import {
  type AgentBindPlan,
  listNetworks,
  listStages,
  modelName,
  scoresName,
  sitesName,
} from "../agentbind/stages.js";
import { withInterrupt } from "../interrupt.js";
import { formatTable, printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber } from "./shared-options.js";

export function addAgentBindCommand(program: Command): void {
  program
    .command("agentbind")
    .description(
      "from a study to a report a factor: which motif sites are bound, how well sequence tells, which bases matter",
    )
    .argument("<study>", "study file with peaks, motifs, hold-outs and an accessibility track")
    .requiredOption("--out <folder>", "folder to write to; what stands in it is not made again")
    .option("--factor <names>", "factors, separated by commas (default: all of the study)", parseList)
    .option("--cell <name>", "cell, where factors were measured in several")
    .option("--data <folder>", "folder the study's files lie in, in place of the one the study names")
    .option("--controls <names>", "baseline, gc, accessibility", parseControls, agentBindControls)
    .addOption(
      new Option("--explain <control>", "sites whose network is explained")
        .choices(agentBindControls)
        .default("gc"),
    )
    .addOption(new Option("--architecture <name>", "network").choices(["danq", "deepsea"]).default("danq"))
    .option("--length <bp>", "window length", parseThreads, 1_000)
    .addOption(
      new Option("--method <name>", "how scores are split over bases")
        .choices(methodNames)
        .default("grad-cam-saliency"),
    )
    .option("--explained <number>", "most sites of a factor that are explained", parseThreads, 4_000)
    .option("--gapped <number>", "most sites the gapped-k-mer SVM is trained on", parseThreads, 2_000)
    .option("--no-pretraining", "train from scratch, without the compendium of the study's peaks")
    .option("--no-scratch", "leave out networks from scratch beside fine-tuned ones")
    .option("--no-masked", "leave out networks with the core motif masked")
    .option("--no-baselines", "leave out gapped-k-mer SVM and k-mer logistic regression")
    .option("--motifs <file>", "known motifs, which words and motifs from scores are compared with")
    .option("--tss <file>", "transcription starts, for words of proximal and distal sites")
    .option("--assembly <name>", "with --tss: sets what is proximal")
    .option("--sites-options <words>", "handed to `dataset motif-sites`, in quotation marks", parseWords, [])
    .option("--compendium-options <words>", "handed to `dataset compendium`", parseWords, [])
    .option("--train-options <words>", "handed to `sequences train` of every factor", parseWords, [])
    .option("--pretrain-options <words>", "handed to `sequences train` on the compendium", parseWords, [])
    .option("--seed <number>", "seed of everything random", parseWholeNumber, 1)
    .option("--threads <number>", "threads for networks (default: all cores)", parseThreads)
    .option("--dry-run", "print the commands, and run none")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Each step is a command of its own, printed as it is run, and its output stays: data sets, networks, scores, words and
motifs of every factor. Called again, only what is missing is made. A factor with too few sites for a control is left
out of it, and the report says so. OUT/index.html compares factors (Ext. Fig. 1, Fig. 2d, 3 of the paper);
OUT/FACTOR/report.html has ROC curves with and without pre-training and core (Fig. 1b), profiles and examples of scores
(Fig. 2c, 2e), words and motifs (Fig. 3).

Examples:
  bindscape agentbind study.yaml --factor Reb1,Abf1 --out agentbind --motifs JASPAR2022_fungi.pfm
  bindscape agentbind study.yaml --out quick --length 400 --no-scratch --train-options "--epochs 10"`,
    )
    .action(async (studyFile: string, given: AgentBindFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const plan = await makePlan(studyFile, given);
      const stages = listStages(plan);
      if (given.dryRun) {
        for (const stage of stages) console.log(`bindscape ${fillNeeds(stage, plan.out, true).join(" ")}`);
        return;
      }
      await keepPlan(plan);
      const { reports, failures } = await withInterrupt("Go on with the same command", async (signal) => {
        const made = await runStages(stages, { out: plan.out, say: (line) => bar.say(line), signal });
        return { reports: await makeReports(plan, made, signal), failures: made };
      });
      const page = join(plan.out, "index.html");
      const seconds = (performance.now() - started) / 1000;
      const inputs = [studyFile, ...[plan.motifs, plan.tss].filter((file) => file !== undefined)];
      const record = await makeRunRecord(commandText(), plan.seed, inputs, seconds);
      await writeFileAtomically(join(plan.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      const summary = reports.map(({ factor, evaluations }) => ({
        factor,
        evaluations: evaluations.map(({ roc: _, ...one }) => one),
      }));
      await writeFileAtomically(join(plan.out, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
      const table = formatSummary(reports);
      if (given.json) console.error(table);
      else console.log(table);
      for (const [name, reason] of failures) bar.say(`left out: ${name}: ${reason}`);
      bar.say(`report  ${page}`);
      bar.say(`done in ${formatDuration(seconds)}`);
      if (given.json)
        printJson({
          out: plan.out,
          report: page,
          factors: summary,
          leftOut: Object.fromEntries(failures),
          seconds,
        });
    });
}

async function makePlan(studyFile: string, given: AgentBindFlags): Promise<AgentBindPlan> {
  const study = await loadStudy(studyFile, {
    ...(given.factor && { factors: given.factor }),
    dataFolder: given.data,
    tracks: "on-demand",
  });
  const factors = [...new Set(study.experiments.map(({ factor }) => factor))].filter(
    (factor) => given.factor === undefined || given.factor.includes(factor),
  );
  if (!given.controls.includes(given.explain)) {
    throw new BindscapeError({
      found: `--explain ${given.explain} without that control`,
      expected: `one of ${given.controls.join(", ")}`,
    });
  }
  for (const file of [given.motifs, given.tss])
    if (file !== undefined && !existsSync(file))
      throw new BindscapeError({ source: file, found: "no such file" });
  return {
    study: resolve(studyFile),
    ...(given.data !== undefined && { data: resolve(given.data) }),
    factors,
    cell: given.cell,
    out: given.out,
    controls: given.controls,
    explain: given.explain,
    architecture: given.architecture,
    length: given.length,
    hasPretraining: given.pretraining,
    hasMasked: given.masked,
    hasScratch: given.scratch,
    hasBaselines: given.baselines,
    gappedSequences: given.gapped,
    explained: given.explained,
    method: given.method,
    motifs: given.motifs,
    tss: given.tss,
    assembly: given.assembly,
    seed: given.seed,
    threads: given.threads,
    trainOptions: given.trainOptions,
    pretrainOptions: given.pretrainOptions,
    sitesOptions: given.sitesOptions,
    compendiumOptions: given.compendiumOptions,
  };
}

/** What is in a folder was made by one plan: another one would mix with it. Factors may be added. */
async function keepPlan(plan: AgentBindPlan): Promise<void> {
  const { factors: _, out, threads: __, ...rest } = plan;
  const file = join(out, "plan.json");
  const text = `${JSON.stringify(rest, null, 2)}\n`;
  const before = await readFile(file, "utf8").catch(() => undefined);
  if (before !== undefined && before !== text) {
    throw new BindscapeError({
      source: out,
      found: "what another plan made",
      expected: "the options that plan.json lists",
      next: "Choose another --out, or remove the folder",
    });
  }
  await mkdir(out, { recursive: true });
  if (before === undefined) await writeFileAtomically(file, text);
}

async function makeReports(
  plan: AgentBindPlan,
  failures: StageFailures,
  signal: AbortSignal,
): Promise<AgentBindReport[]> {
  const { out, explain, factors } = plan;
  const reports: AgentBindReport[] = [];
  for (const factor of factors) {
    const at = (name: string) => join(out, factor, name);
    const report = await gatherReport({
      factor,
      architecture: plan.architecture === "danq" ? "DanQ" : "DeepSEA",
      explained: explain,
      method: findMethod(plan.method).title,
      networks: listNetworks(plan).map((one) => ({
        ...one,
        bundle: at(modelName(one)),
        sites: at(sitesName(one.control, one.core)),
      })),
      sites: plan.controls.map((control) => ({ control, folder: at(sitesName(control, "keep")) })),
      baselines: [
        { label: "6-mer logistic regression", folder: at("baseline-words") },
        { label: "gapped-k-mer SVM", folder: at("baseline-gapped") },
      ],
      ...(plan.hasPretraining && {
        pretrained: { bundle: join(out, "pretrained"), compendium: join(out, "compendium") },
      }),
      scores: (["keep", "mask"] as const).map((core) => ({ core, file: at(scoresName(explain, core)) })),
      words: join(out, "words"),
      motifs: at("motifs"),
      notes: [...failures]
        .filter(([name]) => name.startsWith(`${factor}/sites-`))
        .map(([name, reason]) => `${name.slice(factor.length + 1)}: ${reason}`),
      threads: plan.threads,
      signal,
    });
    if (report.counts.length === 0 && report.notes.length === 0) continue;
    await mkdir(join(out, factor), { recursive: true });
    await writeFileAtomically(at("report.html"), renderAgentBindFactor(report));
    reports.push(report);
  }
  await writeFileAtomically(
    join(out, "index.html"),
    renderAgentBindOverview({
      title: `Motif sites of ${reports.length === 1 ? reports[0].factor : `${reports.length} factors`}`,
      reports,
      pages: reports.map(({ factor }) => `${encodeURIComponent(factor)}/report.html`),
      figures: await makeFigures(plan),
      notice: null,
    }),
  );
  return reports;
}

async function makeFigures({ out, factors, explain }: AgentBindPlan) {
  const figures = [];
  const cross = join(out, "cross", "cross.json");
  if (existsSync(cross)) {
    figures.push({
      id: "cross",
      heading: "Models of one factor on the sites of another (Ext. Fig. 1e)",
      explanation:
        "auROC of the model of each row on the test sites of each column; the best of a column is framed. cross/report.html has the other measures.",
      markup: drawCrossFigure(await readFile(cross, "utf8")),
      isWide: false,
    });
  }
  const files = factors.map((factor) => join(out, factor, scoresName(explain, "keep"))).filter(existsSync);
  if (files.length > 1) {
    const profiles = [];
    for (const file of files) {
      const loaded = await loadAttributionFile(file);
      profiles.push({ name: factorName(loaded), source: file, profile: profileAroundCore(loaded) });
    }
    figures.push({
      id: "profiles",
      heading: "Where scores lie around the core (Fig. 2d)",
      explanation:
        "Mean size of scores of bound sites by distance from the core, in standard deviations from each factor’s own mean; left with the core, right without. profiles.html has the numbers.",
      markup: drawProfiles(compareProfiles(profiles)),
      isWide: true,
    });
  }
  const words = join(out, "words", "heat-map.svg");
  if (existsSync(words)) {
    figures.push({
      id: "words",
      heading: "Words that matter (Fig. 3)",
      explanation:
        "Colour: odds ratio of a word among the top-scoring windows outside the core, capped at 10; size: significance. words/words.html has all words, proximal and distal sites, and spacing to the core.",
      markup: `<p><a href="words/words.html">All words</a></p>${(await readFile(words, "utf8")).replace(/^<\?xml[^>]*\?>\s*/, "")}`,
      isWide: true,
    });
  }
  return figures;
}

function formatSummary(reports: readonly AgentBindReport[]): string {
  const rows = reports.flatMap(({ factor, evaluations }) =>
    evaluations.map((one) => [
      `${factor}  ${one.control}  ${one.label}`,
      one.auroc.toFixed(3),
      one.auprc.toFixed(3),
      one.normalisedPartialAuroc.toFixed(3),
      `${one.positives} / ${one.negatives}`,
    ]),
  );
  return formatTable([["factor, control, model", "auROC", "auPR", "pAUC / 0.1", "bound / unbound"], ...rows]);
}

function parseControls(text: string): readonly AgentBindControl[] {
  const names = parseList(text);
  for (const name of names) {
    if (!(agentBindControls as readonly string[]).includes(name))
      throw new InvalidArgumentError(`Expected ${agentBindControls.join(", ")}.`);
  }
  return agentBindControls.filter((name) => names.includes(name));
}

/** Words separated by spaces; none of what is handed on needs quotation marks. */
function parseWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

interface AgentBindFlags {
  readonly out: string;
  readonly factor?: string[];
  readonly cell?: string;
  readonly data?: string;
  readonly controls: readonly AgentBindControl[];
  readonly explain: AgentBindControl;
  readonly architecture: string;
  readonly length: number;
  readonly method: string;
  readonly explained: number;
  readonly gapped: number;
  readonly pretraining: boolean;
  readonly scratch: boolean;
  readonly masked: boolean;
  readonly baselines: boolean;
  readonly motifs?: string;
  readonly tss?: string;
  readonly assembly?: string;
  readonly sitesOptions: string[];
  readonly compendiumOptions: string[];
  readonly trainOptions: string[];
  readonly pretrainOptions: string[];
  readonly seed: number;
  readonly threads?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}
