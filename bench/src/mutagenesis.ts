import { Graph, nodeRuntime, type ParameterValues } from "@bindscape/gradient";
import { type ExplainedModel, explainNetwork, mutateInSilico } from "@bindscape/interpret";
import { Random } from "@bindscape/numerics";
import { type Figure, makeFigure, runPeer } from "./figure.js";
import { type MutagenesisNetwork, mutagenesisNetworks } from "./mutagenesis-networks.js";
import { untrainedNetwork } from "./untrained-network.js";

/** `BINDSCAPE_BENCH_THREADS`: for ours and the peer alike. */
const threads = Number(process.env.BINDSCAPE_BENCH_THREADS ?? 2);
/** `BINDSCAPE_BENCH_WORK` names one network. */
const only = process.env.BINDSCAPE_BENCH_WORK;
/** Every so many positions are mutated where all mutants go through the whole network. */
const SPARSE = 10;
/** `BINDSCAPE_BENCH_REPEATS`. */
const REPEATS = Number(process.env.BINDSCAPE_BENCH_REPEATS ?? 3);

interface Speed {
  readonly millisecondsPerMutant: number;
  /** Of all threads. */
  readonly processorMillisecondsPerMutant: number;
}

/**
 * In-silico mutagenesis of whole sequences (three mutants a position): with what mutations do not touch computed once,
 * against mutant by mutant (of every tenth position), and against tangermeme on PyTorch, with its own way of sharing
 * (on by default) and without. Each figure includes starting up: planning, sessions, tangermeme's capture of the model.
 */
export async function run(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, { model, sequences }] of Object.entries(models())) {
    if (only !== undefined && only !== name) continue;
    const windows = drawWindows(model, sequences);
    const every = Array.from({ length: model.length }, (_, position) => position);
    const sparse = every.filter((position) => position % SPARSE === 0);
    const measure = (positions: readonly number[], naive: boolean) =>
      timed(3 * positions.length * sequences, () =>
        mutateInSilico(model, windows, { runtime: nodeRuntime(), threads, positions, naive }),
      );
    const ours: Speed[] = [];
    const naive: Speed[] = [];
    for (let i = 0; i < REPEATS; i++) {
      ours.push(await measure(every, false));
      naive.push(await measure(sparse, true));
    }
    const compare = (peerName: string, peer: Speed) => {
      const best = fastest(ours);
      figures.push(
        makeFigure(name, best.millisecondsPerMutant, "ms/mutant", "less", {
          name: peerName,
          value: peer.millisecondsPerMutant,
        }),
        makeFigure(`${name}, processor time`, best.processorMillisecondsPerMutant, "ms/mutant", "less", {
          name: peerName,
          value: peer.processorMillisecondsPerMutant,
        }),
      );
    };
    compare("mutant by mutant", fastest(naive));
    const peer = runPeer("mutagenesis.py", [name, `${threads}`, `${sequences}`]);
    if (peer === null) continue;
    for (const [key, peerName] of [
      ["shared", "tangermeme"],
      ["naive", "tangermeme, fast=False"],
      ["plain", "PyTorch, mutant by mutant"],
    ] as const) {
      if (peer[`${key}Milliseconds`] === undefined) continue;
      compare(peerName, {
        millisecondsPerMutant: peer[`${key}Milliseconds`],
        processorMillisecondsPerMutant: peer[`${key}ProcessorMilliseconds`],
      });
    }
  }
  return figures;
}

function models(): Record<string, { readonly model: ExplainedModel; readonly sequences: number }> {
  const factorNet = explainNetwork(untrainedNetwork({ gates: "sigmoid" }, ["accessibility", "mappability"]));
  return {
    ...Object.fromEntries(
      Object.entries(mutagenesisNetworks).map(([name, network]) => [
        name,
        { model: explain(network), sequences: network.sequences },
      ]),
    ),
    factornet: { model: factorNet, sequences: 4 },
  };
}

function explain({ build, length }: MutagenesisNetwork): ExplainedModel {
  return {
    build,
    parameters: firstParameters(build),
    length,
    channels: 4,
    baseChannels: 4,
    features: 0,
    tasks: 1,
    unknownBase: 0,
    layers: [],
  };
}

/** The weights training starts from: scoring takes the same time whatever they are. */
function firstParameters(build: MutagenesisNetwork["build"]): ParameterValues {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map(
    [...graph.parameters].map(([name, { shape, source }]) => {
      if (source?.kind !== "parameter") throw new Error(`${name} is no parameter`);
      return [name, source.initialiser(shape as readonly number[], Random.forPart(1, name))];
    }),
  );
}

function drawWindows({ channels, length, features }: ExplainedModel, count: number) {
  const random = new Random("mutagenesis");
  const windows = new Float32Array(count * channels * length);
  for (let window = 0; window < count; window++) {
    for (let position = 0; position < length; position++) {
      windows[(window * channels + random.integer(4)) * length + position] = 1;
      for (let track = 4; track < channels; track++)
        windows[(window * channels + track) * length + position] = random.uniform();
    }
  }
  return { count, windows, features: new Float32Array(count * features) };
}

async function timed(mutants: number, work: () => Promise<unknown>): Promise<Speed> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return {
    millisecondsPerMutant: (performance.now() - start) / mutants,
    processorMillisecondsPerMutant: (used.user + used.system) / 1000 / mutants,
  };
}

/** The best of some runs, of time and of processor time each: what else the machine does only adds to them. */
const fastest = (runs: readonly Speed[]): Speed => ({
  millisecondsPerMutant: Math.min(...runs.map((run) => run.millisecondsPerMutant)),
  processorMillisecondsPerMutant: Math.min(...runs.map((run) => run.processorMillisecondsPerMutant)),
});
