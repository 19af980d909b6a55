import { dirname, join } from "node:path";
import { adam, nodeRuntime, TrainingStep } from "@bindscape/gradient";
import {
  factorNet,
  factorNetOptions,
  prepareTraining,
  splitRequest,
  trainingSettings,
} from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { BatchPipeline, loadStudy, type Study } from "@bindscape/study";
import { type Figure, findData, makeFigure, medianMilliseconds, repositoryRoot } from "./figure.js";

/** Loads the yeast study, or returns null (said on standard error) where the data is not at hand. */
export async function loadYeastStudy(factors: readonly string[]): Promise<Study | null> {
  const genome = findData("yeast/original/single_sequences.2bit");
  if (genome === null) {
    console.error("skipped: no yeast data (set BINDSCAPE_DATA to the folder that holds yeast/)");
    return null;
  }
  return loadStudy(join(repositoryRoot, "examples/yeast/study.yaml"), {
    factors,
    dataFolder: dirname(genome),
  });
}

/**
 * How many windows a second the worker threads make when nothing consumes them, beside how many training with the
 * same preset uses: the loader must never be what training waits for.
 */
export async function run(): Promise<Figure[]> {
  const study = await loadYeastStudy(["Reb1"]);
  if (!study) return [];
  const figures: Figure[] = [];
  for (const preset of ["paper", "compact"] as const) {
    const { options, training } = factorNet.presets[preset];
    const modelOptions = factorNetOptions.parse(options);
    const settings = trainingSettings.parse({ ...training, negatives: "uniform" });
    const source = await study.loadCell("BY4741");
    const { context, samplers } = await prepareTraining(
      study,
      study.experiments,
      source,
      factorNet as unknown as Parameters<typeof prepareTraining>[3],
      modelOptions,
      settings,
    );
    const { batchSize } = settings;
    const pipeline = new BatchPipeline(source, context.plan, { batchSize });
    const epoch = samplers[0].drawEpoch(new Random(1));
    const steps = Math.min(60, Math.floor(epoch.binStarts.length / batchSize));
    const request = {
      segmentIndices: epoch.segmentIndices.subarray(0, steps * batchSize),
      binStarts: epoch.binStarts.subarray(0, steps * batchSize),
    };
    let kept: Record<string, Float32Array> | null = null;
    const milliseconds = await medianMilliseconds(
      async () => {
        for await (const batch of pipeline.run(splitRequest(request, batchSize))) {
          kept ??= { windows: batch.windows.slice(), features: batch.features.slice() };
          batch.release();
        }
      },
      5,
      2,
    );
    await pipeline.close();
    const windowsPerSecond = (1000 * steps * batchSize) / milliseconds;

    const step = await TrainingStep.create(nodeRuntime(), {
      build: factorNet.build(modelOptions, context),
      batchSize,
      optimizer: adam(),
      seed: 1,
    });
    const feeds = {
      ...kept!,
      labels: epoch.labels.slice(0, batchSize),
      weights: epoch.weights.slice(0, batchSize),
    };
    const stepMilliseconds = await medianMilliseconds(() => step.run(feeds, 1e-3));
    await step.release();
    figures.push(
      makeFigure(`loader alone, ${preset} preset, one worker`, windowsPerSecond, "windows/s", "more", {
        name: "windows training consumes",
        value: (1000 * batchSize) / stepMilliseconds,
      }),
    );
  }
  return figures;
}
