import type { Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import type { DeviceTensor, TensorValue } from "../runtime.js";
import { product } from "../shape.js";
import { fitsMemory, ParameterMemory, paddedLength, type Range } from "../wasm/parameter-memory.js";
import {
  makePieces,
  normEpsilon,
  type ParameterUpdate,
  type Piece,
  runsOfPieces,
  type TrainedBag,
  type TrainedParameter,
  type UpdateOptions,
  type UpdateRun,
} from "./parameter-update.js";
import { SparseBag } from "./sparse-bags.js";

const accumulated = "accumulated gradients";
const normSquares = "squares of norms";
const normFactors = "factors of norms";

function vectorNames({ optimizer, accumulates }: UpdateOptions): string[] {
  return ["parameters", "gradients", ...optimizer.slots, ...(accumulates ? [accumulated] : [])];
}

/**
 * The update outside the graph, in place: the graph reads parameters and writes gradients where they lie in a
 * WebAssembly memory, and one loop does the optimizer's whole step. Each vector moves through the processor once,
 * where a graph makes a pass over memory for each operation; nothing is joined, cut up or kept twice.
 */
export class MemoryUpdate implements ParameterUpdate {
  readonly pieces: readonly Piece[];
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly keepOnDevice: readonly string[] = [];
  readonly check = null;
  readonly #options: UpdateOptions;
  readonly #memory: ParameterMemory;
  readonly #ranges: readonly Range[];
  readonly #runs: readonly { readonly factor: number; readonly range: Range }[];
  readonly #all: Range;
  readonly #feeds: Readonly<Record<string, TensorValue>>;
  readonly #into: Readonly<Record<string, TensorValue>>;
  readonly #bags: readonly SparseBag[];

  /** Whether WebAssembly with vectors is there and its address space suffices. */
  static isPossible(trained: readonly TrainedParameter[], options: UpdateOptions): boolean {
    const total = makePieces(trained, options).reduce((sum, { length }) => sum + paddedLength(length), 0);
    return typeof WebAssembly === "object" && fitsMemory(vectorNames(options).length * total);
  }

  constructor(
    trained: readonly TrainedParameter[],
    options: UpdateOptions,
    bags: readonly TrainedBag[] = [],
  ) {
    this.#options = options;
    this.pieces = makePieces(trained, options);
    let total = 0;
    this.#ranges = this.pieces.map(({ length }) => {
      const start = total;
      total += paddedLength(length);
      return { start, end: total };
    });
    this.#all = { start: 0, end: total };
    const startOf = (table: Tensor) =>
      this.#ranges[trained.findIndex(({ tensor }) => tensor === table)].start;
    this.#bags = bags.map(({ bag }, i) => new SparseBag(bag, i, startOf(bag.table)));
    const units = Math.max(
      0,
      ...this.pieces.map(({ shape, maxNorm }) => (maxNorm ? shape[maxNorm.unitAxis] : 0)),
    );
    const scratch = new Map([
      ...this.#bags.flatMap((bag) => [...bag.scratch]),
      [normSquares, 2 * units],
      [normFactors, units],
    ]);
    this.#memory = new ParameterMemory(options.optimizer, vectorNames(options), total, scratch);
    const rangeOf = (run: readonly Piece[]): Range => ({
      start: this.#ranges[this.pieces.indexOf(run[0])].start,
      end: this.#ranges[this.pieces.indexOf(run[run.length - 1])].end,
    });
    this.#runs = runsOfPieces(this.pieces).map((run) => ({ factor: run[0].rateFactor, range: rangeOf(run) }));
    const feeds: Record<string, TensorValue> = {};
    const into: Record<string, TensorValue> = {};
    const inputs = new Map<string, Tensor>();
    const outputs = new Map<string, Tensor>();
    trained.forEach(({ name, tensor, gradient }, i) => {
      const { shape } = this.pieces[i];
      feeds[`parameter/${name}`] = { data: this.#view("parameters", i), shape };
      inputs.set(`parameter/${name}`, tensor);
      if (gradient === null) return;
      into[`gradient/${name}`] = { data: this.#view("gradients", i), shape };
      outputs.set(`gradient/${name}`, reshape(gradient, tensor.shape));
    });
    this.#bags.forEach((sparse, i) => {
      const { output, slope } = sparse.settle(this.#memory);
      const shape = bags[i].bag.output.shape as readonly number[];
      feeds[`bag/${i}`] = { data: output, shape };
      inputs.set(`bag/${i}`, bags[i].bag.output);
      into[`bagGradient/${i}`] = { data: slope, shape };
      outputs.set(`bagGradient/${i}`, reshape(bags[i].gradient, shape));
    });
    this.#feeds = feeds;
    this.#into = into;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  bind(
    feeds: Record<string, TensorValue | DeviceTensor>,
    into: Record<string, TensorValue | DeviceTensor>,
    { batch }: UpdateRun,
  ): void {
    for (const bag of this.#bags) bag.forward(batch);
    Object.assign(feeds, this.#feeds);
    Object.assign(into, this.#into);
  }

  accumulate({ share }: UpdateRun): void {
    for (const bag of this.#bags) bag.backward();
    this.#memory.addScaled(this.#all, share, accumulated, "gradients");
    for (const bag of this.#bags) bag.clear();
  }

  finish(step: number, learningRate: number): number {
    const { optimizer, clipNorm, accumulates } = this.#options;
    const gradients = accumulates ? accumulated : "gradients";
    if (!accumulates) for (const bag of this.#bags) bag.backward();
    let scale = 1;
    if (clipNorm !== undefined) {
      const norm = Math.sqrt(this.#memory.sumSquares(this.#all, gradients));
      scale = Math.min(1, clipNorm / (norm + normEpsilon));
    }
    let check = 0;
    for (const { factor, range } of this.#runs) {
      const scalars = optimizer.scalarValues(step, learningRate * factor);
      check += this.#memory.update(range, scale, gradients, scalars);
    }
    this.pieces.forEach((piece, i) => {
      this.#limitNorms(piece, this.#ranges[i].start);
    });
    if (accumulates) this.#memory.vectors.get(accumulated)!.fill(0);
    else for (const bag of this.#bags) bag.clear();
    return check;
  }

  async read(vector: string): Promise<Float32Array> {
    const last = this.pieces[this.pieces.length - 1];
    const values = new Float32Array(last.start + last.length);
    this.pieces.forEach(({ start }, i) => {
      values.set(this.#view(vector, i), start);
    });
    return values;
  }

  write(vector: string, values: Float32Array): void {
    this.pieces.forEach(({ start, length }, i) => {
      this.#view(vector, i).set(values.subarray(start, start + length));
    });
  }

  release(): void {}

  #limitNorms({ shape, maxNorm }: Piece, start: number): void {
    if (!maxNorm) return;
    const { limit, unitAxis } = maxNorm;
    const outer = product(shape.slice(0, unitAxis));
    const inner = product(shape.slice(unitAxis + 1));
    this.#memory.limitNorms({ start, outer, units: shape[unitAxis], inner }, limit, normSquares, normFactors);
  }

  /** A piece's values in a vector. */
  #view(vector: string, piece: number): Float32Array {
    const { start } = this.#ranges[piece];
    return this.#memory.vectors.get(vector)!.subarray(start, start + this.pieces[piece].length);
  }
}
