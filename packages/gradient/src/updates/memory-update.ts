import type { Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import type { DeviceTensor, TensorValue } from "../runtime.js";
import { fitsMemory, ParameterMemory, paddedLength, type Range } from "../wasm/parameter-memory.js";
import { limitNorms } from "./max-norm.js";
import {
  makePieces,
  normEpsilon,
  type ParameterUpdate,
  type Piece,
  runsOfPieces,
  type TrainedParameter,
  type UpdateOptions,
} from "./parameter-update.js";

const accumulated = "accumulated gradients";

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

  /** Whether WebAssembly with vectors is there and its address space suffices. */
  static isPossible(trained: readonly TrainedParameter[], options: UpdateOptions): boolean {
    const total = makePieces(trained, options).reduce((sum, { length }) => sum + paddedLength(length), 0);
    return typeof WebAssembly === "object" && fitsMemory(vectorNames(options).length, total);
  }

  constructor(trained: readonly TrainedParameter[], options: UpdateOptions) {
    this.#options = options;
    this.pieces = makePieces(trained, options);
    let total = 0;
    this.#ranges = this.pieces.map(({ length }) => {
      const start = total;
      total += paddedLength(length);
      return { start, end: total };
    });
    this.#all = { start: 0, end: total };
    this.#memory = new ParameterMemory(options.optimizer, vectorNames(options), total);
    const rangeOf = (run: readonly Piece[]): Range => ({
      start: this.#ranges[this.pieces.indexOf(run[0])].start,
      end: this.#ranges[this.pieces.indexOf(run[run.length - 1])].end,
    });
    this.#runs = runsOfPieces(this.pieces).map((run) => ({ factor: run[0].rateFactor, range: rangeOf(run) }));
    const views = (prefix: string, vector: string) =>
      Object.fromEntries(
        this.pieces.map(({ name, shape }, i): [string, TensorValue] => [
          `${prefix}/${name}`,
          { data: this.#view(vector, i), shape },
        ]),
      );
    this.#feeds = views("parameter", "parameters");
    this.#into = views("gradient", "gradients");
    this.inputs = new Map(trained.map(({ name, tensor }) => [`parameter/${name}`, tensor]));
    this.outputs = new Map(
      trained.map(({ name, tensor, gradient }) => [`gradient/${name}`, reshape(gradient, tensor.shape)]),
    );
  }

  bind(
    feeds: Record<string, TensorValue | DeviceTensor>,
    into: Record<string, TensorValue | DeviceTensor>,
  ): void {
    Object.assign(feeds, this.#feeds);
    Object.assign(into, this.#into);
  }

  accumulate(share: number): void {
    this.#memory.addScaled(this.#all, share, accumulated, "gradients");
  }

  finish(step: number, learningRate: number): number {
    const { optimizer, clipNorm, accumulates } = this.#options;
    const gradients = accumulates ? accumulated : "gradients";
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
      if (piece.maxNorm) limitNorms(this.#view("parameters", i), piece);
    });
    if (accumulates) this.#memory.vectors.get(accumulated)!.fill(0);
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

  /** A piece's values in a vector. */
  #view(vector: string, piece: number): Float32Array {
    const { start } = this.#ranges[piece];
    return this.#memory.vectors.get(vector)!.subarray(start, start + this.pieces[piece].length);
  }
}
