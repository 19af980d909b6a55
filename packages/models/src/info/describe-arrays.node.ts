import { type ByteSource, type NpyArray, readNpy, readNpz } from "@bindscape/genome";
import { type Contents, count, formatNumber } from "./description.js";

/** The array of a .npy file. */
export async function describeNpy(source: ByteSource): Promise<Contents> {
  const array = await readNpy(source);
  return {
    kind: "NumPy array",
    facts: { shape: array.shape, type: typeOf(array) },
    rows: [
      ["shape", shapeOf(array)],
      ["type", typeOf(array)],
    ],
  };
}

/** The arrays of a .npz file; those of a track, as `bindscape convert` writes it, as a track. */
export async function describeNpz(source: ByteSource): Promise<Contents> {
  const arrays = await readNpz(source);
  const listed = [...arrays].map(([name, array]) => ({ name, shape: array.shape, type: typeOf(array) }));
  const chromosomes = [...arrays.keys()].flatMap((name) => /^(.+)\/values$/.exec(name)?.[1] ?? []);
  const isTrack =
    chromosomes.length > 0 &&
    [...arrays.keys()].every((name) => /^sizes$|\/(starts|ends|values)$/.test(name));
  if (!isTrack) {
    return {
      kind: "NumPy archive",
      facts: { arrays: listed },
      rows: [
        ["arrays", formatNumber(arrays.size)],
        ...[...arrays]
          .slice(0, 12)
          .map(([name, array]) => [name, `${typeOf(array)} ${shapeOf(array)}`] as const),
      ],
    };
  }
  const intervals = chromosomes.map((name) => ({
    name,
    intervals: arrays.get(`${name}/values`)!.data.length,
  }));
  const total = intervals.reduce((sum, { intervals }) => sum + intervals, 0);
  return {
    kind: "npz track",
    facts: { arrays: listed, chromosomes: intervals, intervals: total, hasSizes: arrays.has("sizes") },
    rows: [
      ["intervals", `${formatNumber(total)} on ${count(chromosomes.length, "chromosome")}`],
      ["lengths", arrays.has("sizes") ? "yes" : "not in this file: a bigWig of it needs --chrom-sizes"],
    ],
  };
}

function typeOf({ data }: NpyArray): string {
  return data.constructor.name.replace("Array", "").replace("Big", "").toLowerCase();
}

function shapeOf({ shape }: NpyArray): string {
  return `(${shape.join(", ")})`;
}
