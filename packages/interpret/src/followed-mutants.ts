import { type Build, followMutations, MutantPredictor, type MutationNetwork } from "@bindscape/gradient";
import type { AttributionOptions } from "./attributions.js";
import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { NaiveMutants, repeatRow } from "./naive-mutants.js";
import type { MutantScorer, Substitution } from "./substitutions.js";

/** Mutants of one position that go together: all other bases than the one that is there. */
const ALTERNATIVES = 3;
/** Most values of one tensor: 128 MB. */
const MOST_VALUES = 2 ** 25;
/** What following mutations must save to be worth its other costs: this share of the multiplications. */
const WORTH_SAVING = 0.2;
/** From which share of a run's mutants on those that found no place in it get another run, rather than whole passes. */
const WORTH_A_RUN = 1 / 8;

/** Scores all mutants of a window at once, what each mutation does not touch being computed once. */
export class FollowedMutants implements MutantScorer {
  #naive: Promise<NaiveMutants> | undefined;

  private constructor(
    readonly model: ExplainedModel,
    readonly build: Build,
    readonly parts: readonly (readonly number[])[],
    readonly options: AttributionOptions,
    /** For all positions. */
    readonly whole: MutationNetwork,
  ) {}

  /**
   * @param build with an output "score" [N, 1]
   * @param positions that are mutated in any window, ascending
   * @returns null where that would save little
   */
  static plan(
    model: ExplainedModel,
    build: Build,
    positions: readonly number[],
    options: AttributionOptions,
  ): FollowedMutants | null {
    if (positions.length === 0) return null;
    const whole = follow(build, positions, options);
    if (whole === null) return null;
    const { mutants, work, workOfMutant } = whole;
    if (work.fixed / mutants > (1 - WORTH_SAVING) * workOfMutant) return null;
    const most = Math.max(1, Math.floor((positions.length * MOST_VALUES) / work.largestFixed));
    const parts: (readonly number[])[] = [];
    const count = Math.ceil(positions.length / most);
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i * positions.length) / count);
      parts.push(positions.slice(from, Math.floor(((i + 1) * positions.length) / count)));
    }
    return new FollowedMutants(model, build, parts, options, whole);
  }

  async score(
    windows: ExplainedWindows,
    substitutionsOf: (window: number) => readonly Substitution[],
    visit: (window: number, substitution: Substitution, change: number) => void,
    onProgress: (more: number) => void,
  ): Promise<void> {
    const { model, options } = this;
    const leftOver: Substitution[][] = Array.from({ length: windows.count }, () => []);
    for (const positions of this.parts) {
      options.signal?.throwIfAborted();
      const network = this.parts.length === 1 ? this.whole : follow(this.build, positions, options)!;
      const predictor = await MutantPredictor.create(options.runtime, network, {
        parameters: model.parameters,
        output: "score",
        threads: options.threads,
      });
      const siteOf = new Map(positions.map((position, i) => [position, network.siteOf[i]]));
      try {
        for (let window = 0; window < windows.count; window++) {
          let rest = substitutionsOf(window).filter(({ position }) => siteOf.has(position));
          while (rest.length > 0) {
            options.signal?.throwIfAborted();
            const placed = placeSubstitutions(rest, siteOf);
            const scores = await predictor.run(this.#feeds(network, windows, window, placed.rows));
            const unmutated = scores[network.unmutatedSite * ALTERNATIVES];
            for (const [row, substitution] of placed.rows)
              visit(window, substitution, scores[row] - unmutated);
            onProgress(placed.rows.size);
            rest = placed.rest;
            if (rest.length < network.mutants * WORTH_A_RUN) {
              leftOver[window].push(...rest);
              rest = [];
            }
          }
        }
      } finally {
        await predictor.release();
      }
    }
    if (leftOver.some(({ length }) => length > 0)) {
      this.#naive ??= NaiveMutants.create(model, this.build, options);
      await (await this.#naive).score(windows, (window) => leftOver[window], visit, onProgress);
    }
  }

  #feeds(
    { mutants }: MutationNetwork,
    { windows, features }: ExplainedWindows,
    window: number,
    rows: ReadonlyMap<number, Substitution>,
  ): Record<string, Float32Array> {
    const { channels, length, features: width } = this.model;
    const size = channels * length;
    const unmutated = windows.subarray(window * size, (window + 1) * size);
    const changes = new Float32Array(mutants * 4);
    for (const [row, { position, base }] of rows) {
      for (let channel = 0; channel < 4; channel++)
        changes[row * 4 + channel] = (channel === base ? 1 : 0) - unmutated[channel * length + position];
    }
    const feeds: Record<string, Float32Array> = { windows: unmutated, changes };
    if (features && width > 0) feeds.features = repeatRow(features, window, width, mutants);
    return feeds;
  }

  async release(): Promise<void> {
    await (await this.#naive)?.release();
  }
}

function follow(
  build: Build,
  positions: readonly number[],
  { runtime }: AttributionOptions,
): MutationNetwork | null {
  return followMutations(build, {
    traits: runtime.traits,
    positions,
    alternatives: ALTERNATIVES,
    mutatedChannels: 4,
    outputs: ["score"],
  });
}

/** Rows for substitutions, as far as their sites have room, and those left. */
function placeSubstitutions(
  substitutions: readonly Substitution[],
  siteOf: ReadonlyMap<number, number>,
): { rows: Map<number, Substitution>; rest: Substitution[] } {
  const rows = new Map<number, Substitution>();
  const rest: Substitution[] = [];
  const taken = new Map<number, number>();
  for (const substitution of substitutions) {
    const site = siteOf.get(substitution.position)!;
    const place = taken.get(site) ?? 0;
    taken.set(site, place + 1);
    if (place < ALTERNATIVES) rows.set(site * ALTERNATIVES + place, substitution);
    else rest.push(substitution);
  }
  return { rows, rest };
}
