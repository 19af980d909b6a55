import { BindscapeError } from "@bindscape/numerics";
import type { AttributionFile } from "./attribution-file.js";

/**
 * The sequences of an attribution file that are labelled bound for its explained target, or all of them.
 * @throws BindscapeError where bound ones are asked for and the file has no labels, or none is bound
 */
export function selectSequences(file: AttributionFile, which: "all" | "bound"): AttributionFile {
  if (which === "all") return file;
  const { labels, count, target } = file;
  if (labels === undefined) {
    throw new BindscapeError({
      source: file.source,
      found: "no labels",
      expected: 'an array "labels" [N, tasks], to tell bound sequences',
      next: "Look at all sequences (--sequences all), or explain labelled ones",
    });
  }
  const tasks = labels.length / count;
  const column = tasks === 1 ? 0 : target;
  const rows: number[] = [];
  for (let i = 0; i < count; i++) if (labels[i * tasks + column] === 1) rows.push(i);
  if (rows.length === 0) {
    throw new BindscapeError({
      source: file.source,
      found: `none of ${count} sequences is labelled bound for target ${target}`,
      expected: "at least one",
    });
  }
  return takeSequences(file, rows);
}

/** Some sequences of an attribution file, as a file. */
export function takeSequences(file: AttributionFile, rows: readonly number[]): AttributionFile {
  const { count } = file;
  const take = <Data extends Float32Array | Uint8Array | Int32Array | Int8Array>(data: Data): Data => {
    const columns = data.length / count;
    const taken = new (data.constructor as new (length: number) => Data)(rows.length * columns);
    rows.forEach((row, i) => {
      taken.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
    });
    return taken;
  };
  const maybe = <Data extends Float32Array | Uint8Array | Int32Array | Int8Array>(data: Data | undefined) =>
    data && take(data);
  return {
    ...file,
    count: rows.length,
    attributions: take(file.attributions),
    hypothetical: maybe(file.hypothetical),
    predictions: maybe(file.predictions),
    codes: take(file.codes),
    labels: maybe(file.labels),
    cores: maybe(file.cores),
    strands: maybe(file.strands),
    deltas: maybe(file.deltas),
    names: file.names && rows.map((row) => (file.names as readonly string[])[row]),
    places: file.places && rows.map((row) => (file.places as NonNullable<typeof file.places>)[row]),
  };
}
