import type { HistoryEntry } from "../report/report-data.js";

/** One JSON object a line, as `history.jsonl` has it. */
export function writeHistory(entries: readonly HistoryEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

export function parseHistory(text: string): HistoryEntry[] {
  return text
    .split("\n")
    .filter((line) => line.length > 0)
    .map((line) => JSON.parse(line) as HistoryEntry);
}
