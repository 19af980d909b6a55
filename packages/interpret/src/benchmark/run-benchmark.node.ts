import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  type ChosenDevice,
  cpuDevice,
  evaluateSequences,
  findModel,
  makeRunRecord,
  type Network,
  readBundle,
  sequenceTrainingSettings,
  trainingFolderOf,
  trainSequenceBundle,
} from "@bindscape/models";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type SequenceSet, simulateGataTal } from "@bindscape/study";
import { explainNetwork } from "../explained-model.js";
import { renderBenchmark } from "./benchmark-page.js";
import { explainSequences } from "./explain-sequences.js";
import { fingerprintPlan } from "./plan.js";
import { checkPublishedOrdering } from "./published-ordering.js";
import {
  type BenchmarkArchitecture,
  type BenchmarkPlan,
  type BenchmarkRow,
  type BenchmarkRun,
  formatBenchmarkTable,
  summariseRuns,
} from "./results.js";
import { benchmarkVerbs } from "./verbs.js";

export interface RunBenchmarkOptions {
  readonly plan: BenchmarkPlan;
  /** Folder to write to; runs that stand in it already are not done again. */
  readonly out: string;
  readonly command: string;
  /** Threads of training. Methods are timed on one. */
  readonly threads?: number;
  readonly device?: ChosenDevice;
  readonly onMessage?: (line: string) => void;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Where the results of a benchmark stand. */
export interface BenchmarkOutput {
  readonly runs: readonly BenchmarkRun[];
  readonly rows: readonly BenchmarkRow[];
  readonly report: string;
  readonly table: string;
}

/**
 * The paper's comparison of interpretation methods: for each seed and architecture simulate, train, explain, measure.
 * Writes `models/ARCHITECTURE-seedN` and `runs/ARCHITECTURE-seedN.json` after each, then `table.tsv`, `results.json`, `report.html` and `run.json`.
 * Called again on the same folder it goes on behind the last finished run.
 * @throws BindscapeError where the folder holds runs of another plan
 */
export async function runBenchmark(options: RunBenchmarkOptions): Promise<BenchmarkOutput> {
  const { plan, out, onMessage, signal } = options;
  const started = performance.now();
  const runs: BenchmarkRun[] = [];
  const total = plan.seeds.length * plan.architectures.length;
  // Seed by seed, so that a run that is stopped early has both architectures.
  for (const seed of plan.seeds) {
    for (const architecture of plan.architectures) {
      signal?.throwIfAborted();
      const name = `${findModel(architecture).title}, seed ${seed} (${runs.length + 1} of ${total})`;
      const file = join(out, "runs", `${architecture}-seed${seed}.json`);
      const fingerprint = fingerprintPlan(plan, architecture);
      const finished = await readRun(file, fingerprint);
      if (finished) {
        onMessage?.(`${name}: done before`);
        runs.push(finished);
        continue;
      }
      const run = await runOne(architecture, seed, name, options);
      await writeFileAtomically(file, `${JSON.stringify({ fingerprint, run })}\n`);
      runs.push(run);
      onMessage?.(
        `${name}: test auROC ${run.testAuroc.toFixed(3)}, ${run.epochs} epochs in ${run.trainingSeconds.toFixed(0)} processor seconds`,
      );
    }
  }
  const rows = summariseRuns(runs);
  const report = join(out, "report.html");
  const table = join(out, "table.tsv");
  await writeFileAtomically(table, formatBenchmarkTable(rows));
  await writeFileAtomically(
    join(out, "results.json"),
    `${JSON.stringify({ plan, rows, ordering: checkPublishedOrdering(runs) }, null, 2)}\n`,
  );
  await writeFileAtomically(report, renderBenchmark(plan, runs));
  const seconds = (performance.now() - started) / 1000;
  const record = await makeRunRecord(
    options.command,
    plan.seeds[0],
    [],
    seconds,
    options.device ?? cpuDevice,
  );
  await writeFileAtomically(join(out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
  return { runs, rows, report, table };
}

async function runOne(
  architecture: BenchmarkArchitecture,
  seed: number,
  name: string,
  options: RunBenchmarkOptions,
): Promise<BenchmarkRun> {
  const { plan, threads, device = cpuDevice, onProgress, signal } = options;
  const { sequences, length, minimum } = plan;
  const { set, motifs } = simulateGataTal({ sequences, length, minimum, seed });
  const runtime = nodeRuntime(device.device);
  const report: ProgressListener | undefined =
    onProgress && ((progress) => onProgress({ ...progress, task: `${name}, ${progress.task}` }));
  const trained = await trainOnce(set, architecture, seed, { ...options, onProgress: report });
  const evaluation = await evaluateSequences(trained.network, set, {
    runtime,
    split: "test",
    strands: "forward",
    threads,
    signal,
  });
  const rows = set
    .splits!.flatMap((split, row) => (split === "test" && set.labels[row] === 1 ? [row] : []))
    .slice(0, plan.explained);
  const explained = await explainSequences({
    // Times are processor times on one thread, on the CPU whatever the training ran on.
    runtime: nodeRuntime("cpu"),
    threads: 1,
    model: explainNetwork(trained.network),
    set,
    motifs,
    rows,
    verbs: benchmarkVerbs(plan, seed),
    metrics: plan.metrics,
    substitutions: plan.substitutions,
    clock: processorSeconds,
    onProgress: report,
    signal,
  });
  return {
    architecture,
    seed,
    testAuroc: evaluation.mean.auroc ?? Number.NaN,
    testAuprc: evaluation.mean.auprc ?? Number.NaN,
    epochs: trained.epochs,
    trainingSeconds: trained.trainingSeconds,
    sequences: rows.length,
    embedded: explained.embedded,
    methods: explained.methods,
    example: explained.example,
  };
}

/** A network of the benchmark, and what its training took. */
interface TrainedOnce {
  readonly network: Network;
  readonly epochs: number;
  readonly trainingSeconds: number;
}

/** The network of a seed: read where it was trained before, gone on with where training was stopped. */
async function trainOnce(
  set: SequenceSet,
  architecture: BenchmarkArchitecture,
  seed: number,
  options: RunBenchmarkOptions,
): Promise<TrainedOnce> {
  const { plan, out, command, threads, device, onProgress, signal } = options;
  const bundle = join(out, "models", `${architecture}-seed${seed}`);
  const noteFile = `${bundle}.json`;
  const definition = findModel(architecture);
  const preset = definition.presets.agentbind;
  const modelOptions = definition.options.parse({
    ...(preset.options as object),
    ...plan.networks[architecture],
  }) as Record<string, unknown>;
  const settings = sequenceTrainingSettings.parse({
    ...preset.training,
    ...plan.training[architecture],
    seed,
  });
  const { sequences, length, minimum } = plan;
  const fingerprint = JSON.stringify({ sequences, length, minimum, seed, modelOptions, settings });
  const note = await readNote(noteFile);
  const isSame = note?.fingerprint === fingerprint;
  if (isSame && note.epochs !== undefined && existsSync(bundle)) {
    const { network } = await readBundle(bundle);
    return { network, epochs: note.epochs, trainingSeconds: note.trainingSeconds ?? Number.NaN };
  }
  const resume = isSame && existsSync(trainingFolderOf(bundle));
  const write = (more: Partial<TrainingNote>) =>
    writeFileAtomically(noteFile, `${JSON.stringify({ fingerprint, ...more })}\n`);
  await write({});
  const started = processorSeconds();
  const { network, history } = await trainSequenceBundle({
    set,
    inputs: [],
    model: architecture,
    modelOptions,
    settings,
    out: bundle,
    overwrite: true,
    resume,
    threads,
    device,
    command,
    onProgress,
    signal,
  });
  const trainingSeconds = Math.round((processorSeconds() - started) * 10) / 10;
  await write({ epochs: history.length, trainingSeconds });
  return { network, epochs: history.length, trainingSeconds };
}

/** What stands beside a bundle of the benchmark; epochs and seconds once it is trained. */
interface TrainingNote {
  readonly fingerprint: string;
  readonly epochs?: number;
  readonly trainingSeconds?: number;
}

async function readNote(file: string): Promise<TrainingNote | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as TrainingNote);
}

/** User and system time of this process. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function readRun(file: string, fingerprint: string): Promise<BenchmarkRun | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const saved = JSON.parse(text) as { fingerprint: string; run: BenchmarkRun };
  if (saved.fingerprint === fingerprint) return saved.run;
  throw new BindscapeError({
    source: file,
    found: "a run of another plan",
    expected: "runs with the same sequences, networks and metrics",
    next: "Choose another --out, or remove the folder",
  });
}
