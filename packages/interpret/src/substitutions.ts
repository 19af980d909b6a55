import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";

/** One base of a window set to another. */
export interface Substitution {
  /** Counted from 0 in the window. */
  readonly position: number;
  /** 0 to 3: A, C, G, T. */
  readonly base: number;
}

/** What some substitutions, each made alone, do to the scores of windows. */
export interface MutantScorer {
  /**
   * @param substitutionsOf of each window, in ascending order of positions
   * @param visit called with each substitution's score less that of the window, in any order
   * @param onProgress called with how many more of the substitutions are done
   */
  score(
    windows: ExplainedWindows,
    substitutionsOf: (window: number) => readonly Substitution[],
    visit: (window: number, substitution: Substitution, change: number) => void,
    onProgress: (more: number) => void,
  ): Promise<void>;
  release(): Promise<void>;
}

/** The base of a window at a position, 0 to 3, or -1 where it is unknown. */
export function observedBase(
  { channels, length }: Pick<ExplainedModel, "channels" | "length">,
  { windows }: Pick<ExplainedWindows, "windows">,
  window: number,
  position: number,
): number {
  for (let base = 0; base < 4; base++)
    if (windows[(window * channels + base) * length + position] === 1) return base;
  return -1;
}

/** Every substitution by another base than is there; all four where the base is unknown. */
export function listSubstitutions(
  model: Pick<ExplainedModel, "channels" | "length">,
  windows: ExplainedWindows,
  window: number,
  positions: readonly number[],
): Substitution[] {
  const substitutions: Substitution[] = [];
  for (const position of positions) {
    const observed = observedBase(model, windows, window, position);
    for (let base = 0; base < 4; base++) if (base !== observed) substitutions.push({ position, base });
  }
  return substitutions;
}
