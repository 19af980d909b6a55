import type { NpyArray } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type LogOddsOptions, logOddsMatrix, type Motif } from "../../motif.js";

/**
 * How the axes of an array of kernels stand: kernel, base, position as PyTorch's Conv1d has its weights ("N4L"), or kernel,
 * position, base ("NL4"). Bases are A, C, G, T.
 */
export type KernelLayout = "N4L" | "NL4";

/** What the numbers of a kernel are. */
export type KernelValues = "log-odds" | "probabilities" | "centred-probabilities";

export interface KernelOptions extends LogOddsOptions {
  readonly layout?: KernelLayout;
  /** Log-odds in bits; probabilities; or those less a quarter, so that what is unknown adds nothing. Log-odds when left out. */
  readonly values?: KernelValues;
  /** Positions of every kernel; the longest motif's when left out. Shorter motifs stand in the middle, between zeros. */
  readonly width?: number;
}

/**
 * Motifs as weights of a first convolution: one array of kernels, in the motifs' order. The reverse strand is not added.
 * A kernel reads sequence from its first position on: no flip is needed for the cross-correlation that PyTorch, TensorFlow and ONNX
 * call convolution.
 * @throws BindscapeError when a motif is longer than the width
 */
export function kernelsFromMotifs(
  motifs: readonly Motif[],
  options: KernelOptions = {},
): NpyArray<Float32Array> {
  const { layout = "N4L", values = "log-odds" } = options;
  const longest = motifs.reduce((most, { length }) => Math.max(most, length), 0);
  const width = options.width ?? longest;
  if (!Number.isInteger(width) || width < longest || motifs.length === 0) {
    throw new BindscapeError({
      source: "kernels",
      found: motifs.length === 0 ? "no motif" : `a width of ${width}`,
      expected: `a whole number of at least ${longest}, the length of the longest motif`,
    });
  }
  const data = new Float32Array(motifs.length * 4 * width);
  motifs.forEach((motif, kernel) => {
    const numbers = kernelValues(motif, values, options);
    const first = Math.floor((width - motif.length) / 2);
    for (let position = 0; position < motif.length; position++)
      for (let base = 0; base < 4; base++)
        data[indexOf(layout, width, kernel, base, first + position)] = numbers[position * 4 + base];
  });
  return { shape: layout === "N4L" ? [motifs.length, 4, width] : [motifs.length, width, 4], data };
}

function kernelValues(motif: Motif, values: KernelValues, options: LogOddsOptions): Float64Array {
  if (values === "log-odds") return logOddsMatrix(motif, options);
  if (values === "probabilities") return motif.probabilities;
  return motif.probabilities.map((probability) => probability - 0.25);
}

/**
 * The kernels of an array as rows of positions, length x 4 each, zeros at both ends dropped.
 * @throws BindscapeError for an array of another shape
 */
export function rowsOfKernels(array: NpyArray, layout: KernelLayout = "N4L"): Float64Array[] {
  const { shape, data } = array;
  if (shape.length !== 3 || shape[layout === "N4L" ? 1 : 2] !== 4) {
    throw new BindscapeError({
      source: "kernels",
      found: `an array of shape (${shape.join(", ")})`,
      expected: layout === "N4L" ? "(kernels, 4, positions)" : "(kernels, positions, 4)",
    });
  }
  const width = shape[layout === "N4L" ? 2 : 1];
  return Array.from({ length: shape[0] }, (_, kernel) => {
    const rows = new Float64Array(width * 4);
    for (let position = 0; position < width; position++)
      for (let base = 0; base < 4; base++)
        rows[position * 4 + base] = Number(data[indexOf(layout, width, kernel, base, position)]);
    const first = rows.findIndex((value) => value !== 0);
    const last = rows.findLastIndex((value) => value !== 0);
    return first < 0 ? rows : rows.slice((first >> 2) * 4, ((last >> 2) + 1) * 4);
  });
}

function indexOf(
  layout: KernelLayout,
  width: number,
  kernel: number,
  base: number,
  position: number,
): number {
  return layout === "N4L" ? (kernel * 4 + base) * width + position : (kernel * width + position) * 4 + base;
}
