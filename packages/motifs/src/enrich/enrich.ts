import type { SequenceRecord } from "@bindscape/genome";
import type { Motif } from "../motif.js";
import {
  type CentralEnrichment,
  type CentralEnrichmentOptions,
  testCentralEnrichment,
} from "./central-enrichment.js";
import {
  countSequencesWithSites,
  isPoorlyEnriched,
  type OccurrenceTest,
  testOccurrences,
} from "./occurrence-ratio.js";
import { type RankEnrichmentOptions, type RankedMotif, rankByEnrichment } from "./rank-enrichment.js";

/** What is known of one motif in sequences. */
export interface MotifEnrichment extends RankedMotif {
  readonly central: CentralEnrichment;
  /** Share of sequences with a site (p up to `siteThreshold`) against flanks and against random sequences, where given. */
  readonly flanks: OccurrenceTest | null;
  readonly random: OccurrenceTest | null;
  /** Factorbook's flags: not more frequent than in flanks, than in random sequences; null where there is nothing to compare. */
  readonly hasPoorCentrality: boolean | null;
  readonly hasPoorEnrichment: boolean | null;
}

type Sequences = readonly Pick<SequenceRecord, "name" | "codes">[];

export interface EnrichOptions
  extends Omit<RankEnrichmentOptions, "background">,
    Pick<CentralEnrichmentOptions, "leastScore" | "isLocal"> {
  /** Longer sequences around the same places, for the positions of best sites; the sequences when left out. */
  readonly around?: Sequences;
  /** Sequences beside those tested. */
  readonly flanks?: Sequences;
  /** Sequences from elsewhere in the genome, alike in length and GC share; also the controls where none are given. */
  readonly random?: Sequences;
  /** p-value of a site in the comparison with flanks and random sequences; 0.0001 when left out. */
  readonly siteThreshold?: number;
}

/**
 * Tests motifs in sequences: ranks them by enrichment over controls (SEA), tells where their best sites lie (CentriMo),
 * and compares the share of sequences with a site with flanks and random sequences (Factorbook).
 *
 * @returns by p-value of enrichment
 * @throws BindscapeError for no sequences and options out of range
 */
export function enrich(
  motifs: readonly Motif[],
  sequences: Sequences,
  options: EnrichOptions = {},
): MotifEnrichment[] {
  const { around = sequences, flanks, random, siteThreshold = 1e-4, bothStrands } = options;
  const controls = options.controls ?? random;
  const ranked = rankByEnrichment(motifs, sequences, { ...options, controls });
  const central = testCentralEnrichment(motifs, around, options);
  const count = (set: Sequences) =>
    countSequencesWithSites(motifs, set, { threshold: siteThreshold, bothStrands });
  const own = flanks || random ? count(sequences) : [];
  const against = (set: Sequences | undefined) => {
    const hits = set === undefined || set.length === 0 ? null : count(set);
    return (motif: number) =>
      hits === null ? null : testOccurrences(own[motif], sequences.length, hits[motif], set!.length);
  };
  const againstFlanks = against(flanks);
  const againstRandom = against(random);
  return ranked.map((one) => {
    const flankTest = againstFlanks(one.motif);
    const randomTest = againstRandom(one.motif);
    return {
      ...one,
      central: central[one.motif],
      flanks: flankTest,
      random: randomTest,
      hasPoorCentrality: isPoor(flankTest),
      hasPoorEnrichment: isPoor(randomTest),
    };
  });
}

/** Unknown where nothing was tested, and where no sequence on either side has a site: a short motif cannot have one. */
function isPoor(test: OccurrenceTest | null): boolean | null {
  return test === null || test.hits + test.controlHits === 0 ? null : isPoorlyEnriched(test);
}
