import { Graph } from "@bindscape/gradient";
import {
  buildFactorNet,
  describeNetwork,
  factorNetOptions,
  type ModelFile,
  type Network,
} from "@bindscape/models";
import { Random } from "@bindscape/numerics";

/** FactorNet with the weights training starts from: prediction takes the same time whatever they are. */
export function untrainedNetwork(
  given: Parameters<typeof factorNetOptions.parse>[0],
  tracks: string[],
): Network {
  const options = factorNetOptions.parse(given);
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: "factornet",
    options: { ...options },
    citation: "",
    departures: [],
    tasks: [{ factor: "F", cell: "C" }],
    plan: { windowLength: options.windowLength, binSize: 200, tracks, features: [] },
    bins: { size: 200, step: 50, boundOverlap: 101 },
    featureScaling: { mean: [], scale: [] },
    boundShare: [0.5],
    seededKernels: [],
    training: {
      study: "",
      assembly: "",
      seed: 1,
      settings: {},
      epochs: 1,
      bestEpoch: 1,
      validationLoss: 0,
    },
  };
  const { context } = describeNetwork({ file, parameters: new Map() });
  const graph = new Graph({ batch: "free", phase: "inference" });
  buildFactorNet(options, context)(graph);
  const parameters = new Map<string, Float32Array>();
  for (const [name, { shape, source }] of graph.parameters) {
    if (source?.kind !== "parameter") continue;
    parameters.set(name, source.initialiser(shape as readonly number[], Random.forPart(1, name)));
  }
  return { file, parameters };
}
