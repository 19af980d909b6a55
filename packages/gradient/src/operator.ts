import type { Node, Tensor } from "./graph.js";
import type { OnnxEmitter } from "./onnx/emitter.js";
import type { Shape } from "./shape.js";

/** A tensor of the float64 reference interpreter. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/**
 * One primitive operation: everything the engine knows about it stands in its one file. Layers are composed of
 * these; adding an operator means adding one such object and a function that applies it.
 */
export interface Operator<Attributes> {
  readonly name: string;
  /** Whether an entry of the output depends on the same entry of each (broadcast) input only. */
  readonly elementwise?: true;
  /** The shapes of the outputs; throws {@link ShapeError} where the inputs do not fit. */
  infer(inputs: readonly Shape[], attributes: Attributes): readonly Shape[];
  /** Writes the ONNX nodes that compute the outputs. */
  emit(emitter: OnnxEmitter, node: Node<Attributes>): void;
  /** The same in float64, written for clarity: the definition that everything else is checked against. */
  evaluate(
    inputs: readonly ReferenceTensor[],
    attributes: Attributes,
    outputShapes: readonly (readonly number[])[],
  ): Float64Array[];
  /**
   * The gradients of the inputs, as tensors of the same graph, from those of the outputs (null where nothing
   * depends on an output). An input with `needed[i]` false gets null. An operator without this is not
   * differentiable (those that only occur in backward passes).
   */
  gradient?(
    node: Node<Attributes>,
    outputGradients: readonly (Tensor | null)[],
    needed: readonly boolean[],
  ): (Tensor | null)[];
}

/** Thrown by `infer`; {@link applyOperator} turns it into an error that names the layer and all shapes. */
export class ShapeError extends Error {
  constructor(readonly needs: string) {
    super(needs);
  }
}
