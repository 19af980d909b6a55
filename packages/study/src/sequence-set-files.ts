import { BindscapeError } from "@bindscape/numerics";
import type { SequencePlace, SequenceSet, SequenceTask, SplitName } from "./sequence-set.js";

/** First line of `dataset.json` by which a folder is known to hold a sequence set. */
export const SEQUENCE_SET_FORMAT = "bindscape sequence set";

export const SPLIT_NAMES: readonly SplitName[] = ["training", "validation", "test"];

/** `FACTOR`, or `FACTOR|CELL` where there is a cell to name. */
export function writeTask({ factor, cell }: SequenceTask): string {
  return cell === "" ? factor : `${factor}|${cell}`;
}

/** The other way round; everything behind the first bar is the cell. */
export function readTask(text: string): SequenceTask {
  const bar = text.indexOf("|");
  return bar < 0 ? { factor: text, cell: "" } : { factor: text.slice(0, bar), cell: text.slice(bar + 1) };
}

/**
 * `chromosome:start-end(strand)`, 0-based and half-open; what stands behind a sequence's name in `sequences.fa`. A
 * window that reaches beyond the first base of its chromosome has a negative start.
 */
export function writePlace({ chromosome, start, end, strand }: SequencePlace): string {
  return `${chromosome}:${start}-${end}(${strand})`;
}

/** The place a FASTA description starts with; undefined where it starts with none. */
export function readPlace(description: string): SequencePlace | undefined {
  const match = /^(\S+):(-?\d+)-(\d+)\(([+-])\)(\s|$)/.exec(description);
  if (!match) return undefined;
  return {
    chromosome: match[1],
    start: Number(match[2]),
    end: Number(match[3]),
    strand: match[4] as "+" | "-",
  };
}

/** A core motif on the genome, 0-based and half-open, from where it lies in its sequence. */
export function placeCore(
  [coreStart, coreEnd]: readonly [number, number],
  { chromosome, start, end, strand }: SequencePlace,
): SequencePlace {
  return strand === "+"
    ? { chromosome, start: start + coreStart, end: start + coreEnd, strand }
    : { chromosome, start: end - coreEnd, end: end - coreStart, strand };
}

/** Where a core motif lies in its sequence: the other way round. */
export function findCore(
  core: { readonly start: number; readonly end: number },
  { start, end, strand }: SequencePlace,
): [number, number] {
  return strand === "+" ? [core.start - start, core.end - start] : [end - core.end, end - core.start];
}

/** A label as `labels.tsv` has it. */
export function writeLabel(label: number): "1" | "0" | "NA" {
  return Number.isNaN(label) ? "NA" : label === 1 ? "1" : "0";
}

/** The other way round; undefined for what is no label. */
export function readLabel(text: string): number | undefined {
  return text === "1" ? 1 : text === "0" ? 0 : text === "NA" || text === "" ? Number.NaN : undefined;
}

/**
 * Refuses a sequence set whose parts do not fit each other, before it is written.
 * @throws BindscapeError naming the part
 */
export function checkSequenceSet(set: SequenceSet): void {
  const { count, length, tasks } = set;
  const parts: [string, number | undefined, number][] = [
    ["codes", set.codes.length, count * length],
    ["labels", set.labels.length, count * tasks.length],
    ["splits", set.splits?.length, count],
    ["names", set.names?.length, count],
    ["places", set.places?.length, count],
    ["cores", set.cores?.length, 2 * count],
  ];
  for (const [part, found, expected] of parts) {
    if (found === undefined || found === expected) continue;
    throw new BindscapeError({
      source: set.source,
      found: `${found} ${part} for ${count} sequences`,
      expected: `${expected}`,
    });
  }
  for (const task of tasks) {
    const isPlain = task.factor !== "" && !task.factor.includes("|");
    if (isPlain && !/[\t\r\n]/.test(task.factor + task.cell)) continue;
    throw new BindscapeError({
      source: set.source,
      found: `the factor ${JSON.stringify(task.factor)} in the cell ${JSON.stringify(task.cell)}`,
      expected: "a factor without | and names without tabs and line ends",
    });
  }
}

/** How many sequences of each split are bound, unbound and without a label, by task. */
export function countLabels({ count, tasks, labels, splits }: SequenceSet) {
  const parts: readonly (SplitName | "all")[] = splits ? SPLIT_NAMES : ["all"];
  return Object.fromEntries(
    tasks.map((task, t) => {
      const byPart = Object.fromEntries(parts.map((part) => [part, { bound: 0, unbound: 0, missing: 0 }]));
      for (let row = 0; row < count; row++) {
        const counts = byPart[splits?.[row] ?? "all"];
        const label = labels[row * tasks.length + t];
        if (label === 1) counts.bound++;
        else if (label === 0) counts.unbound++;
        else counts.missing++;
      }
      return [writeTask(task), byPart];
    }),
  );
}
