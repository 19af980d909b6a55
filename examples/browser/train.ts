import { adam, Predictor, type Runtime, TrainingStep } from "@bindscape/gradient";
import {
  factorNet,
  factorNetOptions,
  type HistoryEntry,
  type ModelFile,
  type Network,
  prepareTraining,
  requestBins,
  trainingSettings,
} from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import {
  drawPooledEpoch,
  type LabelledWindows,
  pickWindows,
  type Study,
  WindowMaker,
} from "@bindscape/study";

/** A FactorNet that a page trains in a minute: 200-bp windows, 8 kernels. */
const options = factorNetOptions.parse({
  windowLength: 200,
  kernels: 8,
  kernelWidth: 13,
  poolWidth: 6,
  recurrent: 8,
  dense: 16,
  dropout: 0.1,
});

export interface TrainOptions {
  readonly epochs: number;
  readonly seed: number;
  /** After every step; the page draws while this waits. */
  readonly onStep: (done: number, total: number) => Promise<void>;
  readonly onEpoch: (history: readonly HistoryEntry[]) => void;
  /** Ends the training after the epoch that runs. */
  readonly signal: AbortSignal;
}

export interface Trained {
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
}

/** Trains on the study's first experiment; keeps the weights of the epoch with the lowest validation loss. */
export async function trainInPage(runtime: Runtime, study: Study, given: TrainOptions): Promise<Trained> {
  const settings = trainingSettings.parse({
    epochs: given.epochs,
    batchSize: 50,
    learningRate: 0.004,
    positives: "bins",
    negativesPerPositive: 3,
    validationNegativesPerPositive: 3,
    seed: given.seed,
  });
  const [experiment] = study.experiments;
  const source = await study.loadCell(experiment.cell);
  const { context, samplers, validation } = await prepareTraining(
    study,
    [experiment],
    source,
    factorNet,
    options,
    settings,
  );
  const build = factorNet.build(options, context);
  const maker = new WindowMaker(source, context.plan);
  const step = await TrainingStep.create(runtime, {
    build,
    batchSize: settings.batchSize,
    optimizer: adam(),
    seed: settings.seed,
  });
  let parameters = await step.parameters();
  const predictor = await Predictor.create(runtime, { build, parameters, outputs: ["probability"] });
  const history: HistoryEntry[] = [];
  let best = 0;
  try {
    for (let epoch = 1; epoch <= settings.epochs && !given.signal.aborted; epoch++) {
      const started = performance.now();
      const windows = drawPooledEpoch(samplers, Random.forPart(settings.seed, "epoch", epoch));
      const steps = Math.floor(windows.binStarts.length / settings.batchSize);
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        const rows = Uint32Array.from(
          { length: settings.batchSize },
          (_, row) => i * settings.batchSize + row,
        );
        const batch = pickWindows(windows, rows);
        const feeds = { windows: maker.fill(batch).windows, labels: batch.labels, weights: batch.weights };
        sum += (await step.run(feeds, settings.learningRate)).loss;
        await given.onStep((epoch - 1) * steps + i + 1, settings.epochs * steps);
      }
      const trained = await step.parameters();
      await predictor.setParameters(trained);
      history.push({
        epoch,
        trainingLoss: sum / steps,
        validationLoss: await measureLoss(predictor, maker, validation),
        learningRate: settings.learningRate,
        seconds: (performance.now() - started) / 1000,
      });
      if (epoch === 1 || history[epoch - 1].validationLoss < history[best].validationLoss) {
        best = epoch - 1;
        parameters = trained;
      }
      given.onEpoch(history);
    }
  } finally {
    await predictor.release();
    await step.release();
  }
  const { plan, featureScaling, boundShare } = context;
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: factorNet.name,
    options: { ...options },
    citation: factorNet.citation,
    departures: [...factorNet.departures(options)],
    tasks: [{ factor: experiment.factor, cell: experiment.cell }],
    plan: { ...plan, tracks: [...plan.tracks], features: [] },
    bins: study.file.bins,
    featureScaling: { mean: [...featureScaling.mean], scale: [...featureScaling.scale] },
    boundShare: [...boundShare],
    seededKernels: [],
    training: {
      study: study.name,
      assembly: study.assembly.name,
      seed: settings.seed,
      settings: { ...settings },
      epochs: history.length,
      bestEpoch: best + 1,
      validationLoss: history[best].validationLoss,
    },
  };
  return { network: { file, parameters }, history };
}

/** Probabilities of the bins of a chromosome, in their order. */
export async function predictChromosome(
  runtime: Runtime,
  study: Study,
  network: Network,
  chromosome: string,
): Promise<{ starts: Int32Array; probabilities: Float32Array }> {
  const { plan, featureScaling, boundShare } = network.file;
  const context = { plan, tasks: 1, featureScaling, boundShare, linearStart: null, motifs: [] };
  const predictor = await Predictor.create(runtime, {
    build: factorNet.build(factorNetOptions.parse(network.file.options), context),
    parameters: network.parameters,
    outputs: ["probability"],
  });
  try {
    const request = requestBins(study, study.bins.onChromosomes([chromosome]));
    const maker = new WindowMaker(await study.loadCell(network.file.tasks[0].cell), plan);
    const { windows, count } = maker.fill(request);
    const probabilities = (await predictor.run({ windows }, count)).get("probability")!;
    return { starts: request.binStarts, probabilities };
  } finally {
    await predictor.release();
  }
}

async function measureLoss(
  predictor: Predictor,
  maker: WindowMaker,
  windows: LabelledWindows,
): Promise<number> {
  const batch = maker.fill(windows);
  const probabilities = (await predictor.run({ windows: batch.windows }, batch.count)).get("probability")!;
  let loss = 0;
  let weight = 0;
  probabilities.forEach((value, i) => {
    const p = Math.min(Math.max(value, 1e-7), 1 - 1e-7);
    loss -= windows.weights[i] * (windows.labels[i] === 1 ? Math.log(p) : Math.log1p(-p));
    weight += windows.weights[i];
  });
  return loss / weight;
}
