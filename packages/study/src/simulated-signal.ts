import type { Random } from "@bindscape/numerics";

/** A stretch of open chromatin and how open it is, in cuts a base at its middle. */
export interface OpenRegion {
  readonly start: number;
  readonly end: number;
  readonly strength: number;
}

/** Cuts a base outside open chromatin, on average. */
const BACKGROUND_RATE = 0.04;
/** The background rises and falls over blocks of this many bp. */
const BLOCK = 2_000;
/** Cuts a base in the artefact, as in repeats of which the assembly has too few copies. */
const ARTEFACT_RATE = 25;
/** A bound factor shields its site and this many bp on either side, and bends open what lies next to it. */
const SHIELDED = 2;
const SHOULDER = 12;

/** What shapes the cuts along one chromosome. */
export interface SignalPlan {
  readonly length: number;
  readonly open: readonly OpenRegion[];
  /** Sites with a factor on them. */
  readonly bound: readonly { readonly start: number; readonly end: number }[];
  readonly artefacts: readonly { readonly start: number; readonly end: number }[];
  /** Stretches of unknown sequence: nothing maps there. */
  readonly gaps: readonly { readonly start: number; readonly end: number }[];
}

/** Draws the number of cuts at every base: Poisson counts, more in open chromatin, few on bound sites. */
export function drawCuts(plan: SignalPlan, random: Random): Float32Array {
  const rates = new Float64Array(plan.length);
  for (let start = 0; start < plan.length; start += BLOCK) {
    rates.fill(BACKGROUND_RATE * Math.exp(0.5 * random.normal() - 0.125), start, start + BLOCK);
  }
  for (const { start, end, strength } of plan.open) {
    for (let i = start; i < end; i++) {
      // Steep flanks, flat top: sin^1/2 over the region.
      rates[i] += strength * Math.sqrt(Math.sin((Math.PI * (i + 0.5 - start)) / (end - start)));
    }
  }
  for (const { start, end } of plan.bound) {
    const shieldedFrom = start - SHIELDED;
    const shieldedTo = end + SHIELDED;
    for (
      let i = Math.max(0, shieldedFrom - SHOULDER);
      i < Math.min(plan.length, shieldedTo + SHOULDER);
      i++
    ) {
      rates[i] *= i >= shieldedFrom && i < shieldedTo ? 0.2 : 1.5;
    }
  }
  for (const { start, end } of plan.artefacts) rates.fill(ARTEFACT_RATE, start, end);
  for (const { start, end } of plan.gaps) rates.fill(0, start, end);
  return Float32Array.from(rates, (rate) => drawPoisson(rate, random));
}

/** A Poisson deviate (Knuth's product of uniforms), in steps small enough for exp not to underflow. */
export function drawPoisson(rate: number, random: Random): number {
  let count = 0;
  for (let left = rate; left > 0; left -= 500) {
    const limit = Math.exp(-Math.min(left, 500));
    for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  }
  return count;
}
