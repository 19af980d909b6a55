import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";
import type { HistoryEntry } from "../report/report-data.js";

/** An epoch as `history.jsonl` and checkpoints have it. */
export const historyEntrySchema = z.object({
  epoch: z.int().positive(),
  trainingLoss: z.number(),
  validationLoss: z.number(),
  withinCellLoss: z.number().optional(),
  learningRate: z.number(),
  seconds: z.number(),
});

/** One JSON object a line, as `history.jsonl` has it. */
export function writeHistory(entries: readonly HistoryEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** @throws BindscapeError naming the first line that is no epoch */
export function parseHistory(text: string, source: string): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const result = historyEntrySchema.safeParse(parseJson(line));
    if (!result.success) {
      throw new BindscapeError({
        source,
        line: index + 1,
        found: line.length > 60 ? `${line.slice(0, 60)}...` : line,
        expected: "an epoch as JSON: epoch, trainingLoss, validationLoss, learningRate, seconds",
      });
    }
    entries.push(result.data);
  }
  return entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
