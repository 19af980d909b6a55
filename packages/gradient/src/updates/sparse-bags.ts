import { BindscapeError } from "@bindscape/numerics";
import type { LiftedBag } from "../graph.js";
import { checkFeed } from "../model.js";
import type { BagVectors, ParameterMemory } from "../wasm/parameter-memory.js";

/** One sparse bag whose table lies in a parameter memory: the product and its gradient for the batch of a step. */
export class SparseBag {
  readonly bag: LiftedBag;
  /** Where the table starts in the parameters. */
  readonly #start: number;
  readonly #vectors: BagVectors & { readonly output: string; readonly slope: string };
  #memory: ParameterMemory | null = null;

  /** @param number of this bag among the model's */
  constructor(bag: LiftedBag, number: number, start: number) {
    this.bag = bag;
    this.#start = start;
    const [features, columns] = bag.table.shape as readonly number[];
    const named = (name: string) => `bag ${number}, ${name}`;
    this.#vectors = {
      features,
      columns,
      starts: named("starts"),
      samples: named("samples"),
      counts: named("counts"),
      batch: named("output"),
      output: named("output"),
      slope: named("gradient"),
    };
  }

  /** The vectors it needs, with their lengths. */
  get scratch(): Map<string, number> {
    const { features, columns, starts, samples, counts, output, slope } = this.#vectors;
    const [rows, entries] = this.#shape;
    return new Map([
      [starts, features + 2],
      [samples, rows * entries],
      [counts, rows * entries],
      [output, rows * columns],
      [slope, rows * columns],
    ]);
  }

  get #shape(): readonly [number, number] {
    return this.bag.indices.shape as unknown as readonly [number, number];
  }

  /** Takes its place in the memory that was made with {@link scratch}. @returns output and gradient of the output */
  settle(memory: ParameterMemory): { readonly output: Float32Array; readonly slope: Float32Array } {
    this.#memory = memory;
    const { output, slope } = this.#vectors;
    return { output: memory.vectors.get(output)!, slope: memory.vectors.get(slope)! };
  }

  /** Before a run of the graph: sorts the batch by feature, and computes the output. */
  forward(batch: Readonly<Record<string, Float32Array>>): void {
    const memory = this.#memory!;
    const take = (tensor: typeof this.bag.indices) => {
      const name = tensor.source?.kind === "input" ? tensor.source.name : "";
      return checkFeed(name, tensor.shape as number[], batch[name]);
    };
    this.#sort(take(this.bag.indices), take(this.bag.counts));
    memory.vectors.get(this.#vectors.output)!.fill(0);
    memory.bagForward(this.#vectors, "parameters", this.#start);
  }

  /** After it: adds to the gradients of the table's rows, which are zero elsewhere. */
  backward(): void {
    this.#memory!.bagBackward({ ...this.#vectors, batch: this.#vectors.slope }, "gradients", this.#start);
  }

  /** After the gradients were used: they are zero again. */
  clear(): void {
    this.#memory!.clearRows(this.#vectors, "gradients", this.#start);
  }

  /** Counting sort; entries of one feature stay in the order of samples, so sums are the same every time. */
  #sort(indices: Float32Array, counts: Float32Array): void {
    const { features } = this.#vectors;
    const whole = (name: string) => {
      const { buffer, byteOffset, length } = this.#memory!.vectors.get(name)!;
      return new Int32Array(buffer, byteOffset, length);
    };
    const starts = whole(this.#vectors.starts);
    const samples = whole(this.#vectors.samples);
    const sortedCounts = this.#memory!.vectors.get(this.#vectors.counts)!;
    const [, entries] = this.#shape;
    // starts[f + 2] counts feature f; after the sums, starts[f + 1] is where its next entry goes, and ends as its end.
    starts.fill(0);
    for (let i = 0; i < indices.length; i++) {
      if (counts[i] === 0) continue;
      const feature = indices[i];
      if (!(feature >= 0 && feature < features && Number.isInteger(feature))) {
        throw new BindscapeError({
          source: `sample ${Math.floor(i / entries)} of the batch`,
          found: `feature ${feature}`,
          expected: `a whole number from 0 to ${features - 1}`,
        });
      }
      starts[feature + 2]++;
    }
    for (let f = 2; f < starts.length; f++) starts[f] += starts[f - 1];
    for (let i = 0; i < indices.length; i++) {
      if (counts[i] === 0) continue;
      const place = starts[indices[i] + 1]++;
      samples[place] = Math.floor(i / entries);
      sortedCounts[place] = counts[i];
    }
  }
}
