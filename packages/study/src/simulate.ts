import type { Interval, SequenceRecord } from "@bindscape/genome";
import type { Motif } from "@bindscape/motifs";
import { BindscapeError, Random } from "@bindscape/numerics";
import { PARTNER_MOTIF, SIMULATED_FACTORS, simulatedFactors } from "./simulated-motifs.js";
import { drawSequence } from "./simulated-sequence.js";
import { drawCuts } from "./simulated-signal.js";
import { type PlantedSite, plantSites } from "./simulated-sites.js";

export interface SimulateOptions {
  /** Bp in all chromosomes together; 1,600,000 where left out. */
  readonly genomeSize?: number;
  /** Chromosomes, at least 3: the last is for validation, those before it for test; 4 where left out. */
  readonly chromosomes?: number;
  /** Factors, up to 6; 3 where left out. */
  readonly factors?: number;
  readonly seed?: number | string;
}

/** A small invented genome with all a study needs, and the truth about it. */
export interface SimulatedStudy {
  readonly seed: number | string;
  readonly chromosomes: readonly SequenceRecord[];
  /** Cuts at every base of each chromosome. */
  readonly cuts: readonly Float32Array[];
  readonly factors: readonly { readonly name: string; readonly peaks: readonly SimulatedPeak[] }[];
  /** The factors' motifs and the partner's. */
  readonly motifs: readonly Motif[];
  /** Every planted site, by chromosome and start. */
  readonly sites: readonly PlantedSite[];
  /** Where the signal is an artefact. */
  readonly blacklist: readonly Interval[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** A summit as a ChIP experiment would report it: 1 bp. */
export interface SimulatedPeak extends Interval {
  /** Read counts, say: the higher the more certain. */
  readonly strength: number;
}

const SMALLEST_CHROMOSOME = 20_000;
const LARGEST_GENOME = 200_000_000;
const MOST_CHROMOSOMES = 100;
const ARTEFACT_LENGTH = 2_000;
const GAP_LENGTH = 1_000;
/** Standard deviation in bp of a summit around its site's middle. */
const SUMMIT_ERROR = 8;
/** Bound sites that the experiment misses. */
const MISSED_SHARE = 0.04;

/**
 * Simulates a study: background sequence with motif sites in open and in closed chromatin. A factor sits on its
 * sites where chromatin is open, and some factors only beside a partner's site; closed sites, lonely sites and
 * spoiled sites are decoys. So neither the sequence of a site nor the signal alone tells where a factor binds.
 * The same options give the same study.
 * @throws BindscapeError for sizes and numbers out of range
 */
export function simulateStudy(options: SimulateOptions = {}): SimulatedStudy {
  const { genomeSize = 1_600_000, chromosomes: count = 4, factors: factorCount = 3, seed = 1 } = options;
  checkRange("chromosomes", count, 3, MOST_CHROMOSOMES);
  checkRange("genomeSize", genomeSize, count * SMALLEST_CHROMOSOME * 2, LARGEST_GENOME);
  checkRange("factors", factorCount, 1, SIMULATED_FACTORS);
  const factors = simulatedFactors(factorCount);
  const records: SequenceRecord[] = [];
  const cuts: Float32Array[] = [];
  const sites: PlantedSite[] = [];
  const peaks = factors.map((): SimulatedPeak[] => []);
  const blacklist: Interval[] = [];
  for (const [index, length] of chromosomeLengths(genomeSize, count).entries()) {
    const name = `chr${index + 1}`;
    const codes = drawSequence(length, Random.forPart(seed, "sequence", index));
    const artefacts = index === 0 ? [stretchAt(length, 0.6, ARTEFACT_LENGTH)] : [];
    const gaps = index === 1 ? [stretchAt(length, 0.4, GAP_LENGTH)] : [];
    const planted = plantSites(
      name,
      codes,
      factors,
      [...artefacts, ...gaps],
      Random.forPart(seed, "sites", index),
    );
    for (const { start, end } of gaps) codes.fill(4, start, end);
    const bound = planted.sites.filter((site) => site.class === "bound" || site.class === "partner");
    const plan = { length, open: planted.open, bound, artefacts, gaps };
    cuts.push(drawCuts(plan, Random.forPart(seed, "cuts", index)));
    records.push({ name, description: "", codes });
    sites.push(...planted.sites);
    blacklist.push(...artefacts.map((stretch) => ({ chromosome: name, ...stretch })));
    for (const [factor, { motif }] of factors.entries()) {
      const random = Random.forPart(seed, "peaks", index, factor);
      peaks[factor].push(...drawPeaks(motif.name, planted.sites, length, random));
    }
  }
  const names = records.map(({ name }) => name);
  const tests = Math.max(1, Math.floor(count / 4));
  return {
    seed,
    chromosomes: records,
    cuts,
    factors: factors.map(({ motif }, i) => ({
      name: motif.name,
      peaks: peaks[i].sort((a, b) => b.strength - a.strength),
    })),
    motifs: [...factors.map(({ motif }) => motif), PARTNER_MOTIF],
    sites,
    blacklist,
    validation: names.slice(-1),
    test: names.slice(-1 - tests, -1),
  };
}

/** Summits of what the experiment sees: most bound sites, and places the factor sits at without a site. */
function drawPeaks(
  factor: string,
  sites: readonly PlantedSite[],
  length: number,
  random: Random,
): SimulatedPeak[] {
  const peaks: SimulatedPeak[] = [];
  for (const site of sites) {
    if (site.motif !== factor || (site.class !== "bound" && site.class !== "indirect")) continue;
    if (random.uniform() < MISSED_SHARE) continue;
    const middle = Math.floor((site.start + site.end) / 2) + Math.round(SUMMIT_ERROR * random.normal());
    const start = Math.min(Math.max(middle, 0), length - 1);
    // Occupancy follows the site's affinity and how open the place is; counts are noisy on top.
    const strength = Math.exp(0.25 * site.scoreBits + Math.log(site.openness) + 0.5 * random.normal());
    peaks.push({ chromosome: site.chromosome, start, end: start + 1, strength });
  }
  return peaks;
}

/** Lengths that fall evenly from the first chromosome to the last. */
function chromosomeLengths(genomeSize: number, count: number): number[] {
  const lengths = Array.from({ length: count }, (_, i) =>
    Math.floor((genomeSize / count) * (1.3 - (0.6 * i) / (count - 1))),
  );
  lengths[0] += genomeSize - lengths.reduce((sum, length) => sum + length, 0);
  return lengths;
}

function stretchAt(length: number, share: number, stretch: number): { start: number; end: number } {
  const start = Math.floor(length * share);
  return { start, end: start + stretch };
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new BindscapeError({
    found: `${name} is ${value}`,
    expected: `a whole number from ${least} to ${most}`,
  });
}
