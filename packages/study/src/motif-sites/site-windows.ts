import { reverseComplementCodes, unknownBase } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import type { CellAccess } from "../cell-access.js";
import type { SequencePlace } from "../sequence-set.js";
import { takeTurn } from "../take-turn.js";

/** What a window shows of its core motif: everything, N in its place, or N everywhere else. */
export const CORE_RULES = ["keep", "mask", "only"] as const;
export type CoreRule = (typeof CORE_RULES)[number];

/** Where the core starts in a window that is centred on it: one base nearer to the start where it cannot be even. */
export function coreOffset(windowLength: number, coreLength: number): number {
  if (coreLength > windowLength) {
    throw new BindscapeError({
      found: `windows of ${windowLength} bp for a motif of ${coreLength} bp`,
      expected: "windows at least as long as the motif",
    });
  }
  return Math.floor((windowLength - coreLength) / 2);
}

/**
 * The window centred on an instance, in the direction of the motif: on either strand the core starts at the same
 * base of the window. It may reach beyond its chromosome.
 */
export function placeWindow(core: SequencePlace, windowLength: number): SequencePlace {
  const { chromosome, strand } = core;
  const offset = coreOffset(windowLength, core.end - core.start);
  const start = strand === "+" ? core.start - offset : core.end + offset - windowLength;
  return { chromosome, start, end: start + windowLength, strand };
}

/**
 * Codes of windows, [windows, length], in the direction of their strands; N beyond the ends of their segments.
 * @param core first base and end of the core in every window
 */
export async function readWindowCodes(
  access: CellAccess,
  windows: readonly { readonly segmentIndex: number; readonly window: SequencePlace }[],
  length: number,
  core: readonly [number, number],
  rule: CoreRule,
  { onProgress, signal }: { readonly onProgress?: ProgressListener; readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const codes = new Uint8Array(windows.length * length).fill(unknownBase);
  for (const [row, { segmentIndex, window: place }] of windows.entries()) {
    if (row % 1024 === 0) {
      await takeTurn(signal);
      onProgress?.({ task: "reading windows", done: row, total: windows.length, unit: "windows" });
    }
    const segment = access.segments[segmentIndex];
    const start = Math.max(segment.start, place.start);
    const end = Math.min(segment.end, place.end);
    const read = await access.readCodes(segmentIndex, start, end);
    const isForward = place.strand === "+";
    const at = isForward ? start - place.start : place.end - end;
    const into = codes.subarray(row * length, (row + 1) * length);
    into.set(isForward ? read : reverseComplementCodes(read), at);
    if (rule === "mask") into.fill(unknownBase, core[0], core[1]);
    if (rule === "only") {
      into.fill(unknownBase, 0, core[0]);
      into.fill(unknownBase, core[1]);
    }
  }
  onProgress?.({ task: "reading windows", done: windows.length, total: windows.length, unit: "windows" });
  return codes;
}
