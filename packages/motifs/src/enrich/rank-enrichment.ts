import type { SequenceRecord } from "@bindscape/genome";
import { BindscapeError, logBinomialTail, logFisherEnrichment, qValues, Random } from "@bindscape/numerics";
import { backgroundFromSequences, backgroundOfLetters } from "../background.js";
import type { Background, Motif } from "../motif.js";
import { lowestScoreAt, tailProbabilities } from "../scan/score-distribution.js";
import { bitsOfScore, makeScoreMatrix } from "../scan/score-matrix.js";
import { SequenceShuffler } from "../shuffle.js";
import { type BestSites, findBestSites } from "./best-sites.js";

/** Sites of larger p-values are not looked at: a sequence of some hundred bases has one of this by chance. */
const WEAKEST_SITE = 0.05;
/** Lengths that differ by less than this share call for Fisher's test. */
const SAME_LENGTH = 1e-4;
/** Fewest sequences on either side of which some are kept aside for the choice of the score. */
const FEWEST_FOR_HOLD_OUT = 50;

/** How much more often sequences hold a motif than controls do. */
export interface RankedMotif {
  /** Index of the motif. */
  readonly motif: number;
  /** Score in bits from which on a site counts: the best at telling the sequences kept aside from their controls. */
  readonly leastScore: number;
  /** Sequences with a site, and all, without those kept aside. */
  readonly hits: number;
  readonly total: number;
  readonly controlHits: number;
  readonly controlTotal: number;
  /** (hits + 1) / (total + 1) over the same of the controls. */
  readonly ratio: number;
  /** ln p: Fisher's exact test, or the binomial test where controls are of other lengths. */
  readonly logPValue: number;
  /** p times the number of motifs. */
  readonly eValue: number;
  readonly qValue: number;
}

export interface RankEnrichmentOptions {
  /** Control sequences; shuffled ones when left out. */
  readonly controls?: readonly Pick<SequenceRecord, "codes">[];
  /** Shuffled controls keep the counts of words of one letter more; 2 when left out. */
  readonly shuffleOrder?: number;
  /** Share of sequences and controls that the score is chosen on and that are not tested; 0.1 when left out. */
  readonly holdOut?: number;
  readonly seed?: number;
  /** A, C, G, T; the controls' own when left out. */
  readonly background?: Background;
  readonly pseudocount?: number;
  readonly bothStrands?: boolean;
}

/**
 * Ranks motifs by how much more often sequences hold them than controls do, in the manner of SEA (Bailey and Grant
 * 2021): for each motif the score that tells a tenth of the sequences best from their controls; the test is on
 * the other nine tenths. Of fewer than 50 sequences none is kept aside, and p is then of the best score, too small.
 *
 * @returns by p-value
 * @throws BindscapeError for no sequences or controls, and for options out of range
 */
export function rankByEnrichment(
  motifs: readonly Motif[],
  sequences: readonly Pick<SequenceRecord, "codes">[],
  options: RankEnrichmentOptions = {},
): RankedMotif[] {
  const { shuffleOrder = 2, holdOut = 0.1, seed = 0, pseudocount, bothStrands = true } = options;
  if (!(holdOut >= 0 && holdOut < 1)) {
    throw new BindscapeError({
      source: "enrichment",
      found: `hold-out ${holdOut}`,
      expected: "0 to below 1",
    });
  }
  const own = sequences.map(({ codes }) => codes);
  const controls = (options.controls ?? shuffleAll(sequences, shuffleOrder, seed)).map(({ codes }) => codes);
  if (own.length === 0 || controls.length === 0) {
    throw new BindscapeError({
      source: "enrichment",
      found: `${own.length} sequences and ${controls.length} controls`,
      expected: "at least one of each",
    });
  }
  const background = Array.from(
    options.background ?? backgroundFromSequences(controls, { pseudocount: 0, bothStrands }).words[0],
  );
  const planned = motifs.map((motif) => {
    const matrix = makeScoreMatrix(motif, { background, pseudocount });
    return {
      matrix,
      lowest: lowestScoreAt(tailProbabilities(matrix, backgroundOfLetters(background)), WEAKEST_SITE),
    };
  });
  const aside = Math.min(own.length, controls.length) < FEWEST_FOR_HOLD_OUT ? 0 : holdOut;
  const isAside = [own, controls].map((set, index) => chooseAside(set.length, aside, `${seed}-${index}`));
  const lengths = [own, controls].map(
    (set) => set.reduce((sum, codes) => sum + codes.length, 0) / set.length,
  );
  const isSameLength = Math.abs(lengths[0] - lengths[1]) <= SAME_LENGTH * lengths[0];
  const test = isSameLength ? logFisherEnrichment : binomialTest(own, controls);
  const ranked: RankedMotif[] = [];
  const ownBest = findBestSites(planned, own, bothStrands);
  const controlBest = findBestSites(planned, controls, bothStrands);
  for (const [motif, { matrix, lowest }] of planned.entries()) {
    const scores = [ownBest, controlBest].map((sites) => (sites.next().value as BestSites).scores);
    const chosenOn = scores.map((all, set) => all.filter((_, i) => aside === 0 || isAside[set][i] === 1));
    const testedOn = scores.map((all, set) => all.filter((_, i) => isAside[set][i] === 0));
    const least = chooseScore(chosenOn[0], chosenOn[1], lowest, test);
    const [hits, controlHits] = testedOn.map((set) =>
      set.reduce((sum, score) => sum + (score >= least ? 1 : 0), 0),
    );
    const [total, controlTotal] = testedOn.map((set) => set.length);
    const logPValue = test(hits, total, controlHits, controlTotal);
    ranked.push({
      motif,
      leastScore: bitsOfScore(matrix, least),
      hits,
      total,
      controlHits,
      controlTotal,
      ratio: (hits + 1) / (total + 1) / ((controlHits + 1) / (controlTotal + 1)),
      logPValue,
      eValue: motifs.length * Math.exp(logPValue),
      qValue: 1,
    });
  }
  const q = qValues(ranked.map(({ logPValue }) => Math.min(1, Math.exp(logPValue))));
  return ranked
    .map((one, i) => ({ ...one, qValue: q[i] }))
    .sort((a, b) => a.logPValue - b.logPValue || a.motif - b.motif);
}

/** The score with the least p-value among the scores seen; of equal ones the highest. */
function chooseScore(
  own: Int32Array,
  controls: Int32Array,
  lowest: number,
  test: (hits: number, total: number, controlHits: number, controlTotal: number) => number,
): number {
  const ours = own.slice().sort().reverse();
  const theirs = controls.slice().sort().reverse();
  let best = { score: lowest, logP: 0 };
  for (let hits = 0, controlHits = 0; hits < ours.length && ours[hits] >= lowest; ) {
    const score = ours[hits];
    while (hits < ours.length && ours[hits] === score) hits++;
    while (controlHits < theirs.length && theirs[controlHits] >= score) controlHits++;
    const logP = test(hits, ours.length, controlHits, theirs.length);
    if (logP < best.logP) best = { score, logP };
  }
  return best.score;
}

/** Hits among all hits, against the share of all bases that the sequences hold. */
function binomialTest(own: readonly Uint8Array[], controls: readonly Uint8Array[]) {
  const sum = (set: readonly Uint8Array[]) => set.reduce((total, codes) => total + codes.length, 0);
  const mean = sum(own) / own.length;
  const controlMean = sum(controls) / controls.length;
  return (hits: number, total: number, controlHits: number, controlTotal: number) => {
    const bases = total * mean;
    const all = bases + controlTotal * controlMean;
    return all === 0 ? 0 : logBinomialTail(hits, hits + controlHits, bases / all);
  };
}

function chooseAside(count: number, share: number, seed: string): Uint8Array {
  const isAside = new Uint8Array(count);
  isAside.fill(1, 0, Math.floor(share * count));
  return new Random(seed).shuffle(isAside);
}

function shuffleAll(
  sequences: readonly Pick<SequenceRecord, "codes">[],
  order: number,
  seed: number,
): Pick<SequenceRecord, "codes">[] {
  const shuffler = new SequenceShuffler(order + 1);
  const random = new Random(`shuffled controls ${seed}`);
  return sequences.map(({ codes }) => ({ codes: shuffler.shuffle(codes, random) }));
}
