import { unknownBase } from "@bindscape/genome";
import { SequenceShuffler } from "@bindscape/motifs";
import { BindscapeError, Random } from "@bindscape/numerics";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { observedBase } from "./substitutions.js";

/**
 * What windows are compared with. Channels of tracks, and features beside the windows, are always those of the window
 * itself, so that what is split over bases is what the bases make of the score.
 */
export type References =
  /** Bases of 0. */
  | { readonly kind: "zeros" }
  /** Every position holds `frequencies` of A, C, G, T; a quarter each where absent. */
  | { readonly kind: "uniform"; readonly frequencies?: readonly number[] }
  /** Each window's own bases in another order with the same dinucleotides, several times (Altschul and Erickson 1985). */
  | {
      readonly kind: "shuffled";
      /** Shuffles of a window. Default 10. */
      readonly count?: number;
      /** Default 0. */
      readonly seed?: number | string;
    }
  /** The same given sequences for all windows, or its own for each. */
  | {
      readonly kind: "given";
      /** For errors and records. */
      readonly source: string;
      /** [count, 4, length], or [windows, count, 4, length]: A, C, G, T. */
      readonly values: Float32Array;
      /** References of a window. */
      readonly count: number;
      /** Windows that have references of their own; absent where all share them. */
      readonly windows?: number;
      /** bp of a reference. */
      readonly length: number;
      /** Of shared references, for errors. */
      readonly names?: readonly string[];
    };

export const DEFAULT_REFERENCES: References = { kind: "shuffled" };

const DEFAULT_SHUFFLES = 10;

/** References of some windows, ready for a network. */
export interface ReferenceWindows {
  /** References of a window. */
  readonly count: number;
  /** Whether all windows have the same ones. */
  readonly shared: boolean;
  /** [windows, count, channels, length] of windows [start, end), or [count, channels, length] where they are shared. */
  fill(start: number, end: number): Float32Array;
}

/**
 * References as a model's windows.
 * @throws BindscapeError for references of another length, for none, or for frequencies that do not sum to 1
 */
export function makeReferences(
  model: ExplainedModel,
  windows: ExplainedWindows,
  references: References,
): ReferenceWindows {
  const { channels, length } = model;
  checkReferences(model, windows, references);
  const count =
    references.kind === "given"
      ? references.count
      : references.kind === "shuffled"
        ? (references.count ?? DEFAULT_SHUFFLES)
        : 1;
  const ownBases =
    references.kind === "shuffled" || (references.kind === "given" && references.windows !== undefined);
  const shared = !ownBases && channels === 4 && model.features === 0;
  const putBases = baseWriter(model, windows, references, count);
  return {
    count,
    shared,
    fill(start, end) {
      const rows = shared ? 1 : end - start;
      const values = new Float32Array(rows * count * channels * length);
      const size = channels * length;
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < count; k++) {
          const into = values.subarray((row * count + k) * size, (row * count + k + 1) * size);
          if (channels > 4) {
            const from = (start + row) * size;
            into.set(windows.windows.subarray(from + 4 * length, from + size), 4 * length);
          }
          putBases(start + row, k, into);
        }
      }
      return values;
    },
  };
}

/** Writes reference `k` of a window into the first four channels. */
function baseWriter(
  model: ExplainedModel,
  windows: ExplainedWindows,
  references: References,
  count: number,
): (window: number, k: number, into: Float32Array) => void {
  const { length } = model;
  switch (references.kind) {
    case "zeros":
      return () => undefined;
    case "uniform": {
      const frequencies = references.frequencies ?? [0.25, 0.25, 0.25, 0.25];
      return (_window, _k, into) =>
        frequencies.forEach((frequency, base) => {
          into.fill(frequency, base * length, (base + 1) * length);
        });
    }
    case "shuffled": {
      const shuffler = new SequenceShuffler(2);
      const { seed = 0 } = references;
      return (window, k, into) => {
        const codes = Uint8Array.from({ length }, (_, position) => {
          const base = observedBase(model, windows, window, position);
          return base < 0 ? unknownBase : base;
        });
        const shuffled = shuffler.shuffle(codes, Random.forPart(seed, "reference", window, k));
        shuffled.forEach((code, position) => {
          if (code < unknownBase) into[code * length + position] = 1;
          else for (let base = 0; base < 4; base++) into[base * length + position] = model.unknownBase;
        });
      };
    }
    case "given": {
      const size = 4 * length;
      return (window, k, into) => {
        const at = (references.windows === undefined ? k : window * count + k) * size;
        into.set(references.values.subarray(at, at + size));
      };
    }
  }
}

function checkReferences(model: ExplainedModel, windows: ExplainedWindows, references: References): void {
  const refuse = (found: string, expected: string, source = "references", next?: string): never => {
    throw new BindscapeError({ source, found, expected, next });
  };
  if (references.kind === "uniform" && references.frequencies) {
    const { frequencies } = references;
    const sum = frequencies.reduce((a, b) => a + b, 0);
    if (frequencies.length !== 4 || !frequencies.every((value) => value >= 0) || Math.abs(sum - 1) > 1e-6)
      refuse(`frequencies ${frequencies.join(", ")}`, "four, of A, C, G and T, that sum to 1");
  }
  if (references.kind === "shuffled") {
    const { count = DEFAULT_SHUFFLES } = references;
    if (!(Number.isSafeInteger(count) && count >= 1))
      refuse(`${count} shuffled references a window`, "a whole number of at least 1");
  }
  if (references.kind !== "given") return;
  const { source, count, length, names, values } = references;
  if (length !== model.length) {
    refuse(
      `${names ? `"${names[0]}"` : "references"} of ${length.toLocaleString("en-US")} bp`,
      `${model.length.toLocaleString("en-US")} bp, as the model's windows have`,
      source,
      "References must be as long as the windows they stand for",
    );
  }
  if (count < 1) refuse("no references", "at least one", source);
  if (references.windows !== undefined && references.windows !== windows.count)
    refuse(`references of ${references.windows} windows`, `those of the ${windows.count} windows`, source);
  if (values.length !== (references.windows ?? 1) * count * 4 * length)
    refuse(`${values.length} values`, "four for each base of each reference", source);
}
