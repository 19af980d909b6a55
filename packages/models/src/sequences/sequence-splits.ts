import { BindscapeError, Random } from "@bindscape/numerics";
import type { SequenceSet } from "@bindscape/study";

/** Rows of a sequence set. */
export interface TrainingRows {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Which rows are trained and which validated on: as the set's own splits say; where it has none, or none for
 * validation, a share of the rows is drawn for validation.
 * @throws BindscapeError where either would be empty
 */
export function splitRows(
  set: Pick<SequenceSet, "count" | "splits" | "source">,
  validationShare: number,
  seed: number,
): TrainingRows {
  const all = Array.from({ length: set.count }, (_, row) => row);
  const { splits } = set;
  const own = (name: string) => all.filter((row) => splits?.[row] === name);
  let training = splits ? own("training") : all;
  let validation = own("validation");
  if (validation.length === 0) {
    const shuffled = Random.forPart(seed, "validation").shuffle(Uint32Array.from(training));
    const drawn = new Set(shuffled.subarray(0, Math.round(validationShare * training.length)));
    validation = training.filter((row) => drawn.has(row));
    training = training.filter((row) => !drawn.has(row));
  }
  if (training.length === 0 || validation.length === 0) {
    throw new BindscapeError({
      source: set.source,
      found: `${training.length} sequences to train on and ${validation.length} to validate on`,
      expected: "some of each",
      next: "Give more sequences, or another --validation-share",
    });
  }
  return { training: Uint32Array.from(training), validation: Uint32Array.from(validation) };
}
