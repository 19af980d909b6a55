import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NpyArray, openFile, readNpz, writeFileAtomically, writeNpz } from "@bindscape/genome";
import { Graph, nodeRuntime } from "@bindscape/gradient";
import {
  type ExplainedModel,
  type ExplainedWindows,
  explainByDeepLift,
  forEachGradient,
  mapClassActivation,
  type References,
} from "@bindscape/interpret";
import { deepSea } from "@bindscape/models";
import { shuffleSequence } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { type Figure, makeFigure, runPeer } from "./figure.js";

const LENGTH = 1000;
const SIZE = 4 * LENGTH;
const TASKS = 919;
const REPEATS = 3;
/** Pairs of window and reference; loading the graph is part of what is measured. */
const PAIRS = 128;

/** Processor time of one thread, for machines that others use, or elapsed time of two. */
const usesProcessorTime = process.env.BINDSCAPE_BENCH_CLOCK === "processor";
const threads = usesProcessorTime ? 1 : 2;
const runtime = nodeRuntime();

/** The original DeepSEA with random weights: its convolutions, pools and dense layers as published. */
function makeModel(): ExplainedModel {
  const options = deepSea.options.parse({
    ...deepSea.presets["original"].options,
    baseOrder: "ACGT",
    windowLength: LENGTH,
  });
  const plan = { windowLength: LENGTH, binSize: 200, tracks: [], features: [] };
  const build = deepSea.build(options, {
    plan,
    tasks: TASKS,
    featureScaling: { mean: [], scale: [] },
    boundShare: new Array<number>(TASKS).fill(0.5),
    linearStart: null,
    motifs: [],
  });
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  const parameters = new Map(
    [...graph.parameters].map(([name, tensor]) => {
      const shape = tensor.shape as readonly number[];
      const random = Random.forPart("attribution", name);
      const size = shape.reduce((a, b) => a * b, 1);
      const fanIn = shape.length === 2 ? shape[0] : size / shape[0];
      const spread = shape.length === 1 ? 0.05 : Math.sqrt(2 / fanIn);
      return [name, Float32Array.from({ length: size }, () => spread * random.normal())];
    }),
  );
  const layers = deepSea.layers!(options);
  return {
    build,
    parameters,
    length: LENGTH,
    channels: 4,
    baseChannels: 4,
    features: 0,
    tasks: TASKS,
    unknownBase: 0,
    layers,
  };
}

function encode(rows: readonly Uint8Array[]): Float32Array {
  const values = new Float32Array(rows.length * SIZE);
  rows.forEach((row, n) => {
    row.forEach((code, at) => {
      values[n * SIZE + code * LENGTH + at] = 1;
    });
  });
  return values;
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const [start, usage] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(usage);
    times.push(usesProcessorTime ? (user + system) / 1000 : performance.now() - start);
  }
  return times.slice(1).sort((a, b) => a - b)[REPEATS >> 1];
}

/**
 * DeepLIFT (rescale) of DeepSEA against tangermeme's deep_lift_shap, which runs sequences and references side by side
 * forward and backward, with the same weights, sequences and references; and Grad-CAM on the first convolution against the same
 * in PyTorch. Ours includes loading the graph. What both find is compared too.
 */
export async function run(): Promise<Figure[]> {
  const model = makeModel();
  const folder = await mkdtemp(join(tmpdir(), "bindscape-attribution-"));
  const figures: Figure[] = [];
  try {
    const count = PAIRS;
    const random = new Random("attribution");
    const codes = Array.from({ length: count }, () =>
      Uint8Array.from({ length: LENGTH }, () => random.integer(4)),
    );
    const windows: ExplainedWindows = { count, windows: encode(codes) };
    const few = { count: count / 4, windows: windows.windows.subarray(0, (count / 4) * SIZE) };
    const shuffled = encode(
      codes.slice(0, few.count).flatMap((row) => [1, 2, 3, 4].map(() => shuffleSequence(row, 2, random))),
    );
    const zeros = new Float32Array(count * SIZE);
    const given = { source: "bench", count: 4, windows: few.count, length: LENGTH };
    const works = [
      {
        key: "zeros",
        name: `${count} windows, a reference of zeros`,
        windows,
        references: { kind: "zeros" } as References,
        values: zeros,
        each: 1,
      },
      {
        key: "shuffled",
        name: `${few.count} windows, four shuffled references each`,
        windows: few,
        references: { kind: "given", values: shuffled, ...given } as References,
        values: shuffled,
        each: 4,
      },
    ];
    const arrays = new Map<string, NpyArray>([
      ["windows", { shape: [count, 4, LENGTH], data: windows.windows }],
    ]);
    for (const { key, values, each, windows: own } of works)
      arrays.set(`references.${key}`, { shape: [own.count, each, 4, LENGTH], data: values });
    const graph = new Graph({ batch: "free", phase: "inference" });
    model.build(graph);
    for (const [name, data] of model.parameters)
      arrays.set(name, { shape: [...graph.parameters.get(name)!.shape] as number[], data });
    const [request, result] = ["request.npz", "result.npz"].map((name) => join(folder, name));
    await writeFileAtomically(request, (sink) => writeNpz(sink, arrays));

    const clock = usesProcessorTime ? "processor" : "elapsed";
    const peer = runPeer("attribution.py", [request, result, `${threads}`, `${REPEATS}`, clock]);
    const theirs = peer && (await loadArrays(result));
    const unit = usesProcessorTime ? "ms of processor time" : "ms";
    const add = (name: string, ours: number, key: string, peerName: string) =>
      figures.push(makeFigure(name, ours, unit, "less", peer && { name: peerName, value: peer[key] }));

    for (const { key, name, references, windows: own } of works) {
      const explain = () => explainByDeepLift(model, own, { runtime, threads, rule: "rescale", references });
      const found = await explain();
      if (theirs) reportDifference(`DeepLIFT, ${name}`, found.hypothetical, theirs.get(key)!, own.count);
      console.error(`largest convergence delta: ${Math.max(...found.deltas).toExponential(1)}`);
      add(`DeepLIFT of DeepSEA, ${name}`, await median(explain), key, "tangermeme");
    }
    const layer = model.layers[0];
    if (theirs) {
      const maps = new Float32Array(theirs.get("gradcam")!.length);
      const positions = maps.length / count;
      const wanted = { windows: false, layer: layer.output };
      await forEachGradient(model, windows, { runtime, threads }, wanted, ({ map, first }) => {
        maps.set(map, first * positions);
      });
      reportDifference("Grad-CAM", maps, theirs.get("gradcam")!, count);
    }
    const cam = () => mapClassActivation(model, windows, { runtime, threads });
    add(`Grad-CAM of DeepSEA, ${count} windows`, await median(cam), "gradcam", "PyTorch");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return figures;
}

async function loadArrays(path: string): Promise<Map<string, Float32Array>> {
  const source = await openFile(path);
  const arrays = await readNpz(source);
  await source.close();
  return new Map([...arrays].map(([name, { data }]) => [name, data as Float32Array]));
}

/**
 * Largest difference of a window's values as a share of its largest value: of most windows, and of the worst, where an
 * activation within rounding of 0 switches on or off, or another of several equal maxima is taken.
 */
function reportDifference(name: string, ours: Float32Array, theirs: Float32Array, windows: number): void {
  const size = theirs.length / windows;
  const shares = Array.from({ length: windows }, (_, window) => {
    let [difference, largest] = [0, 0];
    for (let i = window * size; i < (window + 1) * size; i++) {
      difference = Math.max(difference, Math.abs(theirs[i] - ours[i]));
      largest = Math.max(largest, Math.abs(theirs[i]));
    }
    return difference / largest;
  }).sort((a, b) => a - b);
  const [median, most] = [shares[windows >> 1], shares[windows - 1]].map((share) => share.toExponential(1));
  console.error(
    `${name}: largest differences of windows, median ${median}, largest ${most} of the largest value`,
  );
}
