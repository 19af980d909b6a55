import type { Graph, Tensor } from "../graph.js";
import type { ModelParts } from "../onnx/emit-model.js";
import { add, divide, maximum, minimum, multiply, subtract } from "../operators/arithmetic.js";
import { concatenate, split } from "../operators/concatenate.js";
import { sqrt } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import type { Algebra, Optimizer } from "../optimizers/optimizer.js";
import type { DeviceTensor, Runtime, TensorValue } from "../runtime.js";
import { product } from "../shape.js";
import { limitedNorms } from "./max-norm.js";
import {
  makePieces,
  normEpsilon,
  type ParameterUpdate,
  type Piece,
  runsOfPieces,
  type TrainedParameter,
  type UpdateOptions,
  type UpdateRun,
} from "./parameter-update.js";

const tensors: Algebra<Tensor> = { add, subtract, multiply, divide, sqrt, maximum, minimum };

/** Vectors that a step reads and those it writes; they change places after every step, on the device they are on. */
type Vectors = (TensorValue | DeviceTensor)[];

const accumulated = "accumulated";
/** What this run's gradients are multiplied with, and 1 while sums are kept or 0 after the last of a step. */
const accumulationScalars = ["accumulated.share", "accumulated.kept"] as const;
const makeScalar = (): TensorValue => ({ data: new Float32Array(1), shape: [] });

/**
 * The update as part of the graph: parameters are one flat vector, cut up at the start of the graph, and gradients are
 * joined at its end. What devices with a memory of their own need: nothing leaves them.
 */
export class GraphUpdate implements ParameterUpdate {
  readonly pieces: readonly Piece[];
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly flat: NonNullable<ModelParts["flat"]>;
  readonly outputs: Map<string, Tensor>;
  readonly keepOnDevice: readonly string[];
  readonly check: Tensor;
  readonly #optimizer: Optimizer;
  readonly #names: readonly string[];
  /** Of each run of pieces: the values of the optimizer's scalars, and the factor of the learning rate. */
  readonly #scalars: readonly {
    readonly factor: number;
    readonly values: ReadonlyMap<string, TensorValue>;
  }[];
  readonly #accumulation: readonly TensorValue[];
  readonly #current: Vectors;
  readonly #next: Vectors;

  constructor(graph: Graph, trained: readonly TrainedParameter[], options: UpdateOptions, runtime: Runtime) {
    const { optimizer, clipNorm, accumulates = false } = options;
    this.#optimizer = optimizer;
    this.pieces = makePieces(trained, options);
    const total = this.pieces.reduce((sum, { length }) => sum + length, 0);
    const leaf = (name: string, shape: readonly number[]) => graph.leaf(shape, { kind: "input", name });
    const flat = leaf("parameters", [total]);
    const slots = optimizer.slots.map((name) => leaf(name, [total]));
    // Bounded pieces are taken out of the vector one by one.
    const runs = runsOfPieces(this.pieces).flatMap((run) =>
      run.some(({ maxNorm }) => maxNorm) ? run.map((piece) => [piece]) : [run],
    );
    const scalars = runs.map((_, i) =>
      optimizer.scalars.map((name): [string, Tensor] => {
        const inputName = i === 0 ? name : `${name}/${i}`;
        return [inputName, leaf(inputName, [])];
      }),
    );
    const joined = concatenate(
      trained.map(({ gradient }, i) => reshape(gradient!, [this.pieces[i].length])),
      0,
    );
    this.check = reshape(reduceSum(joined), []);
    const before = leaf(accumulated, [total]);
    const [share, kept] = accumulationScalars.map((name) => leaf(name, []));
    const sum = accumulates ? add(before, multiply(joined, share)) : joined;
    let gradient = sum;
    if (clipNorm !== undefined) {
      const norm = sqrt(reshape(reduceSum(multiply(sum, sum)), []));
      gradient = multiply(sum, minimum(divide(clipNorm, add(norm, normEpsilon)), 1));
    }
    const lengths = runs.map((run) => run.reduce((sum, { length }) => sum + length, 0));
    const [parameterRuns, gradientRuns, ...slotRuns] = [flat, gradient, ...slots].map((vector) =>
      split(vector, 0, lengths),
    );
    const updated = runs.map((run, i) => {
      const result = optimizer.update(tensors, {
        parameter: parameterRuns[i],
        gradient: gradientRuns[i],
        slots: slotRuns.map((parts) => parts[i]),
        scalars: scalars[i].map(([, tensor]) => tensor),
      });
      if (!run[0].maxNorm) return result;
      const bounded = limitedNorms(reshape(result.parameter, run[0].shape), run[0]);
      return { ...result, parameter: reshape(bounded, [run[0].length]) };
    });
    const join = (parts: readonly Tensor[]) => concatenate(parts, 0);
    this.#names = ["parameters", ...optimizer.slots, ...(accumulates ? [accumulated] : [])];
    this.outputs = new Map([
      ["next/parameters", join(updated.map(({ parameter }) => parameter))],
      ...optimizer.slots.map((name, k): [string, Tensor] => [
        `next/${name}`,
        join(updated.map((result) => result.slots[k])),
      ]),
    ]);
    if (accumulates) this.outputs.set(`next/${accumulated}`, multiply(sum, kept));
    this.flat = { input: flat, pieces: trained.map(({ name, tensor }) => [name, tensor]) };
    this.inputs = new Map([
      ["parameters", flat],
      ...slots.map((slot, i): [string, Tensor] => [optimizer.slots[i], slot]),
      ...scalars.flat(),
      ...(accumulates
        ? ([
            [accumulated, before],
            [accumulationScalars[0], share],
            [accumulationScalars[1], kept],
          ] as const)
        : []),
    ]);
    this.keepOnDevice = runtime.createDeviceVector ? [...this.outputs.keys()] : [];
    const makeVectors = () =>
      this.#names.map(
        () => runtime.createDeviceVector?.(total) ?? { data: new Float32Array(total), shape: [total] },
      );
    this.#accumulation = accumulates ? accumulationScalars.map(makeScalar) : [];
    this.#current = makeVectors();
    this.#next = makeVectors();
    this.#scalars = runs.map((run, i) => ({
      factor: run[0].rateFactor,
      values: new Map(scalars[i].map(([name]) => [name, makeScalar()])),
    }));
  }

  bind(
    feeds: Record<string, TensorValue | DeviceTensor>,
    into: Record<string, TensorValue | DeviceTensor>,
    { step, learningRate, share, isLast }: UpdateRun,
  ): void {
    this.#names.forEach((name, i) => {
      feeds[name] = this.#current[i];
      into[`next/${name}`] = this.#next[i];
    });
    for (const { factor, values } of this.#scalars) {
      const numbers = this.#optimizer.scalarValues(step, learningRate * factor);
      [...values].forEach(([name, value], i) => {
        value.data[0] = numbers[i];
        feeds[name] = value;
      });
    }
    this.#accumulation.forEach((scalar, i) => {
      scalar.data[0] = [share, isLast ? 0 : 1][i];
      feeds[accumulationScalars[i]] = scalar;
    });
  }

  /** Sums go on; the run's parameters and slots count only where it was the last. */
  accumulate(): void {
    this.#swap(this.#names.length - 1);
  }

  finish(): number {
    this.#names.forEach((name, i) => {
      if (name !== accumulated) this.#swap(i);
    });
    return 0;
  }

  #swap(vector: number): void {
    const current = this.#current[vector];
    this.#current[vector] = this.#next[vector];
    this.#next[vector] = current;
  }

  async read(vector: string): Promise<Float32Array> {
    const values = this.#vector(vector);
    return "data" in values ? values.data.slice() : (await values.read()).slice();
  }

  write(vector: string, values: Float32Array): void {
    const into = this.#vector(vector);
    if (values.length !== product(into.shape)) throw new Error(`${values.length} values of ${vector}`);
    if ("data" in into) into.data.set(values);
    else into.write(values);
  }

  release(): void {
    for (const vector of [...this.#current, ...this.#next]) if (!("data" in vector)) vector.release();
  }

  #vector(name: string): TensorValue | DeviceTensor {
    return this.#current[this.#names.indexOf(name)];
  }
}
