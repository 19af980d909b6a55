import { BindscapeError } from "@bindscape/numerics";
import type { ExplainedModel } from "./explained-model.js";

/** Throws unless a verb that says something about bases can be asked for this output of this model. */
export function checkExplained(
  verb: string,
  { baseChannels, tasks }: Pick<ExplainedModel, "baseChannels" | "tasks">,
  task: number,
): void {
  if (baseChannels !== 4) {
    throw new BindscapeError({
      source: verb,
      found: "a model that sees no bases",
      expected: "one that sees the sequence",
    });
  }
  if (!(Number.isInteger(task) && task >= 0 && task < tasks)) {
    throw new BindscapeError({
      source: verb,
      found: `output ${task}`,
      expected: `a whole number from 0 to ${tasks - 1}`,
    });
  }
}
