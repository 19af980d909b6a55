import { MemorySink, writeBedGraph } from "@bindscape/genome";
import { findWebAdapter, type WebDevice, type WebOrtModule, webRuntime } from "@bindscape/gradient";
import {
  drawLineChart,
  drawLocusChart,
  encodeBundle,
  type HistoryEntry,
  networkStyle,
  pageStyleSheet,
} from "@bindscape/models";
import type { Study } from "@bindscape/study";
import { zipSync } from "fflate";
import { makeSimulatedStudy } from "./simulated-study.js";
import { predictChromosome, trainInPage } from "./train.js";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const form = find<HTMLFormElement>("settings");
const [train, stop, bundle, track] = ["train", "stop", "bundle", "track"].map((id) =>
  find<HTMLButtonElement>(id),
);
const status = find("status");
const progress = find<HTMLProgressElement>("progress");
/** Bp of the held-out chromosome that are drawn. */
const shownLength = 20_000;

let stopping = new AbortController();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  setBusy(true);
  run()
    .catch((error: unknown) => say(error instanceof Error ? error.message : String(error), true))
    .finally(() => setBusy(false));
});
stop.addEventListener("click", () => {
  stopping.abort();
  stop.disabled = true;
  say("Stopping after this epoch …");
});

async function run(): Promise<void> {
  stopping = new AbortController();
  const numberOf = (id: string) => find<HTMLInputElement>(id).valueAsNumber;
  const device = find<HTMLSelectElement>("device").value as WebDevice;
  say("Inventing a genome …");
  await draw();
  const study = makeSimulatedStudy(numberOf("seed"));
  say("Loading ONNX Runtime …");
  await draw();
  const ort: WebOrtModule = await import("onnxruntime-web/webgpu");
  const runtime = webRuntime(ort, { device });
  const started = performance.now();
  let drawn = started;
  const { network, history } = await trainInPage(runtime, study, {
    epochs: numberOf("epochs"),
    seed: numberOf("seed"),
    signal: stopping.signal,
    async onStep(done, total) {
      progress.value = done / total;
      const now = performance.now();
      if (now - drawn < 100) return;
      drawn = now;
      const left = ((now - started) / done) * (total - done);
      if (!stopping.signal.aborted) {
        say(
          `Step ${done} of ${total}, ${((now - started) / done).toFixed(0)} ms each, ${(left / 1000).toFixed(0)} s left`,
        );
      }
      await draw();
    },
    onEpoch: drawLearning,
  });
  say("Predicting …");
  await draw();
  const [chromosome] = study.file.holdOut.test.chromosomes!;
  const { starts, probabilities } = await predictChromosome(runtime, study, network, chromosome);
  await drawLocus(study, chromosome, starts, probabilities);
  const { bestEpoch, validationLoss } = network.file.training;
  const seconds = (performance.now() - started) / 1000;
  say(
    `Done in ${seconds.toFixed(1)} s on ${runtime.name}: epoch ${bestEpoch} is the best, with a validation loss of ${validationLoss.toFixed(4)}.`,
  );
  progress.value = 1;
  offer(bundle, "bindscape-model.zip", async () => {
    const run = { command: "examples/browser", device, finished: new Date().toISOString(), seconds };
    const metrics = { bestEpoch, validationLoss };
    return zipSync(Object.fromEntries(encodeBundle({ network, history, metrics, run })));
  });
  offer(track, `${network.file.tasks[0].factor}.bedgraph`, async () => {
    const sink = new MemorySink();
    const { size, step } = study.bins.grid;
    const margin = (size - step) / 2;
    // Bins overlap: a bin's value stands on its middle.
    await writeBedGraph(
      sink,
      Array.from(starts, (start, i) => ({
        chromosome,
        start: start + margin,
        end: start + margin + step,
        value: probabilities[i],
      })),
    );
    return sink.toBytes();
  });
}

function drawLearning(history: readonly HistoryEntry[]): void {
  const epochs = history.map(({ epoch }) => epoch);
  const lines = [
    { label: "validation", y: history.map((entry) => entry.validationLoss), style: networkStyle(0) },
    {
      label: "training",
      y: history.map((entry) => entry.trainingLoss),
      style: { ...networkStyle(1), dash: "3.5 2.5" },
    },
  ];
  show(
    "learning",
    drawLineChart({
      id: "learning-chart",
      title: "Learning curve",
      description: `Loss after ${history.length} epochs`,
      x: { title: "Training time (epochs)", whole: true, ticks: 6 },
      y: { title: "Loss, binary cross-entropy (nats per bin)" },
      series: lines.map((line) => ({ ...line, x: epochs, points: true })),
    }),
  );
}

async function drawLocus(
  study: Study,
  chromosome: string,
  starts: Int32Array,
  probabilities: Float32Array,
): Promise<void> {
  const [experiment] = study.experiments;
  const peaks = experiment.peaks.filter((peak) => peak.chromosome === chromosome);
  const { size } = study.bins.grid;
  // The stretch of so many bp that holds most peaks.
  const crowd = (from: number) =>
    peaks.filter((peak) => peak.start >= from && peak.end <= from + shownLength).length;
  const first = peaks
    .map((peak) => Math.max(0, peak.start - 1000))
    .reduce((a, b) => (crowd(b) > crowd(a) ? b : a), 0);
  const last = first + shownLength;
  const rows = [...starts.keys()].filter((i) => starts[i] >= first && starts[i] + size <= last);
  const segment = study.assembly.segments.find((one) => one.chromosome === chromosome)!;
  const { tracks } = await study.loadCell(experiment.cell);
  const from = segment.offset + first - segment.start;
  show(
    "locus",
    drawLocusChart({
      id: "locus-chart",
      title: `Predicted binding on ${chromosome}`,
      description: "Predicted probability, accessibility and peaks",
      chromosome,
      start: first,
      end: last,
      width: Math.max(340, Math.min(760, find("locus").clientWidth)),
      tracks: [
        {
          label: `${experiment.factor}, predicted probability`,
          unit: "",
          colour: "blue",
          domain: [0, 1],
          values: rows.map((i) => probabilities[i]),
        },
        {
          label: "Accessibility",
          unit: "log cut sites",
          colour: "muted",
          values: Array.from(tracks[0].values.subarray(from, from + shownLength)),
        },
      ],
      peaks: peaks
        .filter((peak) => peak.end > first && peak.start < last)
        .map(({ start, end }) => ({ start, end, relaxed: false })),
      sites: [],
    }),
  );
}

function show(id: string, svg: string): void {
  const place = find(id);
  place.classList.remove("empty");
  place.innerHTML = svg;
}

/** Gives a button a file to download. */
function offer(button: HTMLButtonElement, name: string, make: () => Promise<Uint8Array>): void {
  button.disabled = false;
  button.onclick = async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([(await make()) as Uint8Array<ArrayBuffer>]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
}

function setBusy(busy: boolean): void {
  train.disabled = busy;
  stop.disabled = !busy;
  if (busy) for (const button of [bundle, track]) button.disabled = true;
  for (const field of form.querySelectorAll<HTMLInputElement>("input, select")) field.disabled = busy;
}

function say(text: string, failed = false): void {
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

/** Lets the page draw what has changed. */
function draw(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

find("report-style").textContent = pageStyleSheet();
const adapter = await findWebAdapter();
if (adapter) {
  const name = `WebGPU (${adapter.name}${adapter.isSoftware ? ", software: slow" : ""})`;
  find<HTMLSelectElement>("device").add(new Option(name, "webgpu"));
}
if (!crossOriginIsolated) say("Ready, on one thread: the page was served without isolation (see README.md).");
