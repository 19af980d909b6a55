import type { Interval } from "@bindscape/genome";
import type { Motif } from "@bindscape/motifs";
import type { Random } from "@bindscape/numerics";
import {
  drawSite,
  PARTNER_DISTANCE,
  PARTNER_MOTIF,
  type SimulatedFactor,
  scoreSite,
  spoilSite,
} from "./simulated-motifs.js";
import type { OpenRegion } from "./simulated-signal.js";

/**
 * What became of a planted site. `bound`: the factor sits on it. `closed`: a good site in closed chromatin, free.
 * `alone`: a good site in open chromatin without the partner it needs, free. `partner`: the partner's site, beside
 * a bound one. `partner-alone`: the partner's site on its own. `weak`: a spoiled site in open chromatin, free.
 * `indirect`: no site at all, but the factor is there.
 */
export type SiteClass = "bound" | "closed" | "alone" | "partner" | "partner-alone" | "weak" | "indirect";

/** A planted site, 0-based and half-open. */
export interface PlantedSite extends Interval {
  /** Name of the motif it is a site of. */
  readonly motif: string;
  readonly strand: "+" | "-";
  readonly class: SiteClass;
  /** Log-odds of the planted bases in bits. */
  readonly scoreBits: number;
  /** Cuts a base of the open region it lies in; 0 in closed chromatin. */
  readonly openness: number;
}

/** One open region in so many bp, on average. */
const OPEN_SPACING = 2_400;
const SHORTEST_OPEN = 300;
const LONGEST_OPEN = 900;
/** Share of open regions with each kind of site, for every factor. */
const BOUND_SHARE = 0.45;
const ALONE_SHARE = 0.3;
const WEAK_SHARE = 0.3;
const PARTNER_ALONE_SHARE = 0.15;
const INDIRECT_SHARE = 0.06;
/** Closed sites of a factor for each of its bound ones. */
const CLOSED_PER_BOUND = 1;
/** Bases changed in a weak site. */
const SPOILED = 3;
/** Free bp between planted sites. */
const SPACING = 4;

/**
 * Plants sites into a chromosome's sequence (in place) and says which became bound.
 * @param codes base codes of the chromosome, changed
 * @param avoid stretches without open chromatin and without sites
 */
export function plantSites(
  chromosome: string,
  codes: Uint8Array,
  factors: readonly SimulatedFactor[],
  avoid: readonly { readonly start: number; readonly end: number }[],
  random: Random,
): { sites: PlantedSite[]; open: OpenRegion[] } {
  const planter = new Planter(chromosome, codes, random);
  for (const { start, end } of avoid) planter.reserve(start - LONGEST_OPEN, end + LONGEST_OPEN);
  const open = drawOpenRegions(codes.length, random).filter(({ start, end }) => planter.isFree(start, end));
  for (const region of open) plantInOpen(planter, region, factors, random);
  // Closed sites keep away from open chromatin, whose signal would reach them.
  for (const { start, end } of open) planter.reserve(start - 200, end + 200);
  for (const { motif } of factors) {
    const wanted = Math.round(open.length * BOUND_SHARE * CLOSED_PER_BOUND);
    for (let i = 0; i < wanted; i++) planter.plant(motif, drawSite(motif, random), "closed", 0, codes.length);
  }
  planter.sites.sort((a, b) => a.start - b.start || a.end - b.end);
  return { sites: planter.sites, open };
}

function drawOpenRegions(length: number, random: Random): OpenRegion[] {
  const regions: OpenRegion[] = [];
  const mean = OPEN_SPACING - (SHORTEST_OPEN + LONGEST_OPEN) / 2;
  for (let at = 0; ; ) {
    // Nucleosomes at least stand between two of them.
    const start = at + 300 + Math.round(-(mean - 300) * Math.log(1 - random.uniform()));
    const end = start + SHORTEST_OPEN + random.integer(LONGEST_OPEN - SHORTEST_OPEN);
    if (end + 300 > length) return regions;
    regions.push({ start, end, strength: 0.3 * Math.exp(0.7 * random.normal()) });
    at = end;
  }
}

function plantInOpen(
  planter: Planter,
  { start, end, strength }: OpenRegion,
  factors: readonly SimulatedFactor[],
  random: Random,
): void {
  // Factors sit near the middle of open regions rather than on their slopes.
  const from = start + Math.floor((end - start) * 0.15);
  const to = end - Math.floor((end - start) * 0.15);
  let hasLonely = false;
  let hasPartner = false;
  for (const { motif, needsPartner } of random.shuffle([...factors])) {
    const isBound = random.uniform() < BOUND_SHARE;
    const isAlone = needsPartner && !isBound && random.uniform() < ALONE_SHARE / (1 - BOUND_SHARE);
    if (isBound && needsPartner) {
      // A lonely site of another factor must not get a partner by accident.
      if (!hasLonely) hasPartner = planter.plantPair(motif, from, to, strength) || hasPartner;
    } else if (isBound) {
      planter.plant(motif, drawSite(motif, random), "bound", from, to, strength);
    } else if (isAlone && !hasPartner) {
      hasLonely = planter.plant(motif, drawSite(motif, random), "alone", from, to, strength) || hasLonely;
    }
    if (random.uniform() < WEAK_SHARE) {
      planter.plant(motif, spoilSite(drawSite(motif, random), SPOILED, random), "weak", from, to, strength);
    }
    if (!isBound && !isAlone && random.uniform() < INDIRECT_SHARE / (1 - BOUND_SHARE)) {
      planter.plant(motif, null, "indirect", from, to, strength);
    }
  }
  if (!hasLonely && !hasPartner && random.uniform() < PARTNER_ALONE_SHARE) {
    planter.plant(PARTNER_MOTIF, drawSite(PARTNER_MOTIF, random), "partner-alone", from, to, strength);
  }
}

/** Puts sites where nothing else stands. */
class Planter {
  readonly sites: PlantedSite[] = [];
  readonly #taken: Uint8Array;

  constructor(
    readonly chromosome: string,
    readonly codes: Uint8Array,
    readonly random: Random,
  ) {
    this.#taken = new Uint8Array(codes.length);
  }

  reserve(start: number, end: number): void {
    this.#taken.fill(1, Math.max(0, start), Math.max(0, end));
  }

  isFree(start: number, end: number): boolean {
    return start >= 0 && end <= this.codes.length && !this.#taken.subarray(start, end).includes(1);
  }

  /** Plants a site at a random free place in [from, to). @returns whether there was one */
  plant(
    motif: Motif,
    site: Uint8Array | null,
    kind: SiteClass,
    from: number,
    to: number,
    openness = 0,
  ): boolean {
    const start = this.#findPlace(motif.length, from, to);
    if (start !== undefined) this.#put(motif, site, kind, start, openness);
    return start !== undefined;
  }

  /** Plants a bound site with its partner's site beside it. @returns whether there was room */
  plantPair(motif: Motif, from: number, to: number, openness: number): boolean {
    const { random } = this;
    const farthest = PARTNER_DISTANCE - Math.ceil((motif.length + PARTNER_MOTIF.length) / 2);
    const gap = SPACING + random.integer(farthest - SPACING);
    const start = this.#findPlace(motif.length + gap + PARTNER_MOTIF.length, from, to);
    if (start === undefined) return false;
    const isFirst = random.integer(2) === 0;
    const site = isFirst ? start : start + PARTNER_MOTIF.length + gap;
    const partner = isFirst ? start + motif.length + gap : start;
    this.#put(motif, drawSite(motif, random), "bound", site, openness);
    this.#put(PARTNER_MOTIF, drawSite(PARTNER_MOTIF, random), "partner", partner, openness);
    return true;
  }

  #findPlace(length: number, from: number, to: number): number | undefined {
    if (to - from < length) return undefined;
    for (let attempt = 0; attempt < 20; attempt++) {
      const start = from + this.random.integer(to - from - length + 1);
      if (this.isFree(start - SPACING, start + length + SPACING)) return start;
    }
    return undefined;
  }

  #put(motif: Motif, site: Uint8Array | null, kind: SiteClass, start: number, openness: number): void {
    const end = start + motif.length;
    const isForward = this.random.integer(2) === 0;
    if (site) this.codes.set(isForward ? site : site.map((code) => 3 - code).reverse(), start);
    this.reserve(start, end);
    this.sites.push({
      chromosome: this.chromosome,
      start,
      end,
      motif: motif.name,
      strand: isForward ? "+" : "-",
      class: kind,
      scoreBits: site ? scoreSite(motif, site) : 0,
      openness,
    });
  }
}
