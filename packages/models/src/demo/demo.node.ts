import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { writeMeme } from "@bindscape/motifs";
import type { ProgressListener } from "@bindscape/numerics";
import { loadStudy, locateDemoData, type Study, splitStudy, writeSimulatedStudy } from "@bindscape/study";
import { factorNet } from "../architectures/factornet/factornet.js";
import { factorNetOptions } from "../architectures/factornet/options.js";
import { measureReach } from "../bin-features.js";
import { type Bundle, readBundle } from "../bundle/bundle.node.js";
import { makeRunRecord } from "../bundle/run-record.node.js";
import { type ChosenDevice, cpuDevice } from "../devices/choose-device.node.js";
import { evaluateFactor, type FactorEvaluation } from "../evaluate/evaluate-factor.node.js";
import { scoreBins } from "../evaluate/score-bins.node.js";
import { modelLabel, reportEvaluations } from "../jobs/evaluate-bundles.node.js";
import { trainBundle } from "../jobs/train-bundle.node.js";
import { writePredictionTrack } from "../predict/write-predictions.node.js";
import { renderReport } from "../report/render-report.js";
import { trainingSettings } from "../train/settings.js";
import { discoverInPeaks, type PeakMotif } from "./discover-in-peaks.js";
import { DEMO_FACTORS, DEMO_PLANS, type DemoPlan, yeastStudyText } from "./yeast-study.js";

export interface DemoOptions {
  /** Folder to write to; files of an earlier demo in it are replaced. */
  readonly out: string;
  readonly factors: keyof typeof DEMO_FACTORS;
  /** A few steps on one factor, to see that everything works. */
  readonly small: boolean;
  /** Use the simulated study even where the real data is at hand. */
  readonly simulated: boolean;
  readonly seed: number;
  readonly threads?: number;
  /** What networks are computed on. Default: the CPU. */
  readonly device?: ChosenDevice;
  readonly command: string;
  readonly onMessage: (line: string) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

export interface DemoResult {
  readonly evaluations: readonly FactorEvaluation[];
  readonly report: string;
  readonly predictions: readonly string[];
  readonly seconds: number;
  /** What `--json` prints: data, seconds, factors with the metrics of every method, report, predictions. */
  readonly json: Record<string, unknown>;
}

/**
 * The whole way in one call: data, training, prediction of the test chromosomes, evaluation beside baselines,
 * report. Uses real yeast data where it can be had, and a simulated genome otherwise.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const started = performance.now();
  const { out, onMessage, signal } = options;
  await mkdir(out, { recursive: true });
  const { study, data, notice } = await prepareStudy(options);
  const plan = options.small ? DEMO_PLANS.small : DEMO_PLANS.full;
  const bundles = await trainNetworks(study, plan, options);

  const splits = splitStudy(study, measureReach(bundles[0].network.file.plan));
  const testChromosomes = study.file.holdOut.test.chromosomes ?? [];
  const bins = study.bins.onChromosomes(testChromosomes);
  const cell = study.experiments[0].cell;
  const scored = await scoreBins(
    bundles.map((bundle) => bundle.network),
    study,
    cell,
    bins,
    {
      // Both networks are calibrated alike, and a probability is what a track in a browser should show.
      join: "mean",
      threads: options.threads,
      device: options.device?.device,
      onProgress: options.onProgress,
      signal,
      task: `predicting ${testChromosomes.join(", ")}`,
    },
  );
  const rowOf = new Map<number, number>();
  bins.forEach((bin, row) => {
    rowOf.set(bin, row);
  });
  const evaluations: FactorEvaluation[] = [];
  const predictions: string[] = [];
  for (const experiment of study.experiments) {
    const { scores } = scored.find((entry) => entry.factor === experiment.factor)!;
    const file = join(out, `${experiment.factor}.bw`);
    await writePredictionTrack(file, study.bins, bins, scores);
    predictions.push(file);
    evaluations.push(
      await evaluateFactor(
        study,
        experiment,
        splits,
        modelLabel("factornet", bundles.length),
        async (wanted) => Float32Array.from(wanted, (bin) => scores[rowOf.get(bin)!]),
      ),
    );
  }
  const peakMotifs = await discoverInPeaks(study, options);
  const motifs = peakMotifs.flatMap(({ factor, motif }) => (motif ? [{ ...motif, id: factor }] : []));
  if (motifs.length > 0) await writeFileAtomically(join(out, "motifs.meme"), writeMeme(motifs));
  for (const line of peakMotifs.map(describePeakMotif)) onMessage(line);
  const report = join(out, "report.html");
  const secondsToReport = (performance.now() - started) / 1000;
  const reportData = await reportEvaluations(evaluations, {
    study,
    bundles,
    join: "mean",
    notice,
    command: options.command,
    seconds: secondsToReport,
    threads: options.threads,
    device: options.device?.device,
    onProgress: options.onProgress,
    signal,
  });
  await writeFileAtomically(report, renderReport({ ...reportData, peakMotifs }));
  const seconds = (performance.now() - started) / 1000;
  const record = await makeRunRecord(
    options.command,
    options.seed,
    study.inputs,
    seconds,
    options.device ?? cpuDevice,
  );
  await writeFileAtomically(join(out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
  for (const warning of study.warnings) onMessage(`note: ${warning}`);
  return {
    evaluations,
    report,
    predictions,
    seconds,
    json: {
      data,
      seconds: Math.round(seconds * 10) / 10,
      factors: Object.fromEntries(
        evaluations.map(({ experiment, methods }) => [
          experiment.factor,
          Object.fromEntries(methods.map(({ method, pooled }) => [method, pooled])),
        ]),
      ),
      report,
      predictions,
    },
  };
}

function describePeakMotif({ factor, motif, match }: PeakMotif): string {
  if (motif === null) return `motif de novo, ${factor}: none`;
  const likeness =
    match === null
      ? "like no motif of the study"
      : `like ${match.target.name} (E ${match.match.eValue.toExponential(1)})`;
  return `motif de novo, ${factor}: ${motif.consensus}, ${likeness}`;
}

/** Finds the real data or simulates some; the first line says which. */
async function prepareStudy(
  options: DemoOptions,
): Promise<{ study: Study; data: "yeast" | "simulated"; notice: string | undefined }> {
  const { out, onMessage, onProgress, signal } = options;
  const factors = DEMO_FACTORS[options.factors];
  const located = options.simulated
    ? ({ folder: null, reason: "--simulated was given" } as const)
    : await locateDemoData({ factors, onProgress, signal });
  if (located.folder === null) {
    const notice = `Simulated data: no real binding is shown here (${located.reason}).`;
    onMessage(`simulated data: a small invented genome, since ${located.reason}`);
    const { studyFile } = await writeSimulatedStudy(join(out, "simulated"), { seed: options.seed });
    const study = await loadStudy(studyFile);
    const wanted = options.small ? study.experiments.slice(0, 1).map(({ factor }) => factor) : undefined;
    return {
      study: wanted ? await loadStudy(studyFile, { factors: wanted }) : study,
      data: "simulated",
      notice,
    };
  }
  onMessage(`real data: yeast (sacCer3), ${factors.join(", ")}, from ${located.folder}`);
  const studyFile = join(out, "study.yaml");
  await writeFileAtomically(studyFile, yeastStudyText(factors, resolve(located.folder)));
  return { study: await loadStudy(studyFile, { factors }), data: "yeast", notice: undefined };
}

/** Trains the networks of the plan one after another, from seeds that follow one another. */
async function trainNetworks(study: Study, plan: DemoPlan, options: DemoOptions): Promise<Bundle[]> {
  const { out, onMessage, onProgress, signal, seed, threads, device, command } = options;
  const preset = factorNet.presets[plan.preset];
  const bundles: Bundle[] = [];
  for (let index = 0; index < plan.networks; index++) {
    const path = join(out, plan.networks > 1 ? `model-${index + 1}` : "model");
    const result = await trainBundle({
      study,
      factors: study.experiments.map(({ factor }) => factor),
      model: factorNet.name,
      modelOptions: factorNetOptions.parse({ ...preset.options, ...plan.options }),
      settings: trainingSettings.parse({ ...preset.training, ...plan.training, seed: seed + index }),
      out: path,
      overwrite: true,
      threads,
      device,
      command,
      onProgress: (progress) =>
        onProgress({ ...progress, task: `network ${index + 1} of ${plan.networks}, ${progress.task}` }),
      onEpoch: (entry, best) =>
        onMessage(
          `network ${index + 1} of ${plan.networks}, epoch ${entry.epoch}: training loss ${entry.trainingLoss.toFixed(4)}, validation loss ${entry.validationLoss.toFixed(4)}${best ? " (best)" : ""}, ${entry.seconds.toFixed(1)} s`,
        ),
      signal,
    });
    onMessage(
      `network ${index + 1} of ${plan.networks}: ${result.stepMilliseconds.toFixed(0)} ms a step, waited for data ${(100 * result.waitShare).toFixed(1)} % of the time`,
    );
    bundles.push(await readBundle(path));
  }
  await rm(join(out, plan.networks > 1 ? "model" : "model-1"), { recursive: true, force: true });
  return bundles;
}
