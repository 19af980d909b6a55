import { BindscapeError } from "@bindscape/numerics";
import { gradients } from "./autodiff.js";
import { DropoutMasks } from "./dropout-masks.js";
import type { Tensor } from "./graph.js";
import {
  type Build,
  buildGraph,
  checkFeed,
  initialValues,
  type ParameterValues,
  requiredValues,
} from "./model.js";
import { emitModel, leavesOf } from "./onnx/emit-model.js";
import { add, multiply } from "./operators/arithmetic.js";
import { concatenate } from "./operators/concatenate.js";
import { reduceSum } from "./operators/reduce.js";
import { reshape } from "./operators/reshape.js";
import type { Optimizer } from "./optimizer.js";
import type { DeviceTensor, Runtime, Session, TensorValue } from "./runtime.js";
import { elementCount, product } from "./shape.js";

export interface TrainingOptions {
  readonly build: Build;
  /** Windows a step; every run is given exactly as many. */
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Of first parameter values and dropout. */
  readonly seed: number | string;
  /** Threads; the same number gives the same weights bit for bit. */
  readonly threads?: number;
  /** First values by name; parameters without are drawn by their initialisers. */
  readonly parameters?: ParameterValues;
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

interface Piece {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where it starts in the flat vector. */
  readonly start: number;
  readonly length: number;
}

/** Vectors that a step reads and those it writes; they change places after every step, on the device they are on. */
type Vectors = readonly (TensorValue | DeviceTensor)[];

/**
 * One training step as one ONNX graph and one run: forward, loss, backward and the optimizer's update of all
 * trainable parameters, which are one flat vector.
 */
export class TrainingStep {
  readonly #session: Session;
  readonly #optimizer: Optimizer;
  readonly #inputs: ReadonlyMap<string, readonly number[]>;
  readonly #pieces: readonly Piece[];
  readonly #frozen: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;
  readonly #maskTensors: ReadonlyMap<string, Tensor>;
  readonly #into: Readonly<Record<string, TensorValue>>;
  readonly #outputNames: readonly string[];
  readonly #scalars: readonly TensorValue[];
  #masks: DropoutMasks;
  #current: Vectors;
  #next: Vectors;
  #seed: number | string;
  #step = 0;

  static async create(runtime: Runtime, options: TrainingOptions): Promise<TrainingStep> {
    const { graph, model } = buildGraph(options.build, options.batchSize, "training", runtime.traits);
    const { loss } = model;
    if (loss === undefined) throw new BindscapeError({ source: "model", found: "no loss to train with" });
    if (product(loss.shape as number[]) !== 1) {
      throw new BindscapeError({ source: "model", found: "a loss that is no scalar" });
    }
    const candidates = [...graph.parameters].filter(
      ([, tensor]) => tensor.source?.kind === "parameter" && tensor.source.trainable,
    );
    const found = gradients(
      loss,
      candidates.map(([, tensor]) => tensor),
    );
    const trained = candidates
      .map(([name, tensor], i) => ({ name, tensor, gradient: found[i] }))
      .filter(
        (entry): entry is { name: string; tensor: Tensor; gradient: Tensor } => entry.gradient !== null,
      );
    if (trained.length === 0) {
      throw new BindscapeError({ source: "model", found: "no trainable parameter that the loss depends on" });
    }
    const pieces: Piece[] = [];
    let total = 0;
    for (const { name, tensor } of trained) {
      const length = elementCount(tensor.shape) as number;
      pieces.push({ name, shape: tensor.shape as number[], start: total, length });
      total += length;
    }
    const { optimizer } = options;
    const vector = (name: string) => graph.leaf([total], { kind: "input", name });
    const flat = vector("parameters");
    const slots = optimizer.slots.map(vector);
    const scalars = optimizer.scalars.map((name) => graph.leaf([], { kind: "input", name }));
    const flatGradient = concatenate(
      trained.map(({ gradient }, i) => reshape(gradient, [pieces[i].length])),
      0,
    );
    const updated = optimizer.update({ parameters: flat, gradient: flatGradient, slots, scalars });

    // ONNX Runtime's Relu and ReduceMax make numbers of NaN, so a loss can be finite while the weights are not: the
    // sum of all gradients, times 0, is NaN wherever one of them is no number.
    const checkedLoss = add(reshape(loss, []), multiply(reshape(reduceSum(flatGradient), []), 0));
    const outputs = new Map<string, Tensor>([["loss", reshape(checkedLoss, [])]]);
    for (const [name, tensor] of Object.entries(model.outputs)) outputs.set(`output/${name}`, tensor);
    outputs.set("next/parameters", updated.parameters);
    updated.slots.forEach((slot, i) => {
      outputs.set(`next/${optimizer.slots[i]}`, slot);
    });
    const leaves = leavesOf([...outputs.values()]);
    const used = ([, tensor]: [string, Tensor]) => leaves.has(tensor);
    const inputs = new Map([...graph.inputs].filter(used));
    const masks = new Map(
      graph.masks.map((tensor, i): [string, Tensor] => [`mask/${i}`, tensor]).filter(used),
    );
    const trainedNames = new Set(pieces.map((piece) => piece.name));
    const frozen = new Map(
      [...graph.parameters]
        .filter(([name]) => !trainedNames.has(name))
        .map(([name, tensor]) => [
          name,
          { tensor, values: initialValues(name, tensor, options.seed, options.parameters) },
        ]),
    );
    const bytes = emitModel({
      graphName: "training step",
      inputs: new Map([
        ...[...inputs].map(([name, tensor]): [string, Tensor] => [`input/${name}`, tensor]),
        ...masks,
        ["parameters", flat],
        ...slots.map((slot, i): [string, Tensor] => [optimizer.slots[i], slot]),
        ...scalars.map((scalar, i): [string, Tensor] => [optimizer.scalars[i], scalar]),
      ]),
      stored: frozen,
      flat: { input: flat, pieces: trained.map(({ name, tensor }) => [name, tensor]) },
      outputs,
    });
    const session = await runtime.createSession(bytes, {
      threads: options.threads,
      profile: options.profile,
      keepOnDevice: runtime.createDeviceVector
        ? [...outputs.keys()].filter((name) => name.startsWith("next/"))
        : [],
    });
    return new TrainingStep(runtime, session, options, {
      pieces,
      total,
      inputs,
      masks,
      frozen,
      trained,
      outputs,
    });
  }

  private constructor(
    runtime: Runtime,
    session: Session,
    options: TrainingOptions,
    parts: {
      pieces: readonly Piece[];
      total: number;
      inputs: ReadonlyMap<string, Tensor>;
      masks: ReadonlyMap<string, Tensor>;
      frozen: ReadonlyMap<string, { tensor: Tensor; values: Float32Array }>;
      trained: readonly { name: string; tensor: Tensor }[];
      outputs: ReadonlyMap<string, Tensor>;
    },
  ) {
    this.#session = session;
    this.#optimizer = options.optimizer;
    this.#seed = options.seed;
    this.#pieces = parts.pieces;
    this.#inputs = new Map([...parts.inputs].map(([name, tensor]) => [name, tensor.shape as number[]]));
    this.#frozen = new Map(
      [...parts.frozen].map(([name, { tensor, values }]) => [
        name,
        { shape: tensor.shape as number[], data: values.slice() },
      ]),
    );
    this.#maskTensors = parts.masks;
    this.#masks = new DropoutMasks(parts.masks, options.seed);
    const makeVectors = () =>
      Array.from(
        { length: 1 + options.optimizer.slots.length },
        () =>
          runtime.createDeviceVector?.(parts.total) ?? {
            data: new Float32Array(parts.total),
            shape: [parts.total],
          },
      );
    this.#current = makeVectors();
    this.#next = makeVectors();
    this.#scalars = options.optimizer.scalars.map(() => ({ data: new Float32Array(1), shape: [] }));
    const into: Record<string, TensorValue> = {};
    for (const [name, tensor] of parts.outputs) {
      if (name.startsWith("next/")) continue;
      const shape = tensor.shape as number[];
      into[name] = { data: new Float32Array(product(shape)), shape };
    }
    this.#into = into;
    this.#outputNames = [...parts.outputs.keys()];
    const first = new Float32Array(parts.total);
    parts.trained.forEach(({ name, tensor }, i) => {
      first.set(initialValues(name, tensor, options.seed, options.parameters), parts.pieces[i].start);
    });
    writeValues(this.#current[0], first);
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
    const feeds: Record<string, TensorValue | DeviceTensor> = this.#masks.forStep(this.#step);
    for (const [name, shape] of this.#inputs)
      feeds[`input/${name}`] = { data: checkFeed(name, shape, batch[name]), shape };
    feeds["parameters"] = this.#current[0];
    const into: Record<string, TensorValue | DeviceTensor> = {
      ...this.#into,
      "next/parameters": this.#next[0],
    };
    this.#optimizer.slots.forEach((name, i) => {
      feeds[name] = this.#current[i + 1];
      into[`next/${name}`] = this.#next[i + 1];
    });
    this.#optimizer.scalarValues(this.#step + 1, learningRate).forEach((value, i) => {
      this.#scalars[i].data[0] = value;
      feeds[this.#optimizer.scalars[i]] = this.#scalars[i];
    });
    await this.#session.run(feeds, this.#outputNames, into);
    [this.#current, this.#next] = [this.#next, this.#current];
    this.#step++;
    const outputs = new Map<string, Float32Array>();
    for (const [name, value] of Object.entries(this.#into)) {
      if (name.startsWith("output/")) outputs.set(name.slice("output/".length), value.data);
    }
    return { loss: this.#into["loss"].data[0], outputs };
  }

  /** Copies of all parameters, frozen ones included. */
  async parameters(): Promise<Map<string, Float32Array>> {
    const values = new Map<string, Float32Array>();
    const all = await readValues(this.#current[0]);
    for (const { name, start, length } of this.#pieces) values.set(name, all.slice(start, start + length));
    for (const [name, { data }] of this.#frozen) values.set(name, data.slice());
    return values;
  }

  parameterShapes(): Map<string, number[]> {
    const shapes = new Map<string, number[]>();
    for (const { name, shape } of this.#pieces) shapes.set(name, shape.slice());
    for (const [name, { shape }] of this.#frozen) shapes.set(name, shape.slice());
    return shapes;
  }

  /** Replaces the values of all trainable parameters; the optimizer's state stays. */
  setParameters(values: ParameterValues): void {
    const all = new Float32Array(product(this.#current[0].shape));
    for (const { name, shape, start } of this.#pieces)
      all.set(requiredValues(name, { shape } as Tensor, values), start);
    writeValues(this.#current[0], all);
  }

  /** Copies of everything a resumed training needs: parameters, moments, the step counter and the seed. */
  async exportState(): Promise<TrainingState> {
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
    const shapes = this.parameterShapes();
    for (const [name, data] of await this.parameters())
      tensors.set(`parameter/${name}`, { shape: shapes.get(name)!, data });
    for (const [i, name] of this.#optimizer.slots.entries()) {
      const data = (await readValues(this.#current[i + 1])).slice();
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
    const pieces = this.#pieces.map(({ name, length }) => take(`parameter/${name}`, length));
    const slots = this.#optimizer.slots.map((name, i) =>
      take(`optimizer/${name}`, product(this.#current[i + 1].shape)),
    );
    for (const [name, { data }] of this.#frozen) {
      const given = take(`parameter/${name}`, data.length);
      if (!given.every((value, i) => Object.is(value, data[i])))
        fail(`other values of the frozen ${name}`, "those of this model");
    }
    const all = new Float32Array(product(this.#current[0].shape));
    pieces.forEach((data, i) => {
      all.set(data, this.#pieces[i].start);
    });
    writeValues(this.#current[0], all);
    slots.forEach((data, i) => {
      writeValues(this.#current[i + 1], data);
    });
    if (state.seed !== this.#seed) {
      this.#seed = state.seed;
      this.#masks = new DropoutMasks(this.#maskTensors, state.seed);
    }
    this.#step = state.step;
  }

  async release(): Promise<void> {
    for (const vector of [...this.#current, ...this.#next]) if (!("data" in vector)) vector.release();
    await this.#session.release();
  }
}

/** The values where they are in memory; a copy of those on a device. */
async function readValues(vector: TensorValue | DeviceTensor): Promise<Float32Array> {
  return "data" in vector ? vector.data : vector.read();
}

function writeValues(vector: TensorValue | DeviceTensor, values: Float32Array): void {
  if ("data" in vector) vector.data.set(values);
  else vector.write(values);
}
