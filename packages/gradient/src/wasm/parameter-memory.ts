import { BindscapeError } from "@bindscape/numerics";
import type { Optimizer } from "../optimizers/optimizer.js";
import { writeBagKernel, writeClearRowsKernel } from "./bag-kernels.js";
import { writeWasmModule } from "./module-writer.js";
import { writeScaleKernel, writeSquareColumnsKernel, writeSquareRowsKernel } from "./norm-kernels.js";
import {
  kernelLanes,
  writeAddScaledKernel,
  writeSumSquaresKernel,
  writeUpdateKernel,
} from "./vector-kernel.js";

/** WebAssembly addresses 4 GiB; the first bytes stay free so that no vector lies at address 0. */
const addressSpace = 2 ** 32;
const pageBytes = 65536;
const roomForBatches = 2 ** 27;
const alignment = 4 * kernelLanes;

interface Kernels {
  update(end: number, scale: number, ...vectorsAndScalars: number[]): number;
  addScaled(end: number, scale: number, into: number, from: number): void;
  sumSquares(end: number, from: number): number;
  bagForward(...addresses: number[]): void;
  bagBackward(...addresses: number[]): void;
  clearRows(...addresses: number[]): void;
  squareColumns(...addresses: number[]): void;
  squareRows(...addresses: number[]): void;
  scaleColumns(...addresses: number[]): void;
  scaleRows(...addresses: number[]): void;
}

/** A length rounded up to what the kernels work on. */
export function paddedLength(length: number): number {
  return Math.ceil(length / kernelLanes) * kernelLanes;
}

/** Whether so many numbers fit into one WebAssembly memory, with room for a batch's sparse entries. */
export function fitsMemory(count: number): boolean {
  return 4 * count + roomForBatches <= addressSpace;
}

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new BindscapeError({
      source: "parameters, gradients and the optimizer's vectors",
      found: `${((pages * pageBytes) / 1e9).toFixed(2)} GB of memory that cannot be had`,
      expected: "as much free memory, and at most 4.29 GB",
      next: "Make the network smaller, or update in the graph",
      cause,
    });
  }
}

/** Vectors in a WebAssembly memory, which ONNX Runtime reads and writes in place, and an optimizer's loops over them. */
export class ParameterMemory {
  /** In the order of the constructor's names; the numbers beyond a vector's use stay 0. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly #addresses: ReadonlyMap<string, number>;
  readonly #kernels: Kernels;
  readonly #optimizer: Optimizer;

  /**
   * @param length a multiple of {@link kernelLanes}
   * @param scratch lengths of vectors of other uses, by name
   */
  constructor(
    optimizer: Optimizer,
    names: readonly string[],
    length: number,
    scratch: ReadonlyMap<string, number> = new Map(),
  ) {
    const lengths = new Map([...names.map((name): [string, number] => [name, length]), ...scratch]);
    const addresses = new Map<string, number>();
    let next = alignment;
    for (const [name, count] of lengths) {
      addresses.set(name, next);
      next += 4 * paddedLength(count);
    }
    const pages = Math.ceil(next / pageBytes);
    const memory = allocate(pages);
    this.vectors = new Map(
      [...addresses].map(([name, address]) => [
        name,
        new Float32Array(memory.buffer, address, lengths.get(name)!),
      ]),
    );
    this.#addresses = addresses;
    const bytes = writeWasmModule([
      writeUpdateKernel(optimizer),
      writeAddScaledKernel(),
      writeSumSquaresKernel(),
      writeBagKernel("forward"),
      writeBagKernel("backward"),
      writeClearRowsKernel(),
      writeSquareColumnsKernel(),
      writeSquareRowsKernel(),
      writeScaleKernel("rows"),
      writeScaleKernel("columns"),
    ]);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
    this.#kernels = instance.exports as unknown as Kernels;
    this.#optimizer = optimizer;
  }

  /**
   * One step of the optimizer on the numbers [start, end) of all vectors.
   * @param scale what gradients are multiplied with first
   * @returns 0, or NaN where a gradient is no finite number
   */
  update(range: Range, scale: number, gradients: string, scalars: readonly number[]): number {
    const names = ["parameters", gradients, ...this.#optimizer.slots];
    const addresses = names.map((name) => this.#address(name, range));
    return this.#kernels.update(bytesIn(range), scale, ...addresses, ...scalars);
  }

  /** into += scale from. */
  addScaled(range: Range, scale: number, into: string, from: string): void {
    this.#kernels.addScaled(bytesIn(range), scale, this.#address(into, range), this.#address(from, range));
  }

  sumSquares(range: Range, of: string): number {
    return this.#kernels.sumSquares(bytesIn(range), this.#address(of, range));
  }

  /**
   * Scales the parameters of each unit that are longer than a limit down to it. Units are an axis of a block of shape
   * [outer, units, inner]; `squares` and `factors` name vectors of at least 2 and 1 numbers a unit.
   */
  limitNorms(block: UnitBlock, limit: number, squares: string, factors: string): void {
    const { start, outer, units, inner } = block;
    const sums = this.vectors.get(squares)!;
    const wide = new Float64Array(sums.buffer, sums.byteOffset, units).fill(0);
    const scale = this.vectors.get(factors)!;
    const at = this.#addresses.get("parameters")! + 4 * start;
    const [square, multiply] =
      inner === 1
        ? [this.#kernels.squareColumns, this.#kernels.scaleColumns]
        : [this.#kernels.squareRows, this.#kernels.scaleRows];
    // Columns are one matrix [outer, units]; rows are one matrix [units, inner] for each outer place.
    const matrices = inner === 1 ? 1 : outer;
    const bytes = (4 * outer * units * inner) / matrices;
    const width = inner === 1 ? 4 * units : 4 * inner;
    const all = (kernel: (...addresses: number[]) => void, vector: string) => {
      for (let i = 0; i < matrices; i++)
        kernel(at + i * bytes, at + (i + 1) * bytes, width, this.#addresses.get(vector)!);
    };
    all(square, squares);
    let isLonger = false;
    for (let unit = 0; unit < units; unit++) {
      const norm = Math.sqrt(wide[unit]);
      if (norm > limit) isLonger = true;
      scale[unit] = norm > limit ? limit / norm : 1;
    }
    if (isLonger) all(multiply, factors);
  }

  /**
   * Sparse rows, sorted by feature, times a table at `start` of a vector: adds to the rows of `batch`.
   * @param bag names of vectors; `starts` and `samples` hold 32-bit whole numbers
   */
  bagForward(bag: BagVectors, vector: string, start: number): void {
    this.#kernels.bagForward(...this.#bagAddresses(bag, vector, start));
  }

  /** The adjoint: adds to the rows of the table that the batch uses. */
  bagBackward(bag: BagVectors, vector: string, start: number): void {
    this.#kernels.bagBackward(...this.#bagAddresses(bag, vector, start));
  }

  /** Zeros in the rows of the table that the batch uses. */
  clearRows({ features, columns, starts }: BagVectors, vector: string, start: number): void {
    const table = this.#addresses.get(vector)! + 4 * start;
    this.#kernels.clearRows(features, this.#addresses.get(starts)!, table, 4 * columns);
  }

  #bagAddresses(bag: BagVectors, vector: string, start: number): number[] {
    const at = (name: string) => this.#addresses.get(name)!;
    const entries = [at(bag.starts), at(bag.samples), at(bag.counts)];
    return [bag.features, ...entries, at(vector) + 4 * start, at(bag.batch), 4 * bag.columns];
  }

  #address(name: string, { start }: Range): number {
    return this.#addresses.get(name)! + 4 * start;
  }
}

/** A block [outer, units, inner] of the parameters, from `start` on. */
export interface UnitBlock {
  readonly start: number;
  readonly outer: number;
  readonly units: number;
  readonly inner: number;
}

/** Where a batch of sparse rows lies. */
export interface BagVectors {
  readonly features: number;
  readonly columns: number;
  readonly starts: string;
  readonly samples: string;
  readonly counts: string;
  readonly batch: string;
}

/** Numbers [start, end) of a vector; both are multiples of {@link kernelLanes}. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const bytesIn = ({ start, end }: Range) => 4 * (end - start);
