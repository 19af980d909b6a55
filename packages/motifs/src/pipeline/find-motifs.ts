import { discover } from "../discover/discover.js";
import type { DiscoverOptions } from "../discover/discover-plan.js";
import type { MotifFinder } from "./run-pipeline.js";

/** How the pipeline finds motifs: as Factorbook, or for many peaks. */
export type FinderChoices = Required<
  Pick<DiscoverOptions, "method" | "motifs" | "minimumWidth" | "maximumWidth" | "seed">
>;

/** A finder of motifs by the methods of {@link discover}; motifs are named by their consensus. */
export function makeMotifFinder(choices: FinderChoices): MotifFinder {
  return async (centres, { onProgress, signal }) => {
    const { motifs } = await discover(centres, { ...choices, onProgress, signal });
    return motifs.map(({ id, consensus, probabilities, length, sites, eValue }) => ({
      id,
      name: consensus,
      probabilities,
      length,
      sites,
      eValue,
    }));
  };
}
