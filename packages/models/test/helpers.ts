import type { Interval, SequenceRecord } from "@bindscape/genome";
import { type Build, Graph } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import {
  allocateShared,
  BinTable,
  buildAssembly,
  type Experiment,
  type HoldOuts,
  parseStudyFile,
  type SourceTrack,
  type Study,
  type WindowPlan,
  type WindowRequest,
} from "@bindscape/study";
import { expect } from "vitest";
import { type FactorNetOptions, factorNetOptions } from "../src/architectures/factornet/options.js";
import type { ModelFile } from "../src/bundle/model-file.js";
import type { NetworkContext } from "../src/model-definition.js";
import { describeNetwork, type Network } from "../src/network/describe-network.js";

export { expectError, temporaryFolder } from "../../study/test/helpers.js";

export function randomCodes(length: number, seed: number | string): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.integer(4));
}

export function reverseComplement(codes: Uint8Array): Uint8Array {
  return codes.map((code) => (code < 4 ? 3 - code : 4)).reverse();
}

/** A motif that has each base of a consensus with the given probability. */
export function makeMotif(name: string, consensus: string, share = 0.9): Motif {
  const probabilities = new Float64Array(consensus.length * 4).fill((1 - share) / 3);
  [...consensus].forEach((letter, position) => {
    probabilities[position * 4 + "ACGT".indexOf(letter)] = share;
  });
  return { id: name, name, probabilities, length: consensus.length };
}

/** A build context without features, seeds and regression, unless given. */
export function makeContext(plan: Partial<WindowPlan>, rest: Partial<NetworkContext> = {}): NetworkContext {
  const full: WindowPlan = { windowLength: 60, binSize: 20, tracks: [], features: [], ...plan };
  const tasks = rest.tasks ?? 1;
  return {
    plan: full,
    tasks,
    featureScaling: { mean: full.features.map(() => 0), scale: full.features.map(() => 1) },
    boundShare: Array.from({ length: tasks }, () => 0.5),
    linearStart: null,
    motifs: [],
    ...rest,
  };
}

/** Shapes of a network's parameters. */
export function parameterShapes(build: Build): Map<string, number[]> {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map([...graph.parameters].map(([name, { shape }]) => [name, [...shape] as number[]]));
}

/** Random values for all parameters, biases included, with a spread that neither saturates nor fades. */
export function randomParameters(build: Build, seed: number | string): Map<string, Float32Array> {
  return new Map(
    [...parameterShapes(build)].map(([name, shape]) => {
      const random = Random.forPart(seed, name);
      const size = shape.reduce((a, b) => a * b, 1);
      const fanIn =
        /\.kernel$/.test(name) && shape.length === 2 && name !== "position.kernel"
          ? shape[0]
          : size / shape[0];
      const spread = shape.length === 1 ? 0.3 : Math.sqrt(3 / fanIn);
      return [name, Float32Array.from({ length: size }, () => spread * random.normal())];
    }),
  );
}

export interface MemoryStudyOptions {
  readonly chromosomes: Readonly<Record<string, Uint8Array>>;
  readonly experiments?: readonly (Partial<Experiment> & { factor: string; peaks: readonly Interval[] })[];
  /** Values a base over all chromosomes behind one another. */
  readonly tracks?: readonly { name: string; values: ArrayLike<number>; log?: boolean; unit?: string }[];
  readonly validation?: readonly string[];
  readonly test?: readonly string[];
  readonly pieces?: boolean;
  readonly bins?: { size: number; step: number; boundOverlap: number };
}

/** A study in memory, without files. */
export function makeStudy(options: MemoryStudyOptions): Study {
  const { bins = { size: 200, step: 50, boundOverlap: 101 }, experiments = [] } = options;
  const records: SequenceRecord[] = Object.entries(options.chromosomes).map(([name, codes]) => ({
    name,
    description: "",
    codes,
  }));
  const assembly = buildAssembly(records, { name: "test", source: "test.fa", pieces: options.pieces });
  const names = experiments.map(({ factor, cell = "C" }) => `{ factor: ${factor}, cell: ${cell}, peaks: p }`);
  const cells = [...new Set(["C", "D", ...experiments.map(({ cell = "C" }) => cell)])];
  const { validation = ["v"], test = ["t"] } = options;
  const text = `name: test
assembly: { name: test, genome: g }
bins: { size: ${bins.size}, step: ${bins.step}, boundOverlap: ${bins.boundOverlap} }
cells: { ${cells.map((cell) => `${cell}: {}`).join(", ")} }
experiments: [${names.join(", ") || "{ factor: F, cell: C, peaks: p }"}]
holdOut: { validation: { chromosomes: [${validation.join(", ")}] }, test: { chromosomes: [${test.join(", ")}] } }`;
  const whole = (chromosome: string) => ({ chromosome, start: 0, end: Number.POSITIVE_INFINITY });
  const holdOuts: HoldOuts = {
    validation: validation.filter((name) => assembly.hasChromosome(name)).map(whole),
    test: test.filter((name) => assembly.hasChromosome(name)).map(whole),
    unlabelled: [],
    blacklist: [],
  };
  const tracks: SourceTrack[] = (options.tracks ?? []).map(({ name, values, log = false, unit = "cuts" }) => {
    const shared = new Float32Array(allocateShared(assembly.size * 4));
    shared.set(values);
    return { name, unit, values: shared, log };
  });
  return {
    name: "test",
    source: "test.yaml",
    file: parseStudyFile(text, "test.yaml"),
    assembly,
    bins: new BinTable(assembly, bins),
    holdOuts,
    experiments: experiments.map((experiment) => ({
      cell: "C",
      relaxedPeaks: [],
      motif: null,
      signalFile: null,
      ...experiment,
    })),
    motifs: [],
    inputs: [],
    warnings: [],
    loadCell: async () => ({ segments: assembly.segments, codes: assembly.codes, tracks }),
    openCell: async () => null,
  };
}

/** Options of a network that takes a moment: 60-bp windows, 4 kernels of 5 bp, no LSTM. */
export function tinyOptions(options: Partial<FactorNetOptions> = {}): FactorNetOptions {
  return factorNetOptions.parse({
    windowLength: 60,
    kernels: 4,
    kernelWidth: 5,
    poolWidth: 7,
    recurrent: 0,
    dense: 6,
    ...options,
  });
}

/** A network with random weights. */
export function makeNetwork(
  options: FactorNetOptions,
  plan: Partial<WindowPlan> = {},
  file: Partial<ModelFile> = {},
  seed: number | string = 1,
): Network {
  const tasks = file.tasks ?? [{ factor: "F", cell: "C" }];
  const context = makeContext({ windowLength: options.windowLength, ...plan }, { tasks: tasks.length });
  const { tracks, features, ...rest } = context.plan;
  const complete: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: "factornet",
    options: { ...options },
    citation: "nobody",
    departures: [],
    tasks,
    plan: { ...rest, tracks: [...tracks], features: JSON.parse(JSON.stringify(features)) },
    bins: { size: rest.binSize, step: 10, boundOverlap: Math.ceil(rest.binSize / 2) },
    featureScaling: { mean: [...context.featureScaling.mean], scale: [...context.featureScaling.scale] },
    boundShare: [...context.boundShare],
    seededKernels: [],
    training: {
      study: "test",
      assembly: "test",
      seed: 1,
      settings: {},
      epochs: 1,
      bestEpoch: 1,
      validationLoss: 0.5,
    },
    ...file,
  };
  const described = describeNetwork({ file: complete, parameters: new Map() });
  const build = described.definition.build(described.options, described.context);
  return { file: complete, parameters: randomParameters(build, seed) };
}

/** Asserts that two arrays hold the same numbers to an absolute tolerance (0: bit for bit). */
export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
): void {
  expect(found.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(found[i], expected[i]) || Math.abs(found[i] - expected[i]) <= tolerance) continue;
    throw new Error(`${what} entry ${i} is ${found[i]}, expected ${expected[i]} to ${tolerance}`);
  }
}

/** The bins of a study that are kept, as a request. */
export function requestOf(study: Study, keep: (bin: number) => boolean): WindowRequest {
  const bins = Array.from({ length: study.bins.count }, (_, bin) => bin).filter(keep);
  return {
    segmentIndices: Uint32Array.from(bins, (bin) =>
      study.assembly.segments.indexOf(study.bins.partOf(bin).segment),
    ),
    binStarts: Int32Array.from(bins, (bin) => study.bins.startOf(bin)),
  };
}
