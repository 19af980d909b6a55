import type { Graph, Tensor } from "../graph.js";
import type { TensorValue } from "../runtime.js";
import { product } from "../shape.js";

interface Kept {
  readonly name: string;
  readonly next: Tensor;
  current: TensorValue;
  spare: TensorValue;
}

/**
 * Values that every run of a training graph reads and replaces, but no gradient moves: running statistics of batch
 * normalisation. They are parameters to everything else: stored in checkpoints, and what predictors are built with.
 */
export class RunningState {
  readonly #kept: readonly Kept[];

  /** @param first the values of a state before the first step */
  constructor(
    graph: Graph,
    isKept: (name: string) => boolean,
    first: (name: string, tensor: Tensor) => Float32Array,
  ) {
    this.#kept = [...graph.parameters].flatMap(([name, tensor]) => {
      const next = graph.updates.get(tensor);
      if (next === undefined || !isKept(name)) return [];
      const shape = tensor.shape as number[];
      const data = first(name, tensor).slice();
      return [
        { name, next, current: { data, shape }, spare: { data: new Float32Array(product(shape)), shape } },
      ];
    });
  }

  /** Name and next value of each, as outputs of the graph. */
  get outputs(): Map<string, Tensor> {
    return new Map(this.#kept.map(({ name, next }) => [`state/${name}`, next]));
  }

  has(name: string): boolean {
    return this.#kept.some((kept) => kept.name === name);
  }

  /** Gives a run the values it reads and the arrays it writes. */
  bind(feeds: Record<string, unknown>, into: Record<string, unknown>): void {
    for (const { name, current, spare } of this.#kept) {
      feeds[name] = current;
      into[`state/${name}`] = spare;
    }
  }

  /** After a run: what it wrote is what the next one reads. */
  advance(): void {
    for (const kept of this.#kept) [kept.current, kept.spare] = [kept.spare, kept.current];
  }

  /** The values by name; not copies. */
  get values(): Map<string, TensorValue> {
    return new Map(this.#kept.map(({ name, current }) => [name, current]));
  }

  /** Replaces values; names that are not kept are passed over. */
  write(values: ReadonlyMap<string, Float32Array>): void {
    for (const { name, current } of this.#kept) {
      const given = values.get(name);
      if (given) current.data.set(given);
    }
  }
}
