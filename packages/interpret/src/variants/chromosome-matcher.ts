import { matchChromosomeNames } from "@bindscape/genome";

/** Matches the names of chromosomes as they come up in a file to those of another, as one list would be matched. */
export class ChromosomeMatcher {
  readonly #known: readonly string[];
  readonly #seen: string[] = [];
  #map = new Map<string, string>();

  constructor(known: readonly string[]) {
    this.#known = known;
  }

  /** The counterpart of a name; undefined where there is none. */
  find(name: string): string | undefined {
    if (!this.#seen.includes(name)) {
      this.#seen.push(name);
      this.#map = matchChromosomeNames(this.#seen, this.#known).map;
    }
    return this.#map.get(name);
  }

  /** Names that came up and have no counterpart. */
  get unmatched(): string[] {
    return this.#seen.filter((name) => !this.#map.has(name));
  }
}
