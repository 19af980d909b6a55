import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  describeFileError,
  readNpz,
  withSource,
  writeFileAtomically,
  writeFolder,
  writeNpz,
} from "@bindscape/genome";
import { type SequenceSet, writeTask } from "@bindscape/study";
import type { RunRecord } from "../bundle/run-record.node.js";
import { baselineArrays, describeBaseline, restoreBaseline, type StoredBaseline } from "./baseline-file.js";
import { renderBaselinePage } from "./baseline-page.js";
import type { TrainedBaseline } from "./train-baseline.js";

/**
 * Writes a trained baseline as a folder: `baseline.json` (method, metrics), `model.npz`, `scores.tsv` (every sequence
 * with its part, labels and scores), `report.html` and `run.json`.
 */
export async function writeBaselineFolder(
  path: string,
  baseline: TrainedBaseline,
  set: SequenceSet,
  record: RunRecord,
  overwrite = false,
): Promise<void> {
  const page = renderBaselinePage({ baseline, set, command: record.command });
  await writeFolder(path, overwrite, async (folder) => {
    const write = (name: string, text: string) => writeFileAtomically(join(folder, name), text);
    await write("baseline.json", `${JSON.stringify(describeBaseline(baseline), null, 2)}\n`);
    await writeFileAtomically(join(folder, "model.npz"), (sink) =>
      writeNpz(sink, baselineArrays(baseline), { compress: true }),
    );
    await write("scores.tsv", formatScores(baseline, set));
    await write("report.html", page);
    await write("run.json", `${JSON.stringify(record, null, 2)}\n`);
  });
}

/** Reads the models of a folder that {@link writeBaselineFolder} wrote. */
export async function readBaselineFolder(path: string): Promise<StoredBaseline> {
  const file = join(path, "baseline.json");
  const text = await readFile(file, "utf8").catch((cause) => {
    throw describeFileError(cause, file, "read");
  });
  const arrays = await withSource(join(path, "model.npz"), readNpz);
  return restoreBaseline(text, arrays, path);
}

function formatScores({ tasks, splits }: TrainedBaseline, set: SequenceSet): string {
  const names = tasks.map(({ task }) => writeTask(task));
  const header = [
    "name",
    "split",
    ...names.map((name) => `label ${name}`),
    ...names.map((n) => `score ${n}`),
  ];
  const lines = [header.map((text) => text.trim()).join("\t")];
  for (let row = 0; row < set.count; row++) {
    const labels = tasks.map((_, t) => set.labels[row * tasks.length + t]);
    lines.push(
      [
        set.names?.[row] ?? `sequence${row + 1}`,
        splits[row],
        ...labels.map((label) => (Number.isNaN(label) ? "NA" : label)),
        ...tasks.map(({ scores }) => (Number.isNaN(scores[row]) ? "NA" : scores[row].toPrecision(7))),
      ].join("\t"),
    );
  }
  return `${lines.join("\n")}\n`;
}
