import { type SequenceRecord, unknownBase } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { encodeSequences, type SequencePlace, type SequenceSet, type SplitName } from "@bindscape/study";
import type { ExplainedModel, ExplainedWindows } from "../explained-model.js";

/** Windows to explain, and what is known of them. */
export interface KnownWindows extends ExplainedWindows {
  /** File or folder they were read from, for errors and records. */
  readonly source: string;
  /** [count, length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: Uint8Array;
  readonly names?: readonly string[];
  readonly places?: readonly SequencePlace[];
  /** [count, tasks]: 1 bound, 0 unbound, NaN where the label is missing. */
  readonly labels?: Float32Array;
  /** [count, 2]: first base and end of each core, counted in the window, half-open. */
  readonly cores?: Int32Array;
  /** [count]: 1 where the core reads forward in the window, -1 where backward. */
  readonly strands?: Int8Array;
}

/** Windows held in memory have so many bases together at most: every array of theirs takes 16 bytes a base. */
const MOST_BASES = 60_000_000;

/**
 * Sequences as windows of a model that sees the sequence alone.
 * @throws BindscapeError for a model that sees tracks or features too, or too many bases
 */
export function encodeWindows(
  model: ExplainedModel,
  known: Omit<KnownWindows, "windows" | "features">,
): KnownWindows {
  checkSize(known.count, model.length, known.source);
  if (model.channels !== 4 || model.features > 0) {
    throw new BindscapeError({
      source: known.source,
      found: `sequences alone, for a model that sees ${model.channels > 4 ? `${model.channels - model.baseChannels} tracks` : ""}${model.channels > 4 && model.features > 0 ? " and " : ""}${model.features > 0 ? `${model.features} features of the bin` : ""} too`,
      expected: "windows of a study, which has them",
      next: "Give --study and --regions in place of sequences",
    });
  }
  const { codes, count } = known;
  const rows = Array.from({ length: count }, (_, row) => row);
  return { ...known, windows: encodeSequences({ codes, length: model.length }, rows, model.unknownBase) };
}

/** @throws BindscapeError for more windows than memory is meant to hold */
export function checkSize(count: number, length: number, source: string): void {
  if (count * length <= MOST_BASES) return;
  throw new BindscapeError({
    source,
    found: `${count} windows of ${length} bp`,
    expected: `at most ${Math.floor(MOST_BASES / length)} at a time`,
    next: "Explain them in several runs",
  });
}

/**
 * The sequences of a FASTA file as windows. A sequence of another length than the model's is refused; with `centre` its
 * middle is kept, or it is put in the middle of a window and unknown bases stand around it.
 * @throws BindscapeError naming the first sequence of another length
 */
export function windowsOfRecords(
  model: ExplainedModel,
  records: readonly SequenceRecord[],
  source: string,
  { centre = false }: { readonly centre?: boolean } = {},
): KnownWindows {
  const { length } = model;
  const other = records.findIndex(({ codes }) => codes.length !== length);
  if (other >= 0 && !centre) {
    throw new BindscapeError({
      source,
      found: `the sequence "${records[other].name}" (record ${other + 1}) of ${records[other].codes.length} bp`,
      expected: `${length} bp, the model's window`,
      next: "--centre keeps the middle of longer sequences and puts N around shorter ones",
    });
  }
  checkSize(records.length, length, source);
  const codes = new Uint8Array(records.length * length).fill(unknownBase);
  records.forEach(({ codes: own }, row) => {
    const from = Math.floor((own.length - length) / 2);
    for (let k = 0; k < length; k++) if (from + k in own) codes[row * length + k] = own[from + k];
  });
  return encodeWindows(model, {
    source,
    count: records.length,
    codes,
    names: records.map(({ name }) => name),
  });
}

export interface ChooseSequences {
  /** Sequences of this part of the set; all where absent. */
  readonly split?: SplitName;
  /** Sequences that are bound (or not) in the task; all where absent. */
  readonly label?: 0 | 1;
  /** Index of the task that `label` is about. Default 0. */
  readonly task?: number;
  /** At most so many, the first ones. */
  readonly most?: number;
}

/**
 * Sequences of a labelled set as windows. Cores of motif-site sets read forward: their windows are in the direction of
 * the motif.
 * @throws BindscapeError for a set of another length, or one without such sequences
 */
export function windowsOfSet(
  model: ExplainedModel,
  set: SequenceSet,
  { split, label, task = 0, most = Number.POSITIVE_INFINITY }: ChooseSequences = {},
): KnownWindows {
  const { length, source } = set;
  if (length !== model.length) {
    throw new BindscapeError({
      source,
      found: `sequences of ${length} bp`,
      expected: `${model.length} bp, the model's window`,
    });
  }
  if (split !== undefined && !set.splits) {
    throw new BindscapeError({
      source,
      found: "sequences without splits",
      expected: `some of the split ${split}`,
    });
  }
  const tasks = set.tasks.length;
  const rows: number[] = [];
  for (let row = 0; row < set.count && rows.length < most; row++) {
    if (split !== undefined && set.splits![row] !== split) continue;
    if (label !== undefined && set.labels[row * tasks + task] !== label) continue;
    rows.push(row);
  }
  if (rows.length === 0) {
    throw new BindscapeError({
      source,
      found: `no ${label === undefined ? "" : label === 1 ? "bound " : "unbound "}sequences${split === undefined ? "" : ` in the split ${split}`}`,
      expected: "at least one",
    });
  }
  checkSize(rows.length, length, source);
  const codes = new Uint8Array(rows.length * length);
  rows.forEach((row, i) => {
    codes.set(set.codes.subarray(row * length, (row + 1) * length), i * length);
  });
  const { cores } = set;
  return encodeWindows(model, {
    source,
    count: rows.length,
    codes,
    names: set.names && rows.map((row) => set.names![row]),
    places: set.places && rows.map((row) => set.places![row]),
    labels: Float32Array.from(
      { length: rows.length * tasks },
      (_, i) => set.labels[rows[Math.floor(i / tasks)] * tasks + (i % tasks)],
    ),
    ...(cores && {
      cores: Int32Array.from({ length: rows.length * 2 }, (_, i) => cores[rows[i >> 1] * 2 + (i & 1)]),
      strands: new Int8Array(rows.length).fill(1),
    }),
  });
}
