// Reads the human sequence sets and writes the tables that this example trains on: for each GUE set its rows with a
// column `split`, and for pre-training all the other sets as one table with a column of labels each.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSequence } from "@bindscape/genome";
import { splitRows, takeSequences } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { readSequenceSet } from "@bindscape/study";
import { ChunkIndex } from "./chunk-index.mjs";

export const TARGETS = ["tf0", "tf1", "tf2"];
const DEEPBIND = [
  "ARID3A_K562",
  "CTCFL_K562",
  "ELK1_GM12878",
  "FOXA1_HepG2",
  "GABPA_GM12878",
  "REST_GM12878",
];
/** Share of the rows that is measured on, and seed of the draw. */
const TEST = { share: 0.1, seed: 0 };
/** Of the rows left, the share that the epoch is chosen by: no row that is measured on chooses anything. */
const VALIDATION = { share: 0.1, seed: 1 };

/** The three GUE sets, each with the part of every row. */
export async function readTargets(source, rows) {
  const targets = new Map();
  for (const name of TARGETS) {
    const read = await readSequenceSet(join(source, "gue", `${name}.train.csv.gz`));
    const set =
      rows < read.count
        ? takeSequences(
            read,
            Array.from({ length: rows }, (_, row) => row),
          )
        : read;
    const measured = new Set(splitRows(set, TEST.share, TEST.seed).validation);
    const others = Uint32Array.from({ length: set.count }, (_, row) => row).filter(
      (row) => !measured.has(row),
    );
    const choosing = new Set(
      [...splitRows(takeSequences(set, others), VALIDATION.share, VALIDATION.seed).validation].map(
        (at) => others[at],
      ),
    );
    const splits = Array.from({ length: set.count }, (_, row) =>
      measured.has(row) ? "test" : choosing.has(row) ? "validation" : "training",
    );
    targets.set(name, { ...set, splits });
  }
  return targets;
}

/** Writes the table of one GUE set and returns its path. */
export function writeTarget(set, folder, name) {
  mkdirSync(folder, { recursive: true });
  const lines = ["sequence,label,split"];
  for (let row = 0; row < set.count; row++)
    lines.push(`${textOf(set, row)},${set.labels[row]},${set.splits[row]}`);
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/**
 * Writes the compendium for one GUE set: the two others and the six DeepBind sets. A row that shares a stretch of 26 bp,
 * on either strand, with a row that the target is validated or measured on is left out. DeepBind's sets have positives
 * alone: a peak of one factor is unbound for the other five unless it shares such a stretch with a peak of theirs.
 * @returns path, and how many rows were kept and left out
 */
export async function writeCompendium(source, targets, target, folder, rows) {
  const others = TARGETS.filter((name) => name !== target);
  const tasks = [...others, ...DEEPBIND];
  const own = targets.get(target);
  const forbidden = new ChunkIndex();
  for (let row = 0; row < own.count; row++)
    if (own.splits[row] !== "training") forbidden.add(codesOf(own, row));

  const kept = [];
  let left = 0;
  const add = (codes, labels) => {
    if (forbidden.sharesChunk(codes)) left++;
    else kept.push([decodeSequence(codes), ...tasks.map((task) => labels[task] ?? "")].join(","));
  };
  for (const name of others) {
    const set = targets.get(name);
    for (let row = 0; row < set.count; row++) add(codesOf(set, row), { [name]: set.labels[row] });
  }
  const peaks = new Map();
  const shuffled = new Map();
  for (const name of DEEPBIND) {
    const positives = await readSequenceSet(join(source, "deepbind", `${name}_AC.seq.gz`));
    const balanced = await readSequenceSet(join(source, "deepbind", `${name}_B.seq.gz`));
    const all = [positives, balanced].flatMap((set) =>
      Array.from({ length: set.count }, (_, row) => ({ codes: codesOf(set, row), label: set.labels[row] })),
    );
    const limit = (list) => Random.forPart(0, name).shuffle(list).slice(0, rows);
    peaks.set(name, limit(all.filter(({ label }) => label === 1)));
    shuffled.set(name, limit(all.filter(({ label }) => label === 0)));
  }
  const indices = new Map(
    DEEPBIND.map((name) => {
      const index = new ChunkIndex();
      for (const { codes } of peaks.get(name)) index.add(codes);
      return [name, index];
    }),
  );
  for (const name of DEEPBIND) {
    for (const { codes } of peaks.get(name)) {
      const labels = DEEPBIND.map((other) => [
        other,
        other === name || indices.get(other).sharesChunk(codes) ? 1 : 0,
      ]);
      add(codes, Object.fromEntries(labels));
    }
    for (const { codes } of shuffled.get(name)) add(codes, { [name]: 0 });
  }
  const path = join(folder, `${target}-compendium.csv`);
  writeFileSync(path, `${[["sequence", ...tasks].join(","), ...kept].join("\n")}\n`);
  return { path, kept: kept.length, left };
}

function codesOf({ codes, length }, row) {
  return codes.subarray(row * length, (row + 1) * length);
}

function textOf(set, row) {
  return decodeSequence(codesOf(set, row));
}
