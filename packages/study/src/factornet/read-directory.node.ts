import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { isAddress, openFile, readTextLines } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** A signal file and the name of its channel: a line of `bigwig.txt`. */
export interface FactornetTrack {
  readonly name: string;
  /** Resolved, or an address. */
  readonly file: string;
}

/** Peaks of one factor: a line of `chip.txt`. */
export interface FactornetExperiment {
  readonly factor: string;
  /** Conservative peaks, resolved. */
  readonly peaks: string;
  /** Relaxed peaks, resolved, where the line has them. */
  readonly relaxedPeaks?: string;
}

/** One cell as FactorNet's programs take it: a folder with `bigwig.txt`, `chip.txt` and `meta.txt`. */
export interface FactornetDirectory {
  /** The folder's own name, which is the cell's. */
  readonly cell: string;
  readonly path: string;
  readonly tracks: readonly FactornetTrack[];
  /** Empty for a cell that is only predicted in: `chip.txt` may be missing. */
  readonly experiments: readonly FactornetExperiment[];
  /** Numbers of the cell in the order of `meta.txt`; null where there is no such file. */
  readonly covariates: readonly { readonly name: string; readonly value: number }[] | null;
}

/**
 * Reads a cell's folder as FactorNet lays it out: `bigwig.txt` (file, name), `chip.txt` (conservative peaks, factor
 * and, optionally, relaxed peaks) and `meta.txt` (value, name), separated by tabs or spaces. Files are relative to
 * the folder.
 * @throws BindscapeError naming the line of a file that is missing, a name that is there twice, a value that is no
 *   number, or columns that are in the wrong order
 */
export async function readFactornetDirectory(path: string): Promise<FactornetDirectory> {
  const folder = resolve(path);
  const listed = {
    bigwig: join(path, "bigwig.txt"),
    chip: join(path, "chip.txt"),
    meta: join(path, "meta.txt"),
  };
  if (!existsSync(listed.bigwig) && !existsSync(listed.chip)) {
    throw new BindscapeError({
      source: path,
      found: existsSync(path) ? "no bigwig.txt and no chip.txt" : "no such folder",
      expected: "a folder as FactorNet has one a cell: bigwig.txt, chip.txt and, optionally, meta.txt",
    });
  }
  const tracks = await readList(listed.bigwig, 2, "a signal file and its name", ({ fields, find }) => ({
    name: fields[1],
    file: find(fields[0], 'columns in the order "file, name"'),
  }));
  checkDistinct(tracks, listed.bigwig, ({ name }) => name);
  const experiments = await readList(
    listed.chip,
    2,
    "a peak file, its factor and, optionally, a file of relaxed peaks",
    ({ fields, find }) => ({
      factor: fields[1],
      peaks: find(fields[0], 'columns in the order "peaks, factor, relaxed peaks"'),
      ...(fields[2] === undefined
        ? {}
        : { relaxedPeaks: find(fields[2], "a file of relaxed peaks in column 3") }),
    }),
  );
  checkDistinct(experiments, listed.chip, ({ factor }) => factor.toLowerCase());
  const covariates = existsSync(listed.meta)
    ? await readList(listed.meta, 2, "a value and its name", ({ fields, line }) => {
        const value = Number(fields[0]);
        if (Number.isFinite(value)) return { name: fields[1], value };
        throw new BindscapeError({
          source: listed.meta,
          line,
          found: `the value "${fields[0].slice(0, 60)}"`,
          expected: "a number in column 1 and its name in column 2",
        });
      })
    : null;
  if (covariates) checkDistinct(covariates, listed.meta, ({ name }) => name);
  const strip = (entries: readonly Listed<object>[]) => entries.map(({ line: _, ...entry }) => entry);
  return {
    cell: basename(folder),
    path,
    tracks: strip(tracks) as FactornetTrack[],
    experiments: strip(experiments) as FactornetExperiment[],
    covariates: covariates && (strip(covariates) as { name: string; value: number }[]),
  };
}

/**
 * Refuses cells that cannot be put side by side: models tell channels and covariates by their place, so names and
 * their order must agree.
 */
export function checkDirectoriesAgree(directories: readonly FactornetDirectory[]): void {
  const [first, ...others] = directories;
  for (const other of others) {
    if (other.cell === first.cell) {
      throw new BindscapeError({
        source: other.path,
        found: `a second folder named ${other.cell} (the first is ${first.path})`,
        expected: "folders whose own names tell the cells apart",
      });
    }
    compareNames("bigwig.txt", first, other, namesOf(first.tracks), namesOf(other.tracks));
    compareNames("meta.txt", first, other, namesOf(first.covariates), namesOf(other.covariates));
  }
  if (others.length > 1) checkDirectoriesAgree(others);
}

function namesOf(entries: readonly { readonly name: string }[] | null): string[] | null {
  return entries?.map(({ name }) => name) ?? null;
}

function compareNames(
  file: string,
  first: FactornetDirectory,
  other: FactornetDirectory,
  expected: readonly string[] | null,
  found: readonly string[] | null,
): void {
  const write = (names: readonly string[] | null) => (names ? names.join(", ") || "nothing" : "no such file");
  if (write(expected) === write(found)) return;
  const sameNames = write(expected && [...expected].sort()) === write(found && [...found].sort());
  throw new BindscapeError({
    source: join(other.path, file),
    found: sameNames ? `the order ${write(found)}` : `${write(found)}`,
    expected: `${write(expected)}, as in ${join(first.path, file)}`,
    next: "Names and their order must agree between cells",
  });
}

/** An entry of a list with the line it stands on. */
type Listed<T> = T & { readonly line: number };

interface ListLine {
  readonly fields: readonly string[];
  readonly line: number;
  /** Path of a file named on the line, which has to be there. */
  find(name: string, expected: string): string;
}

/** The lines of one of the three lists; none where the file is missing. */
async function readList<T extends object>(
  file: string,
  columns: number,
  expected: string,
  parse: (line: ListLine) => T,
): Promise<Listed<T>[]> {
  if (!existsSync(file)) return [];
  const entries: Listed<T>[] = [];
  const source = await openFile(file);
  try {
    for await (const { line, text } of readTextLines(source)) {
      if (text.trim() === "" || text.startsWith("#")) continue;
      const fields = text
        .trim()
        .split(text.includes("\t") ? /\t/ : /\s+/)
        .map((field) => field.trim());
      if (fields.length < columns || fields.slice(0, columns).includes("")) {
        const found = `the line has ${fields.length === 1 ? "only 1 column" : "an empty column"}`;
        throw new BindscapeError({ source: file, line, found, expected });
      }
      const find = (name: string, what: string) => {
        if (isAddress(name)) return name;
        const path = resolve(file, "..", name);
        if (existsSync(path)) return path;
        throw new BindscapeError({
          source: file,
          line,
          found: `the file ${name}, which does not exist`,
          expected: `a file at ${path}`,
          next: `File names are relative to the folder of the list, with ${what}`,
        });
      };
      entries.push({ ...parse({ fields, line, find }), line });
    }
  } finally {
    await source.close();
  }
  return entries;
}

function checkDistinct<T extends object>(
  entries: readonly Listed<T>[],
  source: string,
  keyOf: (entry: T) => string,
): void {
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const before = seen.get(key);
    if (before !== undefined) {
      throw new BindscapeError({
        source,
        line: entry.line,
        found: `a second line for ${key} (the first is line ${before})`,
        expected: "every name once",
      });
    }
    seen.set(key, entry.line);
  }
}
