import { BindscapeError } from "@bindscape/numerics";
import { inputsOf, type KerasLayer, type KerasModel, type KerasNode } from "./keras-model.js";

/** The layers of a FactorNet, found in a Keras model by how they are joined. */
export interface FactorNetLayers {
  readonly windowLength: number;
  readonly channels: number;
  readonly convolution: KerasLayer;
  readonly position: KerasLayer;
  /** MaxPooling1D, or GlobalMaxPooling1D, which leaves one value a kernel and has no LSTM behind. */
  readonly pool: KerasLayer;
  readonly recurrent: KerasLayer | null;
  readonly dense: KerasLayer;
  /** Dense layer behind the metadata. */
  readonly merge: KerasLayer | null;
  readonly output: KerasLayer;
  /** Metadata values that join the dense layer, or 0. */
  readonly features: number;
  /** The output layer also reads the metadata and its squares. */
  readonly linear: boolean;
  /** Dropout rates by the layer they stand behind; "metadata" for the joined one. */
  readonly dropout: ReadonlyMap<Stage, number>;
}

type Stage = "convolution" | "position" | "pool" | "recurrent" | "dense" | "metadata" | "merge";

const known = new Set([
  "InputLayer",
  "Convolution1D",
  "Dropout",
  "TimeDistributed",
  "MaxPooling1D",
  "GlobalMaxPooling1D",
  "Bidirectional",
  "Flatten",
  "Dense",
  "Merge",
]);

/**
 * Finds a FactorNet's layers: the mean of two sigmoid outputs, each behind the same layers on one strand.
 * @throws BindscapeError naming the layers that are unknown, or the first that stands where FactorNet has another
 */
export function findFactorNetLayers(model: KerasModel, source: string): FactorNetLayers {
  const unknown = [...model.layers.values()].filter((layer) => !known.has(layer.class_name));
  if (unknown.length > 0) {
    throw new BindscapeError({
      source,
      found: `layers this import does not know: ${unknown.map(({ class_name, name }) => `${class_name} "${name}"`).join(", ")}`,
      expected: `the layers of a FactorNet: ${[...known].join(", ")}`,
    });
  }
  const { output } = model;
  if (output.layer.class_name !== "Merge" || output.layer.config.mode !== "ave")
    throw misplaced(output.layer, 'a Merge of mode "ave" over the two strands, as the output', source);
  const strands = inputsOf(model, output, source);
  if (strands.length !== 2) throw misplaced(output.layer, `two strands (it joins ${strands.length})`, source);
  const [first, second] = strands.map((node) => new StrandWalk(model, source).follow(node));
  const differs = first.path.findIndex((layer, i) => layer !== second.path[i]);
  if (first.path.length !== second.path.length || differs >= 0) {
    throw misplaced(
      first.path[Math.max(0, differs)],
      "the same layers with the same weights on both strands",
      source,
    );
  }
  if (first.window === second.window) throw misplaced(first.window, "a window input for each strand", source);
  return first.layers;
}

function misplaced(layer: KerasLayer, expected: string, source: string): BindscapeError {
  return new BindscapeError({
    source,
    found: `the layer ${layer.class_name} "${layer.name}"`,
    expected,
    next: "Only networks of FactorNet's form can be imported",
  });
}

/** Goes from a strand's output back to its window. */
class StrandWalk {
  /** Shared layers in the order walked; the merges, which each strand has of its own, are left out. */
  readonly path: KerasLayer[] = [];
  readonly #dropout = new Map<Stage, number>();
  #metadata: KerasLayer | null = null;

  constructor(
    private readonly model: KerasModel,
    private readonly source: string,
  ) {}

  follow(start: KerasNode): {
    path: readonly KerasLayer[];
    window: KerasLayer;
    layers: FactorNetLayers;
  } {
    const output = this.#take(start, "Dense", "the output layer");
    let node = this.#only(start);
    let linear = false;
    if (node.layer.class_name === "Merge") {
      node = this.#joinMetadata(node, 3);
      linear = true;
    }
    // Dropout before the output belongs to whichever dense layer turns out to stand before it.
    const last = this.#dropoutsBefore(node);
    node = last.node;
    let dense = this.#take(node, "Dense", "a dense layer");
    node = this.#only(node);
    let merge: KerasLayer | null = null;
    const behind = this.#dropoutsBefore(node);
    if (behind.node.layer.class_name === "Merge") {
      merge = dense;
      this.#note("metadata", behind.rate);
      node = this.#joinMetadata(behind.node, 2);
      const before = this.#dropoutsBefore(node);
      this.#note("dense", before.rate);
      node = before.node;
      dense = this.#take(node, "Dense", "the dense layer that the metadata joins");
      node = this.#only(node);
    } else if (this.#metadata) {
      throw misplaced(dense, "metadata joined to the dense layer too", this.source);
    }
    this.#note(merge ? "merge" : "dense", last.rate);
    const pooled = this.#poolBefore(node);
    const { pool, recurrent } = pooled;
    node = pooled.node;
    let before = this.#dropoutsBefore(this.#only(node));
    this.#note("position", before.rate);
    const position = this.#take(before.node, "TimeDistributed", "the dense layer at each position");
    before = this.#dropoutsBefore(this.#only(before.node));
    this.#note("convolution", before.rate);
    const convolution = this.#take(before.node, "Convolution1D", "the convolution");
    const window = this.#only(before.node).layer;
    const [windowLength, channels] = this.#inputShape(window, 2);
    return {
      path: this.path,
      window,
      layers: {
        windowLength,
        channels,
        convolution,
        position,
        pool,
        recurrent,
        dense,
        merge,
        output,
        features: this.#metadata ? this.#inputShape(this.#metadata, 1)[0] : 0,
        linear,
        dropout: this.#dropout,
      },
    };
  }

  /** The pooling, and the LSTM behind it where there is one: with Flatten, or global pooling, which needs none. */
  #poolBefore(start: KerasNode): { node: KerasNode; pool: KerasLayer; recurrent: KerasLayer | null } {
    const above = this.#dropoutsBefore(start);
    if (above.node.layer.class_name === "GlobalMaxPooling1D") {
      this.#note("recurrent", above.rate);
      const pool = this.#take(above.node, "GlobalMaxPooling1D", "global max pooling");
      return { node: above.node, pool, recurrent: null };
    }
    // Where pooling goes in steps, dropout stands before Flatten.
    if (start.layer.class_name !== "Flatten") {
      const expected = "Flatten right before the dense layer, or GlobalMaxPooling1D";
      throw misplaced(above.node.layer, expected, this.source);
    }
    this.#take(start, "Flatten", "Flatten");
    const top = this.#dropoutsBefore(this.#only(start));
    let { node } = top;
    this.#note("recurrent", top.rate);
    let recurrent: KerasLayer | null = null;
    if (node.layer.class_name === "Bidirectional") {
      recurrent = this.#take(node, "Bidirectional", "a bidirectional LSTM");
      const before = this.#dropoutsBefore(this.#only(node));
      this.#note("pool", before.rate);
      node = before.node;
    }
    const pool = this.#take(node, "MaxPooling1D", "max pooling");
    return { node, pool, recurrent };
  }

  #take({ layer }: KerasNode, className: string, what: string): KerasLayer {
    if (layer.class_name !== className) throw misplaced(layer, `${what} (${className}) there`, this.source);
    this.path.push(layer);
    return layer;
  }

  #only(node: KerasNode): KerasNode {
    const inputs = inputsOf(this.model, node, this.source);
    if (inputs.length !== 1) throw misplaced(node.layer, `one input (it has ${inputs.length})`, this.source);
    return inputs[0];
  }

  /** Dropout layers behind one another leave what the product of their shares leaves. */
  #dropoutsBefore(start: KerasNode): { node: KerasNode; rate: number } {
    let node = start;
    let kept = 1;
    for (let count = 0; node.layer.class_name === "Dropout"; count++) {
      if (count === 100) throw misplaced(node.layer, "fewer dropout layers in a row", this.source);
      kept *= 1 - numberOf(node.layer, "p", this.source);
      this.path.push(node.layer);
      node = this.#only(node);
    }
    return { node, rate: 1 - kept };
  }

  #note(stage: Stage, rate: number): void {
    if (rate > 0) this.#dropout.set(stage, Math.round(rate * 1e6) / 1e6);
  }

  /** The first input of a concatenation whose others are the metadata (and with three, its squares). */
  #joinMetadata(node: KerasNode, count: 2 | 3): KerasNode {
    const { layer } = node;
    const [top, metadata, squares, ...rest] = inputsOf(this.model, node, this.source);
    const fits =
      layer.class_name === "Merge" &&
      layer.config.mode === "concat" &&
      (layer.config.concat_axis === -1 || layer.config.concat_axis === 1) &&
      metadata?.layer.class_name === "InputLayer" &&
      (this.#metadata === null || this.#metadata === metadata.layer) &&
      (count === 2 ? squares === undefined : this.#isSquareOf(squares, metadata)) &&
      rest.length === 0;
    if (!fits) throw misplaced(layer, "a concatenation of the network and the metadata input", this.source);
    this.#metadata = metadata.layer;
    return top;
  }

  #isSquareOf(node: KerasNode | undefined, of: KerasNode): boolean {
    if (node?.layer.class_name !== "Merge" || node.layer.config.mode !== "mul") return false;
    const inputs = inputsOf(this.model, node, this.source);
    return inputs.length === 2 && inputs.every(({ layer }) => layer === of.layer);
  }

  #inputShape(layer: KerasLayer, length: number): number[] {
    const shape = layer.config.batch_input_shape;
    const fits =
      layer.class_name === "InputLayer" &&
      Array.isArray(shape) &&
      shape.length === length + 1 &&
      shape.slice(1).every((size) => Number.isSafeInteger(size) && (size as number) > 0);
    if (!fits)
      throw misplaced(
        layer,
        `an input of ${length === 2 ? "windows" : "metadata"} of known shape`,
        this.source,
      );
    return (shape as unknown[]).slice(1) as number[];
  }
}

/** @throws BindscapeError where a layer's setting is no number */
export function numberOf(layer: KerasLayer, key: string, source: string): number {
  const value = layer.config[key];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new BindscapeError({
    source,
    found: `the layer ${layer.class_name} "${layer.name}" with ${key} ${JSON.stringify(value)}`,
    expected: "a number",
  });
}
