import type { SequenceTask } from "@bindscape/study";
import type { AttributionFile } from "../attribution-file.js";
import type { Attributions } from "../attributions.js";
import type { KnownWindows } from "../windows/sequence-windows.js";

/** Attributions with what is known of their windows, as attribution files hold them. */
export function describeAttributions(
  found: Attributions,
  windows: KnownWindows,
  tasks: readonly SequenceTask[],
): AttributionFile {
  const { method, count, length, values, hypothetical, predictions, deltas, task, of } = found;
  const { source, codes, labels, cores, strands, names, places } = windows;
  return {
    source,
    method,
    count,
    length,
    attributions: values,
    hypothetical,
    predictions,
    codes,
    labels,
    cores,
    strands,
    deltas,
    target: task,
    of,
    tasks: tasks.map(({ factor, cell }) => ({ factor, cell })),
    names,
    places,
  };
}
