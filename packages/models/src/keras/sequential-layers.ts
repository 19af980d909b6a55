import type { Layer } from "../architectures/convolution-dense/options.js";
import { paddingOf, slidePositions } from "../architectures/convolution-dense/options.js";
import type { KernelTurn } from "./convolution-dense-from-keras.js";
import { baseAxisOf, flatImage, imageAlong, type LayerForm } from "./layer-form.js";
import type { LayerSettings } from "./layer-settings.js";

/** How a layer's kernel is stored: extents of its axes, and which of them slides. */
export interface StoredKernel {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly kernels: number;
  /** The axis that the four bases lie along, where they are no channels. */
  readonly bases: "rows" | "columns" | null;
  readonly image: boolean;
}

/** A sliding layer in this project's terms. */
export interface SlidingLayer {
  readonly layer: Layer;
  readonly form: LayerForm;
  readonly kernel: StoredKernel | null;
}

/** Reads Convolution1D, Convolution2D, Conv1D and Conv2D. */
export function readConvolution(settings: LayerSettings, form: LayerForm, turn: KernelTurn): SlidingLayer {
  const kernels = settings.count("nb_filter", "filters");
  for (const name of ["dilation_rate", "groups", "atrous_rate"]) settings.refuse(name, 1);
  const mode = settings.value("border_mode", "padding") ?? "valid";
  if (form.kind === "sequence") {
    const width = settings.count("filter_length", "kernel_size");
    const stride = settings.value("subsample_length", "strides")
      ? settings.count("subsample_length", "strides")
      : 1;
    const { channels, positions } = form;
    const padding = readPadding(settings, mode, positions, width, stride, turn);
    const left = slidePositions(positions, width, stride, paddingOf({ padding }, positions, width, stride));
    return {
      layer: { kind: "convolution", kernels, width, stride, padding },
      form: { kind: "sequence", channels: kernels, positions: left },
      kernel: { rows: width, columns: 1, channels, kernels, bases: null, image: false },
    };
  }
  if (form.kind === "flat") return settings.fail("flattened values before it", "positions before it");
  const [rows, columns] =
    settings.value("nb_row") === undefined
      ? settings.pair([0, 0], "kernel_size")
      : ([settings.count("nb_row"), settings.count("nb_col")] as const);
  const strides = settings.pair([1, 1], "subsample", "strides");
  const bases = baseAxisOf(form);
  const along = bases ? (bases === "rows" ? "columns" : "rows") : flatImage(form)!.along;
  const across = along === "rows" ? columns : rows;
  const positions = along === "rows" ? form.rows : form.columns;
  const width = along === "rows" ? rows : columns;
  const stride = strides[along === "rows" ? 0 : 1];
  if (across !== (bases ? 4 : 1) || (bases && mode !== "valid")) {
    return settings.fail(
      `kernels of ${rows} x ${columns} and padding ${JSON.stringify(mode)} over ${form.rows} x ${form.columns}`,
      bases ? "kernels that take the four bases together, without padding" : "kernels along the sequence",
    );
  }
  const padding = readPadding(settings, mode, positions, width, stride, turn);
  const left = slidePositions(positions, width, stride, paddingOf({ padding }, positions, width, stride));
  return {
    layer: { kind: "convolution", kernels, width, stride, padding },
    form: imageAlong(along, kernels, left, form.channelsFirst),
    kernel: { rows, columns, channels: form.channels, kernels, bases, image: true },
  };
}

/** Reads MaxPooling1D, MaxPooling2D, AveragePooling1D and AveragePooling2D. */
export function readPool(
  settings: LayerSettings,
  form: LayerForm,
  kind: "max-pool" | "average-pool",
  turn: KernelTurn,
): SlidingLayer {
  const mode = settings.value("border_mode", "padding") ?? "valid";
  if (mode !== "valid" && (mode !== "same" || turn === "flipped"))
    return settings.fail(`padding ${JSON.stringify(mode)}`, "padding valid");
  const padding = mode as "valid" | "same";
  const next = (positions: number, size: number, stride: number) =>
    slidePositions(positions, size, stride, paddingOf({ padding }, positions, size, stride));
  if (form.kind === "sequence") {
    const size = settings.count("pool_length", "pool_size");
    const stride = settings.value("stride", "strides") ? settings.count("stride", "strides") : size;
    const positions = next(form.positions, size, stride);
    return { layer: { kind, size, stride, padding }, form: { ...form, positions }, kernel: null };
  }
  const flat = form.kind === "image" && baseAxisOf(form) === null ? flatImage(form) : null;
  if (form.kind !== "image" || !flat)
    return settings.fail("bases or flattened values before it", "a convolution before it");
  const sizes = settings.pair([2, 2], "pool_size");
  const strides = settings.pair(sizes, "strides");
  const axis = flat.along === "rows" ? 0 : 1;
  if (sizes[1 - axis] !== 1) return settings.fail(`pool_size ${sizes.join(" x ")}`, "pools along positions");
  const positions = next(flat.positions, sizes[axis], strides[axis]);
  return {
    layer: { kind, size: sizes[axis], stride: strides[axis], padding },
    form: imageAlong(flat.along, flat.channels, positions, form.channelsFirst),
    kernel: null,
  };
}

/**
 * Padding in numbers where Theano's "same" differs from TensorFlow's: half a kernel, rounded down, before the first
 * position.
 */
function readPadding(
  settings: LayerSettings,
  mode: unknown,
  positions: number,
  width: number,
  stride: number,
  turn: KernelTurn,
): "valid" | "same" | [number, number] {
  if (mode === "valid") return "valid";
  if (mode === "causal") return [width - 1, 0];
  if (mode !== "same")
    return settings.fail(`padding ${JSON.stringify(mode)}`, "padding valid, same or causal");
  if (turn === "as-is") return "same";
  const before = Math.floor(width / 2);
  const wanted = Math.ceil(positions / stride);
  const after = Math.max(0, (wanted - 1) * stride + width - positions - before);
  if (slidePositions(positions, width, stride, [before, after]) !== wanted)
    return settings.fail(`padding same at a stride of ${stride}`, "a stride of 1 where padding is same");
  return [before, after];
}
