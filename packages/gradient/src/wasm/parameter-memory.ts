import type { Optimizer } from "../optimizers/optimizer.js";
import { writeWasmModule } from "./module-writer.js";
import {
  kernelLanes,
  writeAddScaledKernel,
  writeSumSquaresKernel,
  writeUpdateKernel,
} from "./vector-kernel.js";

/** WebAssembly addresses 4 GiB; the first bytes stay free so that no vector lies at address 0. */
const addressSpace = 2 ** 32;
const pageBytes = 65536;
const alignment = 4 * kernelLanes;

interface Kernels {
  update(end: number, scale: number, ...vectorsAndScalars: number[]): number;
  addScaled(end: number, scale: number, into: number, from: number): void;
  sumSquares(end: number, from: number): number;
}

/** A length rounded up to what the kernels work on. */
export function paddedLength(length: number): number {
  return Math.ceil(length / kernelLanes) * kernelLanes;
}

/** Whether vectors of `length` numbers fit into one WebAssembly memory. */
export function fitsMemory(vectorCount: number, length: number): boolean {
  return vectorCount * 4 * paddedLength(length) + pageBytes <= addressSpace - pageBytes;
}

/** Vectors in a WebAssembly memory, which ONNX Runtime reads and writes in place, and an optimizer's loops over them. */
export class ParameterMemory {
  /** In the order of the constructor's names; the numbers beyond a vector's use stay 0. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly #addresses: ReadonlyMap<string, number>;
  readonly #kernels: Kernels;
  readonly #optimizer: Optimizer;

  /** @param length a multiple of {@link kernelLanes} */
  constructor(optimizer: Optimizer, names: readonly string[], length: number) {
    const pages = Math.ceil((alignment + names.length * 4 * length) / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const addresses = new Map(names.map((name, i) => [name, alignment + i * 4 * length]));
    this.vectors = new Map(
      [...addresses].map(([name, address]) => [name, new Float32Array(memory.buffer, address, length)]),
    );
    this.#addresses = addresses;
    const bytes = writeWasmModule([
      writeUpdateKernel(optimizer),
      writeAddScaledKernel(),
      writeSumSquaresKernel(),
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

  #address(name: string, { start }: Range): number {
    return this.#addresses.get(name)! + 4 * start;
  }
}

/** Numbers [start, end) of a vector; both are multiples of {@link kernelLanes}. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const bytesIn = ({ start, end }: Range) => 4 * (end - start);
