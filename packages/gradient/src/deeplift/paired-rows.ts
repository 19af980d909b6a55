import type { Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import { type Dimension, isFree, product, type Shape, sameShape, scaleDimension } from "../shape.js";

/** How many references stand beside each sequence. */
export interface ReferenceRows {
  /** References of a sequence. */
  readonly references: number;
  /** Whether all sequences have the same ones: their activations are then computed once. */
  readonly shared: boolean;
}

/**
 * The shapes of a network's tensors for sequences (N rows), for their references (N R rows, sequence 0's first; R rows
 * where all sequences share them) and for pairs of both (N R rows).
 *
 * A free axis of a network may hold more than samples: mN entries, of which a multiples stand outside of the samples
 * and m / a inside. The product of all lengths outside of the samples does not change when a tensor is reshaped, which
 * is how a is known.
 */
export class PairedRows {
  /** Multiples outside of the samples, for tensors where there are any. */
  readonly #outside = new Map<Tensor, number>();

  constructor(readonly rows: ReferenceRows) {}

  /** The shape of the same tensor for references. */
  referenceShape(shape: Shape): Shape {
    const { references, shared } = this.rows;
    return shape.map((length) => {
      if (!isFree(length)) return length;
      return shared ? length.multiple * references : scaleDimension(length, references);
    });
  }

  /** The shape of the same tensor for pairs. */
  pairShape(shape: Shape): Shape {
    return shape.map((length) => (isFree(length) ? scaleDimension(length, this.rows.references) : length));
  }

  /** Notes where samples stand in a node's outputs, from its inputs. */
  follow(inputs: readonly Tensor[], outputs: readonly Tensor[], isReshape: boolean): void {
    const from = inputs.find(({ shape }) => shape.some(isFree));
    if (from === undefined) return;
    const outside = this.#outside.get(from) ?? 1;
    for (const output of outputs) {
      const axis = output.shape.findIndex(isFree);
      if (axis < 0) continue;
      const kept = isReshape
        ? (lengthBefore(from.shape) * outside) / product(output.shape.slice(0, axis) as readonly number[])
        : outside;
      if (kept !== 1) this.#outside.set(output, kept);
    }
  }

  /**
   * Entries of pairs from those of sequences and references, which broadcast against each other in what `combine` is
   * given.
   * @param of the network's tensors, all of one shape, the first of which says where samples stand
   */
  combine(
    of: readonly Tensor[],
    sequences: readonly Tensor[],
    references: readonly Tensor[],
    combine: (sequences: readonly Tensor[], references: readonly Tensor[]) => Tensor,
  ): Tensor {
    const { shape } = of[0];
    const axis = shape.findIndex(isFree);
    const free = shape[axis];
    const { references: count, shared } = this.rows;
    if (free === undefined || !isFree(free) || (count === 1 && (!shared || free.multiple === 1)))
      return combine(sequences, references);
    const outside = this.#outside.get(of[0]) ?? 1;
    const inside = free.multiple / outside;
    const samples: Dimension = { symbol: free.symbol, multiple: 1 };
    const view = (sampleRows: Dimension, referenceRows: number): Shape => [
      ...shape.slice(0, axis),
      outside,
      sampleRows,
      referenceRows,
      inside,
      ...shape.slice(axis + 1),
    ];
    const ofSequences = view(samples, 1);
    const ofReferences = view(shared ? 1 : samples, count);
    const result = combine(
      sequences.map((tensor) => reshape(tensor, ofSequences)),
      references.map((tensor) => reshape(tensor, ofReferences)),
    );
    if (!sameShape(result.shape, view(samples, count)))
      throw new Error("what was made of sequences and references has not the shape of pairs");
    return reshape(result, this.pairShape(shape));
  }
}

/** The product of the lengths before the free axis. */
function lengthBefore(shape: Shape): number {
  return product(shape.slice(0, shape.findIndex(isFree)) as readonly number[]);
}
