import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "./graph.js";
import { checkFeed, initialValues, type ParameterValues, requiredValues } from "./model.js";
import { NumericsCheck } from "./numerics-check.js";
import { emitModel, leavesOf } from "./onnx/emit-model.js";
import { add, multiply } from "./operators/arithmetic.js";
import { reshape } from "./operators/reshape.js";
import { averageSlot } from "./optimizers/decorators.js";
import type { Optimizer } from "./optimizers/optimizer.js";
import type { DeviceTensor, Runtime, Session, TensorValue } from "./runtime.js";
import { product } from "./shape.js";
import { StepNoise } from "./step-noise.js";
import { type PlanOptions, planTraining } from "./training-plan.js";
import { matchesName, type ParameterUpdate, type UpdateRun } from "./updates/parameter-update.js";
import { RunningState } from "./updates/running-state.js";

export interface TrainingOptions extends PlanOptions {
  /** Of first parameter values and dropout. */
  readonly seed: number | string;
  /** Threads; the same number gives the same weights bit for bit. */
  readonly threads?: number;
  /** First values by name; parameters without are drawn by their initialisers. */
  readonly parameters?: ParameterValues;
  /**
   * Look at every tensor of every step, and throw an error that names the first layer with a value that is no finite
   * number (slow: for finding out where a loss of NaN comes from).
   */
  readonly checkNumerics?: boolean;
  /** Path prefix of a profile to write (measurements only). */
  readonly profile?: string;
}

export interface StepResult {
  readonly loss: number;
  /** The model's outputs, with dropout; the arrays are overwritten by the next run. */
  readonly outputs: ReadonlyMap<string, Float32Array>;
}

/** Everything a resumed training needs to go on bit for bit. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly seed: number | string;
  /** Parameters as `parameter/NAME`, and the optimizer's vectors as `optimizer/NAME`. */
  readonly tensors: Map<string, { shape: number[]; data: Float32Array }>;
}

/** A batch whose gradients are added to others'. */
export interface MicroBatch {
  readonly batch: Readonly<Record<string, Float32Array>>;
  /**
   * Its share of the whole: all shares are 1 together. The loss of a batch is a weighted mean, so the share is the
   * sum of its weights divided by that of all micro-batches. Default: equal shares.
   */
  readonly share?: number;
}

/**
 * One training step: forward, loss and backward as one ONNX graph and one run, and the optimizer's update of all
 * trainable parameters, which is part of the graph or follows it.
 */
export class TrainingStep {
  readonly #session: Session;
  readonly #optimizer: Optimizer;
  readonly #inputs: ReadonlyMap<string, readonly number[]>;
  readonly #update: ParameterUpdate;
  readonly #running: RunningState;
  readonly #microBatches: number;
  readonly #frozen: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;
  readonly #noiseTensors: ReadonlyMap<string, Tensor>;
  readonly #into: Readonly<Record<string, TensorValue>>;
  readonly #outputNames: readonly string[];
  readonly #numerics: NumericsCheck | null;
  #noise: StepNoise;
  #seed: number | string;
  #step = 0;

  static async create(runtime: Runtime, options: TrainingOptions): Promise<TrainingStep> {
    const { graph, model, trained, update } = planTraining(runtime, options);
    const { loss } = model;
    const { freeze = [] } = options;

    // ONNX Runtime's Relu and ReduceMax make numbers of NaN, so a loss can be finite while the weights are not: the
    // sum of all gradients, times 0, is NaN wherever one of them is no number.
    const checkedLoss = update.check ? add(reshape(loss, []), multiply(update.check, 0)) : reshape(loss, []);
    const outputs = new Map<string, Tensor>([["loss", checkedLoss]]);
    for (const [name, tensor] of Object.entries(model.outputs)) outputs.set(`output/${name}`, tensor);
    for (const [name, tensor] of update.outputs) outputs.set(name, tensor);
    const first = (name: string, tensor: Tensor) =>
      initialValues(name, tensor, options.seed, options.parameters);
    const running = new RunningState(
      graph,
      (name) => !freeze.some((pattern) => matchesName(pattern, name)),
      first,
    );
    for (const [name, tensor] of running.outputs) outputs.set(name, tensor);
    const numerics = options.checkNumerics
      ? new NumericsCheck(graph, [loss, ...Object.values(model.outputs)], [...outputs.values()])
      : null;
    if (numerics) outputs.set("numerics", numerics.output);
    const leaves = leavesOf([...outputs.values()]);
    const used = ([, tensor]: [string, Tensor]) => leaves.has(tensor);
    const inputs = new Map([...graph.inputs].filter(used));
    const masks = new Map(
      graph.masks.map((tensor, i): [string, Tensor] => [`mask/${i}`, tensor]).filter(used),
    );
    const trainedNames = new Set(trained.map(({ name }) => name));
    const frozen = new Map(
      [...graph.parameters]
        .filter(([name]) => !trainedNames.has(name) && !running.has(name))
        .map(([name, tensor]) => [name, { tensor, values: first(name, tensor) }]),
    );
    const bytes = emitModel({
      graphName: "training step",
      inputs: new Map([
        ...[...inputs].map(([name, tensor]): [string, Tensor] => [`input/${name}`, tensor]),
        ...masks,
        ...[...graph.parameters].filter(([name]) => running.has(name)),
        ...update.inputs,
      ]),
      stored: frozen,
      flat: update.flat,
      outputs,
    });
    const session = await runtime.createSession(bytes, {
      threads: options.threads,
      profile: options.profile,
      keepOnDevice: update.keepOnDevice,
    });
    const all = new Float32Array(update.pieces.reduce((sum, { length }) => sum + length, 0));
    trained.forEach(({ name, tensor }, i) => {
      all.set(first(name, tensor), update.pieces[i].start);
    });
    update.write("parameters", all);
    return new TrainingStep(session, options, {
      update,
      running,
      inputs,
      masks,
      frozen,
      outputs,
      numerics,
    });
  }

  private constructor(
    session: Session,
    options: TrainingOptions,
    parts: {
      update: ParameterUpdate;
      running: RunningState;
      inputs: ReadonlyMap<string, Tensor>;
      masks: ReadonlyMap<string, Tensor>;
      frozen: ReadonlyMap<string, { tensor: Tensor; values: Float32Array }>;
      outputs: ReadonlyMap<string, Tensor>;
      numerics: NumericsCheck | null;
    },
  ) {
    this.#numerics = parts.numerics;
    this.#session = session;
    this.#optimizer = options.optimizer;
    this.#seed = options.seed;
    this.#update = parts.update;
    this.#running = parts.running;
    this.#microBatches = options.microBatches ?? 1;
    this.#inputs = new Map([...parts.inputs].map(([name, tensor]) => [name, tensor.shape as number[]]));
    this.#frozen = new Map(
      [...parts.frozen].map(([name, { tensor, values }]) => [
        name,
        { shape: tensor.shape as number[], data: values.slice() },
      ]),
    );
    this.#noiseTensors = parts.masks;
    this.#noise = new StepNoise(parts.masks, options.seed);
    const into: Record<string, TensorValue> = {};
    for (const [name, tensor] of parts.outputs) {
      if (parts.update.outputs.has(name) || name.startsWith("state/")) continue;
      const shape = tensor.shape as number[];
      into[name] = { data: new Float32Array(product(shape)), shape };
    }
    this.#into = into;
    this.#outputNames = [...parts.outputs.keys()];
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains on one batch.
   * @param batch values of the model's inputs by name, row-major, `batchSize` rows each
   * @returns the loss before the update; NaN or infinity where it, or any gradient, is no finite number (the caller
   *   checks: the weights are then spoilt)
   */
  async run(batch: Readonly<Record<string, Float32Array>>, learningRate: number): Promise<StepResult> {
    return this.runAccumulated([{ batch }], learningRate);
  }

  /**
   * Trains on as many batches as the option `microBatches` says, as if they were one: their gradients are added up
   * before the update.
   * @returns the weighted mean of their losses, and the outputs of the last
   */
  async runAccumulated(microBatches: readonly MicroBatch[], learningRate: number): Promise<StepResult> {
    const count = this.#microBatches;
    if (microBatches.length !== count) {
      throw new BindscapeError({
        source: "training step",
        found: `${microBatches.length} micro-batches`,
        expected: `${count}, as the option microBatches says`,
      });
    }
    let loss = 0;
    for (const [i, { batch, share = 1 / count }] of microBatches.entries()) {
      const run = { step: this.#step + 1, learningRate, batch, share, isLast: i === count - 1 };
      const part = await this.#compute(run, this.#step * count + i);
      if (count > 1) this.#update.accumulate(run);
      loss += count > 1 ? share * part : part;
    }
    loss += this.#update.finish(this.#step + 1, learningRate);
    this.#step++;
    const outputs = new Map<string, Float32Array>();
    for (const [name, value] of Object.entries(this.#into)) {
      if (name.startsWith("output/")) outputs.set(name.slice("output/".length), value.data);
    }
    return { loss, outputs };
  }

  /** One run of the graph. @param draw number of the noise @returns the loss */
  async #compute(run: UpdateRun, draw: number): Promise<number> {
    const feeds: Record<string, TensorValue | DeviceTensor> = this.#noise.forStep(draw);
    for (const [name, shape] of this.#inputs)
      feeds[`input/${name}`] = { data: checkFeed(name, shape, run.batch[name]), shape };
    const into: Record<string, TensorValue | DeviceTensor> = { ...this.#into };
    this.#update.bind(feeds, into, run);
    this.#running.bind(feeds, into);
    await this.#session.run(feeds, this.#outputNames, into);
    this.#numerics?.check(this.#into["numerics"].data);
    this.#running.advance();
    return this.#into["loss"].data[0];
  }

  /** Copies of all parameters, frozen ones included. */
  async parameters(): Promise<Map<string, Float32Array>> {
    return this.#withFrozen(await this.#update.read("parameters"));
  }

  /**
   * Copies of the averaged parameters, of an optimizer that keeps an average; frozen ones are as they are, and before
   * the first step so are all.
   */
  async averagedParameters(): Promise<Map<string, Float32Array>> {
    if (!this.#optimizer.slots.includes(averageSlot)) {
      throw new BindscapeError({
        source: `optimizer "${this.#optimizer.name}"`,
        found: "no averaged parameters",
        expected: "one made by exponentialAverage or stochasticWeightAverage",
      });
    }
    return this.#step === 0 ? this.parameters() : this.#withFrozen(await this.#update.read(averageSlot));
  }

  #withFrozen(all: Float32Array): Map<string, Float32Array> {
    const values = new Map<string, Float32Array>();
    for (const { name, start, length } of this.#update.pieces)
      values.set(name, all.slice(start, start + length));
    for (const [name, { data }] of this.#running.values) values.set(name, data.slice());
    for (const [name, { data }] of this.#frozen) values.set(name, data.slice());
    return values;
  }

  parameterShapes(): Map<string, number[]> {
    const shapes = new Map<string, number[]>();
    for (const { name, shape } of this.#update.pieces) shapes.set(name, shape.slice());
    for (const [name, { shape }] of this.#running.values) shapes.set(name, shape.slice());
    for (const [name, { shape }] of this.#frozen) shapes.set(name, shape.slice());
    return shapes;
  }

  /**
   * Replaces the values of all trainable parameters, and of running statistics that are among those given; the
   * optimizer's state stays.
   */
  setParameters(values: ParameterValues): void {
    const all = new Float32Array(this.#trainedCount());
    for (const { name, shape, start } of this.#update.pieces)
      all.set(requiredValues(name, { shape } as Tensor, values), start);
    const running = new Map<string, Float32Array>();
    for (const [name, { shape }] of this.#running.values)
      if (values.has(name)) running.set(name, requiredValues(name, { shape } as Tensor, values));
    this.#update.write("parameters", all);
    this.#running.write(running);
  }

  #trainedCount(): number {
    return this.#update.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** Copies of everything a resumed training needs: parameters, moments, the step counter and the seed. */
  async exportState(): Promise<TrainingState> {
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
    const shapes = this.parameterShapes();
    for (const [name, data] of await this.parameters())
      tensors.set(`parameter/${name}`, { shape: shapes.get(name)!, data });
    for (const name of this.#optimizer.slots) {
      const data = await this.#update.read(name);
      tensors.set(`optimizer/${name}`, { shape: [data.length], data });
    }
    return { step: this.#step, seed: this.#seed, tensors };
  }

  /** Goes on from an exported state: the following steps are bit for bit those of the run it came from. */
  importState(state: TrainingState): void {
    const fail = (found: string, expected: string): never => {
      throw new BindscapeError({
        source: "training state",
        found,
        expected,
        next: "It belongs to another model or version; train anew",
      });
    };
    if (!Number.isSafeInteger(state.step) || state.step < 0) fail(`step ${state.step}`, "a whole number");
    const take = (name: string, length: number): Float32Array => {
      const tensor = state.tensors.get(name);
      if (tensor?.data.length !== length) {
        fail(tensor ? `${tensor.data.length} values of ${name}` : `no ${name}`, `${length} values`);
      }
      return tensor!.data;
    };
    // Everything is looked at before anything is changed.
    const pieces = this.#update.pieces.map(({ name, length }) => take(`parameter/${name}`, length));
    const total = this.#trainedCount();
    const slots = this.#optimizer.slots.map((name) => take(`optimizer/${name}`, total));
    const running = new Map(
      [...this.#running.values].map(([name, { data }]) => [name, take(`parameter/${name}`, data.length)]),
    );
    for (const [name, { data }] of this.#frozen) {
      const given = take(`parameter/${name}`, data.length);
      if (!given.every((value, i) => Object.is(value, data[i])))
        fail(`other values of the frozen ${name}`, "those of this model");
    }
    const all = new Float32Array(total);
    pieces.forEach((data, i) => {
      all.set(data, this.#update.pieces[i].start);
    });
    this.#update.write("parameters", all);
    this.#running.write(running);
    slots.forEach((data, i) => {
      this.#update.write(this.#optimizer.slots[i], data);
    });
    if (state.seed !== this.#seed) {
      this.#seed = state.seed;
      this.#noise = new StepNoise(this.#noiseTensors, state.seed);
    }
    this.#step = state.step;
  }

  async release(): Promise<void> {
    this.#update.release();
    await this.#session.release();
  }
}
