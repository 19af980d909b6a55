import { BindscapeError } from "@bindscape/numerics";
import { gradients } from "./autodiff.js";
import type { Graph, Tensor } from "./graph.js";
import { type Build, buildGraph, type Model } from "./model.js";
import type { Runtime } from "./runtime.js";
import { product } from "./shape.js";
import { GraphUpdate } from "./updates/graph-update.js";
import { MemoryUpdate } from "./updates/memory-update.js";
import {
  checkPatterns,
  matchesName,
  type NamePattern,
  type ParameterUpdate,
  type TrainedBag,
  type TrainedParameter,
  type UpdateOptions,
} from "./updates/parameter-update.js";

/** What decides how a network is trained. */
export interface PlanOptions extends Omit<UpdateOptions, "accumulates"> {
  readonly build: Build;
  /** Windows a step; every run is given exactly as many. */
  readonly batchSize: number;
  /** Names of parameters that are not trained, besides those that the model itself froze. */
  readonly freeze?: readonly NamePattern[];
  /** Batches whose gradients make one update; {@link TrainingStep.runAccumulated} takes them. Default 1. */
  readonly microBatches?: number;
  /**
   * Where parameters are changed: "graph" (in the graph, on its device) or "memory" (in place by a WebAssembly loop,
   * which moves each number through the processor once). By default the memory for graphs that run on the CPU. Both
   * give the same numbers up to rounding, each the same bits every time.
   */
  readonly update?: "graph" | "memory";
}

export interface TrainingPlan {
  readonly graph: Graph;
  readonly model: Model & { readonly loss: Tensor };
  readonly trained: readonly TrainedParameter[];
  readonly update: ParameterUpdate;
}

/**
 * Builds the training graph with its gradients, and chooses where parameters live: where runs leave data on a device,
 * the update is part of the graph; else it is done in place, where that is possible. Then sparse bags leave the graph
 * too, where nothing else in it needs their tables.
 */
export function planTraining(runtime: Runtime, options: PlanOptions): TrainingPlan {
  const { microBatches = 1 } = options;
  if (!(Number.isInteger(microBatches) && microBatches >= 1)) {
    throw new BindscapeError({
      source: "training step",
      found: `${microBatches} micro-batches`,
      expected: "a whole number of at least 1",
    });
  }
  const updateOptions = { ...options, accumulates: microBatches > 1 };
  const prefersMemory =
    options.update === undefined ? !runtime.createDeviceVector : options.update === "memory";
  const lifted = differentiate(runtime, options, prefersMemory);
  const fits =
    prefersMemory &&
    (options.update === "memory" || MemoryUpdate.isPossible(lifted?.trained ?? [], updateOptions));
  const plan = (fits ? lifted : null) ?? differentiate(runtime, options, false)!;
  const { graph, model, trained, bags } = plan;
  const update =
    prefersMemory && (options.update === "memory" || MemoryUpdate.isPossible(trained, updateOptions))
      ? new MemoryUpdate(trained, updateOptions, bags)
      : new GraphUpdate(graph, trained, updateOptions, runtime);
  return { graph, model, trained, update };
}

/** @returns null where bags were left out of the graph that cannot be */
function differentiate(
  runtime: Runtime,
  options: PlanOptions,
  liftsBags: boolean,
): (Omit<TrainingPlan, "update"> & { readonly bags: readonly TrainedBag[] }) | null {
  const { graph, model } = buildGraph(options.build, options.batchSize, "training", runtime.traits, {
    liftsBags,
  });
  const { loss } = model;
  if (loss === undefined) throw new BindscapeError({ source: "model", found: "no loss to train with" });
  if (product(loss.shape as number[]) !== 1) {
    throw new BindscapeError({ source: "model", found: "a loss that is no scalar" });
  }
  const { freeze = [] } = options;
  checkPatterns(freeze, [...graph.parameters.keys()], "parameters to freeze");
  const candidates = [...graph.parameters].filter(
    ([name, tensor]) =>
      tensor.source?.kind === "parameter" &&
      tensor.source.trainable &&
      !freeze.some((pattern) => matchesName(pattern, name)),
  );
  const wanted = [...candidates.map(([, tensor]) => tensor), ...graph.bags.map(({ output }) => output)];
  const found = gradients(loss, wanted);
  const gradientOf = (tensor: Tensor) => found[wanted.indexOf(tensor)] ?? null;
  const bags: TrainedBag[] = [];
  for (const bag of graph.bags) {
    const gradient = gradientOf(bag.output);
    const isAlone =
      wanted.includes(bag.table) &&
      gradientOf(bag.table) === null &&
      !bags.some((other) => other.bag.table === bag.table);
    if (gradient === null || !isAlone) return null;
    bags.push({ bag, gradient });
  }
  const trained = candidates
    .map(([name, tensor]) => ({ name, tensor, gradient: gradientOf(tensor) }))
    .filter(({ tensor, gradient }) => gradient !== null || bags.some(({ bag }) => bag.table === tensor));
  if (trained.length === 0) {
    throw new BindscapeError({ source: "model", found: "no trainable parameter that the loss depends on" });
  }
  return { graph, model: { ...model, loss }, trained, bags };
}
