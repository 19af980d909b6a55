import { BindscapeError } from "@bindscape/numerics";
import type { KernelTurn } from "./convolution-dense-from-keras.js";
import type { KerasWeight, KerasWeights } from "./factornet-from-keras.js";
import type { LayerForm } from "./layer-form.js";
import type { LayerSettings } from "./layer-settings.js";
import type { StoredKernel } from "./sequential-layers.js";

/** Weights of a Sequential model, in this project's order of axes. */
export class SequentialWeights {
  constructor(
    private readonly weights: KerasWeights,
    private readonly source: string,
    private readonly turn: KernelTurn,
    private readonly version: string | null,
  ) {}

  /**
   * @param order bases in the order that the kernel has them, where it reads bases
   * @returns kernel [kernels, channels, width], turned as it is applied, and bias [kernels]
   */
  convolution(
    settings: LayerSettings,
    stored: StoredKernel,
    order?: string,
  ): { kernel: Float32Array; bias: Float32Array } {
    const { rows, columns, channels, kernels, bases, image } = stored;
    const byKernel = [kernels, channels, rows, columns];
    const byRow = [rows, columns, channels, kernels];
    // Keras 1 keeps the kernels of images in the order of its axes; later ones always by row.
    const isKeras1 = this.version === null || /^[01]\./.test(this.version);
    const isFirst = image && isKeras1 && settings.value("dim_ordering") !== "tf";
    const shapes = image ? [isFirst ? byKernel : byRow] : [byRow, [rows, channels, kernels], byKernel];
    const [array, bias] = this.#take(settings, shapes, kernels);
    const isByKernel = isFirst || (!sameShape(array.shape, byRow) && sameShape(array.shape, byKernel));
    const at = (k: number, c: number, r: number, q: number) =>
      isByKernel
        ? ((k * channels + c) * rows + r) * columns + q
        : ((r * columns + q) * channels + c) * kernels + k;
    const inputs = bases ? 4 : channels;
    const width = bases === "rows" ? columns : bases === "columns" ? rows : rows * columns;
    const flip = this.turn === "flipped";
    const kernel = new Float32Array(kernels * inputs * width);
    for (let k = 0; k < kernels; k++) {
      for (let input = 0; input < inputs; input++) {
        // Input `input` of this project's order A, C, G, T is entry `from` of the model's.
        const from = order ? order.indexOf("ACGT"[input]) : input;
        for (let w = 0; w < width; w++) {
          let c = from;
          let r = columns === 1 ? w : 0;
          let q = columns === 1 ? 0 : w;
          if (bases === "rows") [c, r, q] = [0, from, w];
          else if (bases === "columns") [c, r, q] = [0, w, from];
          if (flip) [r, q] = [rows - 1 - r, columns - 1 - q];
          kernel[(k * inputs + input) * width + w] = array.data[at(k, c, r, q)];
        }
      }
    }
    return { kernel, bias };
  }

  /** @param turn how the values before it lie, where they are to be channel by channel */
  dense(
    settings: LayerSettings,
    inputs: number,
    units: number,
    turn: { readonly positions: number; readonly channels: number } | null,
  ): { kernel: Float32Array; bias: Float32Array } {
    const [array, bias] = this.#take(settings, [[inputs, units]], units);
    return { kernel: turned(array.data, units, turn), bias };
  }

  /** Scale, offset and running statistics, one a channel. */
  normalisation(settings: LayerSettings, form: LayerForm) {
    settings.refuse("mode", 0);
    const channels = form.kind === "flat" ? form.values : form.channels;
    const axis = settings.value("axis") ?? -1;
    const number = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
    const rank = form.kind === "flat" ? 2 : form.kind === "sequence" ? 3 : 4;
    const wanted = form.kind === "image" && form.channelsFirst ? 1 : rank - 1;
    if (number !== wanted && number !== wanted - rank)
      settings.fail(`axis ${JSON.stringify(axis)}`, `the axis of channels, ${wanted}`);
    const list = this.#list(settings).slice();
    const has = (name: string) => settings.layer.config[name] !== false;
    const next = (present: boolean, otherwise: number) => {
      if (!present) return new Float32Array(channels).fill(otherwise);
      const array = list.shift();
      if (array && sameShape(array.shape, [channels])) {
        return turned(array.data, 1, form.kind === "flat" ? form.turn : null);
      }
      return this.#misfit(settings, array, [[channels]]);
    };
    const scale = next(has("scale"), 1);
    const offset = next(has("center"), 0);
    const runningMean = next(true, 0);
    const runningVariance = next(true, 1);
    return { scale, offset, runningMean, runningVariance };
  }

  #list(settings: LayerSettings): readonly KerasWeight[] {
    const found = this.weights.get(settings.layer.name);
    if (found) return found;
    throw new BindscapeError({
      source: this.source,
      found: `no weights of the layer "${settings.layer.name}"`,
      expected: "those of every layer of the model",
      next: "Are these the weights of this model? Name them with --weights",
    });
  }

  #take(
    settings: LayerSettings,
    shapes: readonly (readonly number[])[],
    outputs: number,
  ): [KerasWeight, Float32Array] {
    const hasBias = settings.layer.config.bias !== false && settings.layer.config.use_bias !== false;
    const [kernel, bias] = this.#list(settings);
    if (!kernel || !shapes.some((shape) => sameShape(kernel.shape, shape)))
      return this.#misfit(settings, kernel, shapes);
    if (!hasBias) return [kernel, new Float32Array(outputs)];
    if (!bias || !sameShape(bias.shape, [outputs])) return this.#misfit(settings, bias, [[outputs]]);
    return [kernel, bias.data];
  }

  #misfit(
    settings: LayerSettings,
    array: KerasWeight | undefined,
    shapes: readonly (readonly number[])[],
  ): never {
    throw new BindscapeError({
      source: this.source,
      found: array
        ? `weights "${array.name}" of shape [${array.shape.join(", ")}]`
        : `too few weights of the layer "${settings.layer.name}"`,
      expected: `the shape ${shapes.map((shape) => `[${shape.join(", ")}]`).join(" or ")} of ${settings.layer.className} "${settings.layer.name}"`,
      next: "Are these the weights of this model? Name them with --weights",
    });
  }
}

/** Rows of `columns` values that lie position by position, put channel by channel. */
function turned(
  values: Float32Array,
  columns: number,
  turn: { readonly positions: number; readonly channels: number } | null,
): Float32Array {
  if (!turn) return values;
  const { positions, channels } = turn;
  const result = new Float32Array(values.length);
  for (let p = 0; p < positions; p++) {
    for (let c = 0; c < channels; c++) {
      const from = (p * channels + c) * columns;
      result.set(values.subarray(from, from + columns), (c * positions + p) * columns);
    }
  }
  return result;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
