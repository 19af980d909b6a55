import type { Motif } from "@bindscape/motifs";
import type { Random } from "@bindscape/numerics";

/** A factor of a simulated study: its motif is invented, and so is the rule it binds by. */
export interface SimulatedFactor {
  readonly motif: Motif;
  /** It binds only where the partner's motif stands within {@link PARTNER_DISTANCE} bp. */
  readonly needsPartner: boolean;
}

/** Largest distance in bp between the middles of a site and of its partner's. */
export const PARTNER_DISTANCE = 50;

/** Capitals are the strong positions of a motif, small letters the weak ones. */
const consensusOf: readonly [name: string, consensus: string, needsPartner: boolean][] = [
  ["SimA", "tGACCGTTAc", false],
  ["SimB", "aAGTCGCGta", false],
  ["SimC", "CCATaGGATt", true],
  ["SimD", "gGCATCTAAg", false],
  ["SimE", "TAGCgTACCa", false],
  ["SimF", "gAACTCGTGt", true],
];

/** How many factors there are to choose from. */
export const SIMULATED_FACTORS = consensusOf.length;

/** The motif that some factors need beside their own; nothing is measured of it. */
export const PARTNER_MOTIF: Motif = makeMotif("SimP", "GATTcCGCA");

/** The first `count` invented factors. */
export function simulatedFactors(count: number): SimulatedFactor[] {
  return consensusOf
    .slice(0, count)
    .map(([name, consensus, needsPartner]) => ({ motif: makeMotif(name, consensus), needsPartner }));
}

function makeMotif(name: string, consensus: string): Motif {
  const probabilities = new Float64Array(consensus.length * 4);
  for (const [position, letter] of [...consensus].entries()) {
    const base = "ACGT".indexOf(letter.toUpperCase());
    const share = letter === letter.toUpperCase() ? 0.91 : 0.6;
    probabilities.fill((1 - share) / 3, position * 4, position * 4 + 4);
    probabilities[position * 4 + base] = share;
  }
  return { id: name, name, probabilities, length: consensus.length, sites: 100 };
}

/** Draws a site of a motif: base codes, on its forward strand. */
export function drawSite(motif: Motif, random: Random): Uint8Array {
  const codes = new Uint8Array(motif.length);
  for (let position = 0; position < motif.length; position++) {
    let left = random.uniform();
    let code = 0;
    while (code < 3 && left >= motif.probabilities[position * 4 + code]) {
      left -= motif.probabilities[position * 4 + code];
      code++;
    }
    codes[position] = code;
  }
  return codes;
}

/** Replaces `count` different positions of a site by other bases. */
export function spoilSite(codes: Uint8Array, count: number, random: Random): Uint8Array {
  const spoiled = codes.slice();
  const positions = random.shuffle(Array.from(codes, (_, position) => position)).slice(0, count);
  for (const position of positions) spoiled[position] = (spoiled[position] + 1 + random.integer(3)) % 4;
  return spoiled;
}

/** Log-odds of a site in bits against equal base shares. */
export function scoreSite(motif: Motif, codes: Uint8Array): number {
  let bits = 0;
  for (const [position, code] of codes.entries()) {
    bits += Math.log2(motif.probabilities[position * 4 + code] / 0.25);
  }
  return bits;
}
