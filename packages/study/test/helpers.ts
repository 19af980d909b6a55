import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { encodeSequence, type Interval, type SequenceRecord } from "@bindscape/genome";
import { BindscapeError, Random } from "@bindscape/numerics";
import { afterAll, expect } from "vitest";
import { type Assembly, buildAssembly } from "../src/assembly.js";
import { BinTable } from "../src/bins.js";
import type { HoldOuts } from "../src/splits.js";
import type { Experiment, Study } from "../src/study.js";
import { parseStudyFile } from "../src/study-file.js";

/** A file or folder of the shared data, or null, said loudly: the tests that need it are skipped. */
export function findData(path: string): string | null {
  const root = resolve(import.meta.dirname, "../../..");
  const file = resolve(process.env.BINDSCAPE_DATA ?? resolve(root, "../shared/data"), path);
  if (existsSync(file)) return file;
  console.warn(`SKIPPED: tests that need ${path}; set BINDSCAPE_DATA to the folder of shared data`);
  return null;
}

/** A folder for the files of one test file, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bindscape-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asserts that work fails with a BindscapeError whose message has every one of some parts. */
export async function expectError(
  work: () => unknown,
  ...parts: (string | RegExp)[]
): Promise<BindscapeError> {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  if (!(error instanceof BindscapeError)) throw error ?? new Error("nothing was thrown");
  for (const part of parts) {
    if (typeof part === "string") expect(error.message).toContain(part);
    else expect(error.message).toMatch(part);
  }
  return error;
}

export function randomCodes(length: number, seed: number | string, shareOfN = 0): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => (random.uniform() < shareOfN ? 4 : random.integer(4)));
}

/** A genome file's records from text or codes. */
export function records(sequences: Record<string, string | Uint8Array>): SequenceRecord[] {
  return Object.entries(sequences).map(([name, sequence]) => ({
    name,
    description: "",
    codes: typeof sequence === "string" ? encodeSequence(sequence) : sequence,
  }));
}

/** An assembly of random sequence: whole chromosomes, or pieces where names say `chromosome:start-end`. */
export function makeAssembly(sizes: Record<string, number>, seed = 1): Assembly {
  const pieces = Object.keys(sizes).some((name) => name.includes(":"));
  const sequences = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, randomCodes(size, `${seed} ${name}`)]),
  );
  return buildAssembly(records(sequences), { name: "test", source: "test.fa", pieces });
}

export const NO_HOLD_OUTS: HoldOuts = { validation: [], test: [], unlabelled: [], blacklist: [] };

export function interval(text: string): Interval {
  const [, chromosome, start, end] = /^(.+):(\d+)-(\d+)$/.exec(text)!;
  return { chromosome, start: Number(start), end: Number(end) };
}

/** A study in memory, without files. */
export function makeStudy(
  assembly: Assembly,
  experiments: readonly (Partial<Experiment> & {
    readonly factor: string;
    readonly peaks: readonly Interval[];
  })[],
  { size = 200, step = 50, boundOverlap = 101, holdOuts = NO_HOLD_OUTS } = {},
): Study {
  const names = experiments.map(({ factor, cell = "C" }) => `{ factor: ${factor}, cell: ${cell}, peaks: p }`);
  const cells = [...new Set(["C", ...experiments.map(({ cell = "C" }) => cell)])];
  const text = `name: test
assembly: { name: test, genome: g }
bins: { size: ${size}, step: ${step}, boundOverlap: ${boundOverlap} }
cells: { ${cells.map((cell) => `${cell}: {}`).join(", ")} }
experiments: [${names.join(", ")}]
holdOut: { validation: { chromosomes: [v] }, test: { chromosomes: [t] } }`;
  return {
    name: "test",
    source: "test.yaml",
    file: parseStudyFile(text, "test.yaml"),
    assembly,
    bins: new BinTable(assembly, { size, step }),
    holdOuts,
    experiments: experiments.map((experiment) => ({
      cell: "C",
      relaxedPeaks: [],
      motif: null,
      signalFile: null,
      ...experiment,
    })),
    motifs: [],
    inputs: [],
    warnings: [],
    loadCell: async () => ({ segments: assembly.segments, codes: assembly.codes, tracks: [] }),
    openCell: async () => null,
  };
}

/** Asserts that two arrays hold the same numbers, bit for bit; much faster on long ones than `toEqual`. */
export function expectSameArray(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(found[i], expected[i]))
      throw new Error(`entry ${i} is ${found[i]}, expected ${expected[i]}`);
  }
}
