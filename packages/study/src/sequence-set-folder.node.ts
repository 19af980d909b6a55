import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type BedColumns,
  type ByteSource,
  describeFileError,
  readBedRecords,
  readTextLines,
  type SequenceRecord,
  streamFasta,
  withSource,
  writeBed,
  writeFasta,
  writeFileAtomically,
  writeFolder,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { SequencePlace, SequenceSet, SplitName } from "./sequence-set.js";
import {
  checkSequenceSet,
  countLabels,
  findCore,
  placeCore,
  readLabel,
  readPlace,
  readTask,
  SEQUENCE_SET_FORMAT,
  SPLIT_NAMES,
  writeLabel,
  writePlace,
  writeTask,
} from "./sequence-set-files.js";

export interface WriteSequenceSetOptions {
  /** Replace a data set that has the name already. */
  readonly overwrite?: boolean;
  /** What `dataset.json` says beside the format, the length, the tasks and the counts: options, matching, warnings. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Column 5 of `sites.bed`, by sequence: 0 where absent. Genome browsers expect whole numbers from 0 to 1000. */
  readonly siteScores?: ArrayLike<number>;
  /** More files by name, such as `report.html` and `run.json`. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Writes a sequence set as a folder that any tool can read:
 * `sequences.fa` (name, then the place as `chromosome:start-end(strand)`, 0-based and half-open),
 * `labels.tsv` (`name`, `split`, one column a task; 1, 0 or NA), `sites.bed` (the core motifs, where there are any, on
 * the genome; on the sequence itself where its place is not known) and `dataset.json`. All lines are in the order of
 * the set. Sequences without names are named sequence1, sequence2 and so on; without splits, the column says NA.
 * @throws BindscapeError where parts of the set do not fit each other, names repeat, or the folder may not be written
 */
export async function writeSequenceSetFolder(
  path: string,
  set: SequenceSet,
  options: WriteSequenceSetOptions = {},
): Promise<void> {
  const { overwrite = false, details = {}, siteScores, files = {} } = options;
  checkSequenceSet(set);
  const names = set.names ?? Array.from({ length: set.count }, (_, i) => `sequence${i + 1}`);
  refuseRepeatedNames(names, set.source);
  await writeFolder(path, overwrite, async (partial) => {
    await writeFileAtomically(join(partial, "sequences.fa"), (sink) =>
      writeFasta(sink, listRecords(set, names)),
    );
    await writeFileAtomically(join(partial, "labels.tsv"), async (sink) => {
      await sink.write(`${["name", "split", ...set.tasks.map(writeTask)].join("\t")}\n`);
      for (const line of listLabels(set, names)) await sink.write(line);
    });
    if (set.cores) {
      await writeFileAtomically(join(partial, "sites.bed"), (sink) =>
        writeBed(sink, listSites(set, names, siteScores)),
      );
    }
    const description = {
      format: SEQUENCE_SET_FORMAT,
      version: 1,
      sequences: set.count,
      length: set.length,
      tasks: set.tasks.map(writeTask),
      counts: countLabels(set),
      ...details,
    };
    await writeFileAtomically(join(partial, "dataset.json"), `${JSON.stringify(description, null, 2)}\n`);
    for (const [name, text] of Object.entries(files)) await writeFileAtomically(join(partial, name), text);
  });
}

/**
 * Reads what {@link writeSequenceSetFolder} wrote.
 * @throws BindscapeError for a folder that is none, and for files that do not fit each other, with the line
 */
export async function readSequenceSetFolder(path: string): Promise<SequenceSet> {
  const { length, count } = await readDescription(path);
  const rows = await withSource(join(path, "labels.tsv"), (source) => readLabelRows(source, count));
  const { codes, places } = await withSource(join(path, "sequences.fa"), (source) =>
    readSequences(source, rows.names, length),
  );
  const sitesFile = join(path, "sites.bed");
  const cores = existsSync(sitesFile)
    ? await withSource(sitesFile, (source) => readCores(source, rows.names, length, places))
    : undefined;
  return { source: path, count, length, codes, ...rows, ...(places && { places }), ...(cores && { cores }) };
}

function* listRecords({ codes, length, places }: SequenceSet, names: readonly string[]) {
  for (const [row, name] of names.entries()) {
    const description = places ? writePlace(places[row]) : "";
    yield { name, description, codes: codes.subarray(row * length, (row + 1) * length) };
  }
}

function* listLabels({ labels, tasks, splits }: SequenceSet, names: readonly string[]) {
  for (const [row, name] of names.entries()) {
    const own = Array.from(labels.subarray(row * tasks.length, (row + 1) * tasks.length), writeLabel);
    yield `${[name, splits?.[row] ?? "NA", ...own].join("\t")}\n`;
  }
}

function* listSites(
  { cores, places }: SequenceSet,
  names: readonly string[],
  scores: ArrayLike<number> | undefined,
): Generator<BedColumns> {
  for (const [row, name] of names.entries()) {
    const core: [number, number] = [cores![2 * row], cores![2 * row + 1]];
    const site = places
      ? placeCore(core, places[row])
      : ({ chromosome: name, start: core[0], end: core[1], strand: "+" } as const);
    yield { ...site, name, score: scores?.[row] ?? 0 };
  }
}

function refuseRepeatedNames(names: readonly string[], source: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      throw new BindscapeError({
        source,
        found: `two sequences named ${name}`,
        expected: "a name of its own for every sequence",
      });
    }
    seen.add(name);
  }
}

async function readDescription(path: string): Promise<{ length: number; count: number }> {
  const file = join(path, "dataset.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw describeFileError(error, file, "read");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BindscapeError({ source: file, found: "text that is no JSON", cause });
  }
  const { format, length, sequences } = (value ?? {}) as Record<string, unknown>;
  const isCount = (number: unknown) => typeof number === "number" && Number.isSafeInteger(number);
  if (format !== SEQUENCE_SET_FORMAT || !isCount(length) || !isCount(sequences)) {
    throw new BindscapeError({
      source: file,
      found: "no description of a data set",
      expected: `"format": "${SEQUENCE_SET_FORMAT}", a length and a number of sequences`,
      next: "`bindscape dataset --help` says what makes data sets",
    });
  }
  return { length: length as number, count: sequences as number };
}

async function readLabelRows(source: ByteSource, count: number) {
  const names: string[] = [];
  const splits: (SplitName | undefined)[] = [];
  let columns: string[] = [];
  let labels = new Float32Array(0);
  for await (const { line, text } of readTextLines(source)) {
    if (text === "") continue;
    const fields = text.split("\t");
    const refuse = (found: string, expected: string) =>
      new BindscapeError({ source: source.name, line, found, expected });
    if (line === 1) {
      if (fields[0] !== "name" || fields[1] !== "split" || fields.length < 3) {
        throw refuse("another header", "name, split and one column a task, between tabs");
      }
      columns = fields.slice(2);
      labels = new Float32Array(count * columns.length);
      continue;
    }
    if (fields.length !== columns.length + 2) {
      throw refuse(`${fields.length} columns`, `${columns.length + 2}, as in the header`);
    }
    const row = names.length;
    if (row === count) throw refuse("one sequence more", `${count} sequences, as dataset.json says`);
    const split = fields[1] === "NA" ? undefined : (fields[1] as SplitName);
    if (split !== undefined && !SPLIT_NAMES.includes(split)) {
      throw refuse(`the split ${JSON.stringify(split)}`, `${SPLIT_NAMES.join(", ")} or NA`);
    }
    for (const [column, field] of fields.slice(2).entries()) {
      const label = readLabel(field);
      if (label === undefined) throw refuse(`the label ${JSON.stringify(field)}`, "1, 0 or NA");
      labels[row * columns.length + column] = label;
    }
    names.push(fields[0]);
    splits.push(split);
  }
  if (names.length !== count) {
    throw new BindscapeError({
      source: source.name,
      found: `${names.length} sequences`,
      expected: `${count}, as dataset.json says`,
    });
  }
  const known = splits.filter((split) => split !== undefined);
  if (known.length > 0 && known.length < count) {
    throw new BindscapeError({
      source: source.name,
      found: `no split for ${count - known.length} of ${count} sequences`,
      expected: "a split for all sequences or for none",
    });
  }
  const tasks = columns.map(readTask);
  return { names, tasks, labels, ...(known.length > 0 && { splits: known }) };
}

async function readSequences(source: ByteSource, names: readonly string[], length: number) {
  const codes = new Uint8Array(names.length * length);
  const places: SequencePlace[] = [];
  let row = 0;
  if (names.length > 0) {
    for await (const record of streamFasta(source, { uniqueNames: false })) {
      checkRecord(record, row, names, length, source.name);
      codes.set(record.codes, row++ * length);
      const place = readPlace(record.description);
      if (place && place.end - place.start === length) places.push(place);
    }
  }
  if (row !== names.length) {
    throw new BindscapeError({
      source: source.name,
      found: `${row} sequences`,
      expected: `${names.length}, as labels.tsv has`,
    });
  }
  return { codes, places: places.length === row && row > 0 ? places : undefined };
}

function checkRecord(
  { name, codes }: SequenceRecord,
  row: number,
  names: readonly string[],
  length: number,
  source: string,
): void {
  if (name !== names[row]) {
    throw new BindscapeError({
      source,
      found: `${name} as sequence ${row + 1}`,
      expected:
        row < names.length
          ? `${names[row]}, in the order of labels.tsv`
          : `${names.length} sequences, as labels.tsv has`,
    });
  }
  if (codes.length !== length) {
    throw new BindscapeError({
      source,
      found: `${name} has ${codes.length} bases`,
      expected: `${length}, as dataset.json says`,
    });
  }
}

async function readCores(
  source: ByteSource,
  names: readonly string[],
  length: number,
  places: readonly SequencePlace[] | undefined,
): Promise<Int32Array> {
  const cores = new Int32Array(2 * names.length);
  let row = 0;
  for await (const site of readBedRecords(source)) {
    const refuse = (found: string, expected: string) =>
      new BindscapeError({ source: source.name, line: site.line, found, expected });
    if (site.name !== names[row]) {
      throw refuse(`the site ${site.name ?? "without a name"}`, names[row] ?? "no more sites than sequences");
    }
    const [start, end] = places ? findCore(site, places[row]) : [site.start, site.end];
    if (start < 0 || end > length || start >= end) {
      throw refuse(`a site at ${start}-${end} of its sequence`, `bases within its ${length} bp`);
    }
    cores[2 * row] = start;
    cores[2 * row + 1] = end;
    row++;
  }
  if (row === names.length) return cores;
  throw new BindscapeError({ source: source.name, found: `${row} sites`, expected: `${names.length}` });
}
