import { type Variant, variantKind } from "@bindscape/genome";
import { type Network, type PredictSequencesOptions, predictSequences } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { UnscoredReason } from "./attributed-positions.js";
import { type GenomeReader, readVariantWindows } from "./variant-windows.js";

export type ModelledVariant =
  | {
      readonly status: "scored";
      /** By output of the network: with the reference and with the alternative allele. */
      readonly reference: Float32Array;
      readonly alternate: Float32Array;
      readonly passesEnd: boolean;
    }
  | { readonly status: UnscoredReason; readonly found?: string };

export interface ScoreByModelOptions
  extends Pick<PredictSequencesOptions, "runtime" | "threads" | "signal" | "strands"> {
  /** Default "logit". */
  readonly output?: "probability" | "logit";
}

/**
 * What a network says of the sequence about each variant with either allele, both strands averaged unless told
 * otherwise. Insertions and deletions are scored too: each allele's window is centred on it.
 *
 * @param variants with the chromosome's name in the genome; undefined where it has none like it
 * @returns one entry a variant, in their order
 * @throws BindscapeError where the network sees more than sequence
 */
export async function scoreByModel(
  network: Network,
  genome: GenomeReader,
  variants: readonly { readonly variant: Variant; readonly chromosome: string | undefined }[],
  options: ScoreByModelOptions,
): Promise<ModelledVariant[]> {
  const length = network.file.plan.windowLength;
  const outputs = network.file.tasks.length;
  const sizes = new Map(genome.chromosomes.map(({ name, size }) => [name, size]));
  const results: (ModelledVariant | { readonly row: number; readonly passesEnd: boolean })[] = [];
  const windows: Uint8Array[] = [];
  for (const { variant, chromosome } of variants) {
    options.signal?.throwIfAborted();
    const size = chromosome === undefined ? undefined : sizes.get(chromosome);
    if (variantKind(variant) === "other") results.push({ status: "no-letters" });
    else if (chromosome === undefined || size === undefined) results.push({ status: "no-chromosome" });
    else {
      const { reference, alternate, found, passesEnd } = await readVariantWindows(
        genome,
        chromosome,
        size,
        variant,
        length,
      );
      if (found !== undefined) results.push({ status: "reference-differs", found });
      else {
        results.push({ row: windows.length, passesEnd });
        windows.push(reference, alternate);
      }
    }
  }
  const codes = new Uint8Array(windows.length * length);
  windows.forEach((window, row) => {
    codes.set(window, row * length);
  });
  const { strands = "mean", output = "logit", ...rest } = options;
  if (strands === "separate")
    throw new BindscapeError({
      source: "strands",
      found: "separate",
      expected: "forward or mean: a variant has one score",
    });
  const set = { codes, count: windows.length, length, source: "variants" };
  const values = await predictSequences(network, set, { ...rest, output, strands });
  return results.map((result): ModelledVariant => {
    if (!("row" in result)) return result;
    const at = result.row * outputs;
    return {
      status: "scored",
      reference: values.slice(at, at + outputs),
      alternate: values.slice(at + outputs, at + 2 * outputs),
      passesEnd: result.passesEnd,
    };
  });
}
