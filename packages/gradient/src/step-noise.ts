import { Random } from "@bindscape/numerics";
import type { Source, Tensor } from "./graph.js";
import type { TensorValue } from "./runtime.js";
import { product } from "./shape.js";

/** Normal and uniform numbers are drawn anew every so many steps, and in pools of at least so many. */
const stepsAPool = 256;
const smallestPool = 2 ** 18;

interface NoiseInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: Source;
}

/**
 * Random inputs that cost nearly nothing to make: dropout masks, and normal and uniform numbers. Of each kind (each
 * rate) a pool is drawn from the seed, at least twice as long as the largest input; at each step every input is a view
 * of its pool at an offset drawn from the seed and the step's number. The pools of masks stay; those of numbers, which
 * samples are made from, are drawn anew every 256 steps. Nothing is kept between steps that the seed and the step do
 * not say, so a resumed run needs nothing else.
 */
export class StepNoise {
  readonly #masks: readonly NoiseInput[];
  readonly #numbers: readonly NoiseInput[];
  readonly #pools = new Map<string, Float32Array>();
  readonly #seed: number | string;
  #era = -1;

  constructor(inputs: ReadonlyMap<string, Tensor>, seed: number | string) {
    this.#seed = seed;
    const all = [...inputs].map(([name, tensor]): NoiseInput => {
      if (tensor.source === null) throw new Error(`${name} is computed`);
      return { name, shape: tensor.shape as readonly number[], source: tensor.source };
    });
    this.#masks = all.filter(({ source }) => source.kind === "mask");
    this.#numbers = all.filter(({ source }) => source.kind === "noise");
    this.#fill(this.#masks, (source, size) => {
      const rate = source.kind === "mask" ? source.rate : 0;
      return drawMask(rate, size, Random.forPart(seed, "dropout pool", rate));
    });
  }

  /** The inputs of one step. */
  forStep(step: number): Record<string, TensorValue> {
    const era = Math.floor(step / stepsAPool);
    if (era !== this.#era) {
      this.#era = era;
      this.#fill(this.#numbers, (source, size) => {
        const kind = source.kind === "noise" ? source.distribution : "normal";
        return drawNumbers(
          kind,
          Math.max(size, smallestPool),
          Random.forPart(this.#seed, "noise pool", kind, era),
        );
      });
    }
    return {
      ...this.#take(this.#masks, Random.forPart(this.#seed, "dropout", step)),
      ...this.#take(this.#numbers, Random.forPart(this.#seed, "noise", step)),
    };
  }

  #take(inputs: readonly NoiseInput[], random: Random): Record<string, TensorValue> {
    const feeds: Record<string, TensorValue> = {};
    for (const { name, shape, source } of inputs) {
      const pool = this.#pools.get(poolOf(source))!;
      const size = product(shape);
      const offset = random.integer(pool.length - size + 1);
      feeds[name] = { data: pool.subarray(offset, offset + size), shape };
    }
    return feeds;
  }

  /** Draws a pool of each kind, twice as long as the largest input. */
  #fill(inputs: readonly NoiseInput[], draw: (source: Source, size: number) => Float32Array): void {
    const drawn = new Set<string>();
    for (const { source } of inputs) {
      const pool = poolOf(source);
      if (drawn.has(pool)) continue;
      drawn.add(pool);
      const sizes = inputs
        .filter((input) => poolOf(input.source) === pool)
        .map(({ shape }) => product(shape));
      this.#pools.set(pool, draw(source, 2 * Math.max(...sizes)));
    }
  }
}

function poolOf(source: Source): string {
  if (source.kind === "mask") return `mask ${source.rate}`;
  return source.kind === "noise" ? source.distribution : source.kind;
}

function drawMask(rate: number, size: number, random: Random): Float32Array {
  const pool = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = rate * 4294967296;
  for (let i = 0; i < size; i++) pool[i] = random.uint32() < threshold ? 0 : kept;
  return pool;
}

function drawNumbers(distribution: "normal" | "uniform", size: number, random: Random): Float32Array {
  const pool = new Float32Array(size);
  if (distribution === "normal") for (let i = 0; i < size; i++) pool[i] = random.normal();
  // Above 0, so that logarithms are finite; 2^-32 is the smallest.
  else for (let i = 0; i < size; i++) pool[i] = (random.uint32() + 1) / 4294967296;
  return pool;
}
