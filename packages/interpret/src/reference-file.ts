import { type ByteSource, type NpyArray, readNpy, readNpz, unknownBase } from "@bindscape/genome";
import { readSequences } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import type { References } from "./references.js";

const forms = "[references, 4, bp] for all windows, or [windows, references, 4, bp]; A, C, G, T";

/**
 * References from a file: FASTA (plain or gzip), every sequence a reference of every window; or `.npz` with the array
 * `references` (or a single array), or `.npy`: [references, 4, bp] for all windows, [windows, references, 4, bp] for each
 * its own.
 * @param unknown what an unknown base of FASTA holds in every channel: `unknownBase` of the model
 * @throws BindscapeError for sequences of different lengths (the first that differs is named), arrays of another shape,
 *   values that are no finite numbers
 */
export async function readReferences(source: ByteSource, unknown: 0 | 0.25 = 0): Promise<References> {
  if (/\.npz$/i.test(source.name))
    return fromArray(source.name, chooseArray(source.name, await readNpz(source)));
  if (/\.npy$/i.test(source.name)) {
    return fromArray(source.name, await readNpy(source));
  }
  const records = await readSequences(source);
  const length = records[0].codes.length;
  const other = records.find(({ codes }) => codes.length !== length);
  if (other !== undefined || length === 0) {
    throw new BindscapeError({
      source: source.name,
      found: other
        ? `"${other.name}" of ${other.codes.length} bp after "${records[0].name}" of ${length} bp`
        : `"${records[0].name}" without bases`,
      expected: "references that are all as long as the model's windows",
    });
  }
  const values = new Float32Array(records.length * 4 * length);
  records.forEach(({ codes }, k) => {
    codes.forEach((code, position) => {
      const at = (base: number) => (k * 4 + base) * length + position;
      if (code < unknownBase) values[at(code)] = 1;
      else for (let base = 0; base < 4; base++) values[at(base)] = unknown;
    });
  });
  const names = records.map(({ name }) => name);
  return { kind: "given", source: source.name, values, count: records.length, length, names };
}

function chooseArray(source: string, arrays: ReadonlyMap<string, NpyArray>): NpyArray {
  const array = arrays.get("references") ?? (arrays.size === 1 ? [...arrays.values()][0] : undefined);
  if (array !== undefined) return array;
  throw new BindscapeError({
    source,
    found: `the arrays ${[...arrays.keys()].join(", ") || "of an empty file"}`,
    expected: `an array "references", ${forms}`,
  });
}

function fromArray(source: string, { shape, data }: NpyArray): References {
  if ((shape.length !== 3 && shape.length !== 4) || shape.at(-2) !== 4 || shape.includes(0))
    throw new BindscapeError({ source, found: `an array (${shape.join(", ")})`, expected: forms });
  const values = Float32Array.from(data as ArrayLike<number>, Number);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new BindscapeError({
      source,
      found: `${values[bad]} at entry ${bad + 1}`,
      expected: "finite numbers",
    });
  const windows = shape.length === 4 ? shape[0] : undefined;
  return { kind: "given", source, values, count: shape.at(-3)!, length: shape.at(-1)!, windows };
}
