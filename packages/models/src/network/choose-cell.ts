import { BindscapeError } from "@bindscape/numerics";
import type { ModelFile } from "../bundle/model-file.js";

/**
 * The cell to use a network in: the one asked for, else the one it was trained in.
 * @throws BindscapeError where none is asked for and it was trained in several
 */
export function chooseCell(task: ModelFile["tasks"][number], given?: string): string {
  if (given !== undefined || !task.cells) return given ?? task.cell;
  throw new BindscapeError({
    found: `a model of ${task.factor} that was trained in ${task.cells.length} cells (${task.cells.join(", ")})`,
    expected: "the cell to use it in",
    next: "Choose a cell of the study with --cell; it may be one that was not trained in",
  });
}
