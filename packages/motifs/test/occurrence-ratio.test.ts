import { encodeSequence } from "@bindscape/genome";
import { describe, expect, it } from "vitest";
import { motifFromConsensus } from "../src/consensus-to-motif.js";
import { countByOffset, offsetFromSummit } from "../src/enrich/centrality.js";
import {
  countSequencesWithSites,
  isPoorlyEnriched,
  testOccurrences,
} from "../src/enrich/occurrence-ratio.js";

describe("countSequencesWithSites", () => {
  it("counts a sequence once, on either strand, and none of unknown letters", () => {
    const motifs = [motifFromConsensus("TTACCCGG"), motifFromConsensus("CACGTGAC")];
    const sequences = [
      "AATTACCCGGAATTACCCGGA", // twice
      "AACCGGGTAAGG", // the other strand
      "AATTACNCGGAA", // not known
      "TTACC", // too short
      "TTTCACGTGACTTACCCGGTT", // both
      "",
    ].map((text, i) => ({ name: `s${i}`, codes: encodeSequence(text) }));
    expect(countSequencesWithSites(motifs, sequences)).toEqual([3, 1]);
    expect(countSequencesWithSites(motifs, sequences, { bothStrands: false })).toEqual([2, 1]);
    expect(countSequencesWithSites(motifs, [])).toEqual([0, 0]);
  });
});

describe("quality flags", () => {
  it("are those of Factorbook for ENCFF165UME's motifs", () => {
    expect(isPoorlyEnriched(testOccurrences(437, 500, 99, 1000))).toBe(false);
    expect(isPoorlyEnriched(testOccurrences(6, 369, 33, 738))).toBe(true); // fewer, significantly
    expect(isPoorlyEnriched(testOccurrences(24, 369, 28, 738))).toBe(false);
    expect(isPoorlyEnriched(testOccurrences(35, 369, 60, 738))).toBe(true); // more, but p 0.22
    expect(isPoorlyEnriched(testOccurrences(0, 10, 0, 10))).toBe(true);
  });
});

describe("offsetFromSummit", () => {
  it("is signed by the motif's direction", () => {
    const site = { start: 100, end: 105, summit: 95 }; // middle 102
    expect(offsetFromSummit({ ...site, strand: "+" })).toBe(7);
    expect(offsetFromSummit({ ...site, strand: "-" })).toBe(-7);
    expect(Object.is(offsetFromSummit({ ...site, summit: 102, strand: "-" }), 0)).toBe(true);
  });

  it("is the same for a site and its mirror image, also where there is no middle base", () => {
    for (const width of [5, 6, 11, 30]) {
      for (const distance of [-40, -1, 0, 13]) {
        const start = 1000 + distance;
        const forward = { start, end: start + width, strand: "+", summit: 1000 } as const;
        // Mirrored about the summit's base: position p goes to 2000 - p.
        const mirrored = {
          start: 2000 - (start + width - 1),
          end: 2001 - start,
          strand: "-",
          summit: 1000,
        } as const;
        expect(offsetFromSummit(mirrored)).toBe(offsetFromSummit(forward));
      }
    }
  });

  it("is counted within the range", () => {
    const sites = [-301, -300, 0, 0, 300, 301].map((offset) => ({
      start: 5000 + offset,
      end: 5001 + offset,
      strand: "+" as const,
      summit: 5000,
    }));
    const { counts, sites: counted, range } = countByOffset(sites);
    expect([counts[0], counts[300], counts[600], counted, range]).toEqual([1, 2, 1, 4, 300]);
  });
});
