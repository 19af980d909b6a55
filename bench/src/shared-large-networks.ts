import { type Build, Graph, nodeRuntime, type ParameterValues, Predictor } from "@bindscape/gradient";
import { shareNetwork } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import type { WindowPlan, WindowRequest } from "@bindscape/study";
import { type Figure, makeFigure } from "./figure.js";
import { danQ, deepSea, dilatedResidual } from "./large-networks.js";

const threads = 2;
const step = 50;
/** Bins of the request that stretches are planned for. */
const bins = 60_000;
/** Windows in one run, window by window: what prediction takes. */
const batch = 128;
const plan: WindowPlan = { windowLength: 1000, binSize: 200, tracks: [], features: [] };

interface Speed {
  readonly windowsPerSecond: number;
  /** Processor time of all threads. */
  readonly microsecondsPerWindow: number;
}

/**
 * Networks without a part of their own for shared overlap, a window every 50 bp: what their graphs share computed once
 * against window by window, in alternation. The networks alone: making windows is left out.
 */
export async function measureLargeNetworks(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const request: WindowRequest = {
    segmentIndices: new Uint32Array(bins),
    binStarts: Int32Array.from({ length: bins }, (_, bin) => bin * step),
  };
  for (const [name, build] of Object.entries({
    DanQ: danQ,
    DeepSEA: deepSea,
    "dilated residual": dilatedResidual,
  })) {
    const path = shareNetwork(build, plan, request);
    if (path === null) throw new Error(`${name}: windows are not shared`);
    const parameters = firstParameters(build);
    const { length, largest, phase } = path.stretches;
    const random = new Random(name);
    const draw = (size: number) => Float32Array.from({ length: size }, () => random.uniform());
    const starts = Float32Array.from({ length: largest }, (_, i) => (i * step) / phase);
    const runs = [
      await prepare(path.build, parameters, { stretch: draw(4 * length), starts }, largest),
      await prepare(build, parameters, { windows: draw(4 * 1000 * batch) }, batch),
    ];
    const [shared, single] = await fastest(runs);
    const peer = (value: number) => ({ name: "window by window", value });
    figures.push(
      makeFigure(
        `${name}: shared overlap`,
        shared.windowsPerSecond,
        "windows/s",
        "more",
        peer(single.windowsPerSecond),
      ),
      makeFigure(
        `${name}: shared overlap, processor time`,
        shared.microsecondsPerWindow,
        "us/window",
        "less",
        peer(single.microsecondsPerWindow),
      ),
    );
  }
  return figures;
}

/** The weights training starts from: prediction takes the same time whatever they are. */
function firstParameters(build: Build): ParameterValues {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map(
    [...graph.parameters].map(([name, { shape, source }]) => {
      if (source?.kind !== "parameter") throw new Error(`${name} is no parameter`);
      return [name, source.initialiser(shape as readonly number[], Random.forPart(1, name))];
    }),
  );
}

interface Run {
  readonly count: number;
  readonly work: () => Promise<unknown>;
  readonly predictor: Predictor;
}

async function prepare(
  build: Build,
  parameters: ParameterValues,
  feeds: Record<string, Float32Array>,
  count: number,
): Promise<Run> {
  const options = { build, parameters, threads, outputs: ["probability"], largestBatch: count };
  const predictor = await Predictor.create(nodeRuntime(), options);
  return { count, predictor, work: () => predictor.run(feeds, count) };
}

/** The best of some runs of each, of time and of processor time: what else the machine does only adds to them. */
async function fastest(runs: readonly Run[]): Promise<Speed[]> {
  const best = runs.map(() => ({ seconds: Number.POSITIVE_INFINITY, processor: Number.POSITIVE_INFINITY }));
  for (let repeat = 0; repeat < 6; repeat++) {
    for (const [i, { work }] of runs.entries()) {
      const start = performance.now();
      const before = process.cpuUsage();
      await work();
      const used = process.cpuUsage(before);
      best[i].seconds = Math.min(best[i].seconds, (performance.now() - start) / 1000);
      best[i].processor = Math.min(best[i].processor, used.user + used.system);
    }
  }
  for (const { predictor } of runs) await predictor.release();
  return best.map(({ seconds, processor }, i) => ({
    windowsPerSecond: runs[i].count / seconds,
    microsecondsPerWindow: processor / runs[i].count,
  }));
}
