import type { LayerSettings } from "./layer-settings.js";

/**
 * What a tensor looks like to Keras, without the samples. An image has its bases along rows or columns until a
 * convolution takes all four together; `order` is how `Flatten` reads it.
 */
export type LayerForm =
  | {
      readonly kind: "image";
      /** Whether the channels come first. */
      readonly channelsFirst: boolean;
      readonly channels: number;
      readonly rows: number;
      readonly columns: number;
    }
  | { readonly kind: "sequence"; readonly channels: number; readonly positions: number }
  | {
      readonly kind: "flat";
      readonly values: number;
      /** [positions, channels] that lie position by position, where they are to be channel by channel; else null. */
      readonly turn: { readonly positions: number; readonly channels: number } | null;
    };

/** The form of a model's windows: 4 bases by their length, with or without an axis of one entry. */
export function inputForm(settings: LayerSettings, channelsFirst: boolean): LayerForm {
  const shape = settings.value("batch_input_shape", "batch_shape");
  const sizes = Array.isArray(shape) ? shape.slice(1) : [];
  const known = sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!known) return settings.fail(`the input shape ${JSON.stringify(shape)}`, "one of known length");
  if (sizes.length === 2 && sizes[1] === 4) return { kind: "sequence", positions: sizes[0], channels: 4 };
  if (sizes.length === 3) {
    const [channels, rows, columns] = channelsFirst ? sizes : [sizes[2], sizes[0], sizes[1]];
    const form: LayerForm = { kind: "image", channelsFirst, channels, rows, columns };
    const holdsBases = channels === 4 ? rows === 1 || columns === 1 : channels === 1 && baseAxisOf(form);
    if (holdsBases) return form;
  }
  return settings.fail(
    `the input shape [${sizes.join(", ")}]`,
    `windows of bases: ${channelsFirst ? "[1, 4, length]" : "[length, 4] or [length, 4, 1]"}`,
  );
}

/** The axis of an image of one channel that its four bases lie along; null where it has none. */
export function baseAxisOf(form: LayerForm): "rows" | "columns" | null {
  if (form.kind !== "image" || form.channels !== 1) return null;
  if (form.rows === 4 && form.columns > 1) return "rows";
  return form.columns === 4 && form.rows > 1 ? "columns" : null;
}

/** Channels and positions of an image of which one axis has a single entry; null of any other. */
export function flatImage(
  form: Extract<LayerForm, { kind: "image" }>,
): { channels: number; positions: number; along: "rows" | "columns" } | null {
  const { channels, rows, columns } = form;
  if (rows === 1) return { channels, positions: columns, along: "columns" };
  if (columns === 1) return { channels, positions: rows, along: "rows" };
  return null;
}

/** The form of `positions` along an axis, its other one having a single entry. */
export function imageAlong(
  along: "rows" | "columns",
  channels: number,
  positions: number,
  channelsFirst: boolean,
): LayerForm {
  const [rows, columns] = along === "rows" ? [positions, 1] : [1, positions];
  return { kind: "image", channelsFirst, channels, rows, columns };
}
