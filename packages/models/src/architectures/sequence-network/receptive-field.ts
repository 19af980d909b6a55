import { BindscapeError } from "@bindscape/numerics";
import type { ConvolutionLayer } from "../../model-definition.js";

/** A layer that slides over positions. */
export type SlidingLayer =
  | {
      readonly kind: "convolution";
      /** The output of the build that {@link ConvolutionLayer} names. */
      readonly output: string;
      readonly kernels: number;
      readonly width: number;
      readonly padding: "valid" | "same";
    }
  | { readonly kind: "pool"; readonly width: number };

/** Positions behind each layer, for windows of `length` bp; 0 where nothing is left. */
export function countPositions(layers: readonly SlidingLayer[], length: number): number[] {
  let positions = length;
  return layers.map((layer) => {
    if (layer.kind === "pool") positions = Math.floor(positions / layer.width);
    else if (layer.padding === "valid") positions = Math.max(0, positions - layer.width + 1);
    return positions;
  });
}

/** The shortest window, in bp, that leaves a position behind the last layer. */
export function leastLength(layers: readonly SlidingLayer[]): number {
  const through = [...layers].reverse().reduce((positions, layer) => {
    if (layer.kind === "pool") return positions * layer.width;
    return layer.padding === "valid" ? positions + layer.width - 1 : positions;
  }, 1);
  // A kernel wider than the window is no motif of the window's.
  return Math.max(through, layers[0].width);
}

/**
 * Positions behind the last layer.
 * @param published the published network's layers, whose least length is said too where it is another
 * @throws BindscapeError that says the least length, where none are left
 */
export function requirePositions(
  title: string,
  layers: readonly SlidingLayer[],
  length: number,
  published: readonly SlidingLayer[] = layers,
): number {
  const least = leastLength(layers);
  if (length >= least) return countPositions(layers, length).at(-1)!;
  const leastPublished = leastLength(published);
  throw new BindscapeError({
    source: title,
    found: `windows of ${length} bp`,
    expected: `at least ${least} bp for its convolutions and pools${
      leastPublished === least ? "" : ` (at least ${leastPublished} bp for those of the preset \`original\`)`
    }`,
    next: "Use longer windows, the preset `short`, or `--padding same`",
  });
}

/** Where the positions of each convolution lie on the bases of the window. */
export function convolutionLayers(layers: readonly SlidingLayer[], strands: 1 | 2): ConvolutionLayer[] {
  let start = 0;
  let step = 1;
  let width = 1;
  return layers.flatMap((layer) => {
    width += (layer.width - 1) * step;
    if (layer.kind === "pool") {
      step *= layer.width;
      return [];
    }
    // The odd zero of an even kernel stands behind the last position.
    if (layer.padding === "same") start -= Math.floor((layer.width - 1) / 2) * step;
    return [{ output: layer.output, kernels: layer.kernels, start, step, width, strands }];
  });
}
