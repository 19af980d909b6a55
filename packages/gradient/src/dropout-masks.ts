import { Random } from "@bindscape/numerics";
import type { Tensor } from "./graph.js";
import type { TensorValue } from "./runtime.js";
import { product } from "./shape.js";

/**
 * Dropout masks that cost nothing to make. For each rate a pool of mask values is drawn once from the seed, twice
 * as long as the largest mask; at each step every mask is a view of the pool at an offset drawn from the seed and
 * the step's number. Nothing is kept between steps, so a resumed run needs only the seed and the step.
 */
export class DropoutMasks {
  readonly #masks: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly rate: number;
  }[];
  readonly #pools = new Map<number, Float32Array>();
  readonly #seed: number | string;

  constructor(masks: ReadonlyMap<string, Tensor>, seed: number | string) {
    this.#seed = seed;
    this.#masks = [...masks].map(([name, tensor]) => {
      const rate = tensor.source?.kind === "mask" ? tensor.source.rate : 0;
      return { name, shape: tensor.shape as readonly number[], rate };
    });
    for (const { rate } of this.#masks) {
      if (this.#pools.has(rate)) continue;
      const sizes = this.#masks.filter((mask) => mask.rate === rate).map((mask) => product(mask.shape));
      this.#pools.set(
        rate,
        drawPool(rate, 2 * Math.max(...sizes), Random.forPart(seed, "dropout pool", rate)),
      );
    }
  }

  /** The masks of one step. */
  forStep(step: number): Record<string, TensorValue> {
    const random = Random.forPart(this.#seed, "dropout", step);
    const feeds: Record<string, TensorValue> = {};
    for (const { name, shape, rate } of this.#masks) {
      const pool = this.#pools.get(rate)!;
      const size = product(shape);
      const offset = random.integer(pool.length - size + 1);
      feeds[name] = { data: pool.subarray(offset, offset + size), shape };
    }
    return feeds;
  }
}

function drawPool(rate: number, size: number, random: Random): Float32Array {
  const pool = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = rate * 4294967296;
  for (let i = 0; i < size; i++) pool[i] = random.uint32() < threshold ? 0 : kept;
  return pool;
}
