import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";

/** One base of a window set to another. */
export interface Substitution {
  /** Counted from 0 in the window. */
  readonly position: number;
  /** 0 to 3: A, C, G, T. */
  readonly base: number;
}

/** What scores mutants of windows. */
export interface Mutants {
  /** Calls `visit` with the score of each substitution made alone, in any order. */
  score(
    windows: ExplainedWindows,
    window: number,
    substitutions: readonly Substitution[],
    visit: (substitution: Substitution, score: number) => void,
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
