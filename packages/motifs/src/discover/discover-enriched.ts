import { Random } from "@bindscape/numerics";
import { decodeLetters, reverseComplementLetters } from "../alphabet.js";
import {
  backgroundOf,
  type DiscoverPlan,
  type NamedSequence,
  runSteps,
  shuffledControls,
} from "./discover-plan.js";
import type {
  DiscoveredMotif,
  DiscoveredSite,
  DiscoverResult,
  HitCounts,
  PassingSequence,
} from "./discovered-motif.js";
import { drawHoldOut, type EnrichedMotif, EnrichedMotifSearch } from "./enriched-motifs.js";
import { type EnrichmentTest, makeEnrichmentTest } from "./enrichment.js";
import { consensusName } from "./iupac-name.js";
import { SequenceSet } from "./sequence-set.js";
import { type BestSites, makeBestSites, SCORES_PER_BIT, SiteScorer } from "./site-scorer.js";

/** Fewer held-out sequences than these tell nothing: then all are used for training, as STREME does. */
const FEWEST_HELD_OUT = 5;

/** Sequences for training or held out, with where each came from. */
interface Part {
  readonly set: SequenceSet;
  readonly scorer: SiteScorer;
  readonly test: EnrichmentTest;
  readonly best: BestSites;
  /** Index of each sequence among the primary ones, then of each control among the controls. */
  readonly origins: readonly number[];
}

/** Enriched motifs one after another, with p-values from sequences held out; see {@link EnrichedMotifSearch}. */
export async function discoverEnriched(
  sequences: readonly NamedSequence[],
  plan: DiscoverPlan,
): Promise<DiscoverResult> {
  const { alphabet, bothStrands, seed, order = 2, threshold = 0.05, patience = 3 } = plan;
  const { motifs: wanted = Number.POSITIVE_INFINITY, onProgress, signal } = plan;
  const isShuffled = plan.control === undefined;
  const control =
    plan.control?.map(({ codes }) => codes) ?? shuffledControls(sequences, order, seed, alphabet);
  const primary = sequences.map(({ codes }) => codes);
  const background = plan.background ?? backgroundOf(control, order, plan);
  const share = chooseShare(plan.holdOut ?? 0.1, primary.length, control.length);
  const heldPrimary = drawHoldOut(primary.length, share, Random.forPart(seed, "hold-out"));
  // A shuffled sequence goes with its own; given controls are drawn by themselves.
  const heldControl = isShuffled
    ? heldPrimary
    : drawHoldOut(control.length, share, Random.forPart(seed, "control hold-out"));
  const makePart = (isHeld: 0 | 1): Part => {
    const first = [...primary.keys()].filter((i) => heldPrimary[i] === isHeld);
    const second = [...control.keys()].filter((i) => heldControl[i] === isHeld);
    const set = new SequenceSet(
      first.map((i) => primary[i]),
      second.map((i) => control[i]),
      alphabet,
    );
    return {
      set,
      scorer: new SiteScorer(set, bothStrands, background),
      test: makeEnrichmentTest(set),
      best: makeBestSites(set.count),
      origins: [...first, ...second],
    };
  };
  const training = makePart(0);
  const heldOut = share > 0 ? makePart(1) : null;
  const search = new EnrichedMotifSearch(training.set, { ...plan, background });
  const found: Candidate[] = [];
  let misses = 0;
  let stopped = `the wanted number of motifs, ${wanted}, was found`;
  while (found.length < wanted) {
    onProgress?.({
      task: "looking for enriched motifs",
      done: found.length,
      total: Number.isFinite(wanted) ? wanted : found.length + 1,
      unit: "motifs",
      note: found.at(-1)?.consensus,
    });
    const motif = await runSteps(search.findNext(), signal);
    if (motif === null) {
      stopped = "no word is enriched any more";
      break;
    }
    const candidate = describe(motif, training, heldOut, sequences, plan);
    found.push(candidate);
    search.erase(motif);
    if (heldOut !== null) eraseSites(heldOut, motif);
    misses = candidate.log10P <= Math.log10(threshold) ? 0 : misses + 1;
    if (misses >= patience && !Number.isFinite(wanted)) {
      stopped = `${patience} motifs in a row missed the p-value threshold of ${threshold}`;
      break;
    }
  }
  // Ranked by the p-value that selection did not touch.
  found.sort((a, b) => a.log10P - b.log10P || a.training.log10P - b.training.log10P);
  return {
    method: "streme",
    motifs: found.map((candidate, index) => nameMotif(candidate, index, found.length)),
    background,
    stopped,
    sequences: primary.length,
    controls: control.length,
    heldOut: heldOut?.set.primaries ?? 0,
    test: training.test.name,
    isShuffled,
  };
}

type Candidate = Omit<DiscoveredMotif, "id" | "name" | "eValue" | "log10E" | "log10P" | "training"> & {
  readonly log10P: number;
  readonly training: HitCounts;
};

function chooseShare(share: number, primaries: number, controls: number): number {
  return Math.floor(share * Math.min(primaries, controls)) >= FEWEST_HELD_OUT ? share : 0;
}

function nameMotif(candidate: Candidate, index: number, count: number): DiscoveredMotif {
  const log10E = candidate.log10P + Math.log10(count);
  return {
    ...candidate,
    id: `${index + 1}-${candidate.consensus}`,
    name: `STREME-${index + 1}`,
    log10E,
    eValue: 10 ** log10E,
  };
}

function describe(
  motif: EnrichedMotif,
  training: Part,
  heldOut: Part | null,
  sequences: readonly NamedSequence[],
  plan: DiscoverPlan,
): Candidate {
  const { alphabet } = plan;
  const trainingHits = countHits(training, motif);
  const heldOutHits = heldOut === null ? null : countHits(heldOut, motif);
  const consensus = consensusName(motif.probabilities, alphabet);
  const passing: PassingSequence[] = [];
  const siteList: DiscoveredSite[] = [];
  for (const [part, isHeldOut] of [
    [training, false],
    [heldOut, true],
  ] as const) {
    if (part === null) continue;
    const { set, best, origins } = part;
    for (let i = 0; i < set.count; i++) {
      if (best.scores[i] < motif.threshold) continue;
      const isControl = i >= set.primaries;
      const score = best.scores[i] / SCORES_PER_BIT;
      passing.push({ sequence: origins[i], isControl, isHeldOut, score });
      if (isControl) continue;
      const start = best.places[i] - set.starts[i];
      const end = start + motif.width;
      const isReverse = best.isReverse[i] === 1;
      const codes = sequences[origins[i]].codes.subarray(start, end);
      const text = decodeLetters(isReverse ? reverseComplementLetters(codes, alphabet) : codes, alphabet);
      siteList.push({ sequence: origins[i], start, end, strand: isReverse ? "-" : "+", score, text });
    }
  }
  passing.sort(
    (a, b) => b.score - a.score || Number(a.isControl) - Number(b.isControl) || a.sequence - b.sequence,
  );
  siteList.sort((a, b) => b.score - a.score || a.sequence - b.sequence);
  return {
    alphabet,
    consensus,
    probabilities: motif.probabilities,
    length: motif.width,
    sites: siteList.length,
    log10P: heldOutHits?.log10P ?? trainingHits.log10P,
    threshold: motif.threshold / SCORES_PER_BIT,
    training: trainingHits,
    heldOut: heldOutHits,
    logLikelihoodRatio: null,
    seed: decodeLetters(motif.seed, alphabet),
    siteList,
    passing,
  };
}

/** Sequences with a site; leaves the best sites in `part.best`. */
function countHits(part: Part, motif: EnrichedMotif): HitCounts {
  const { set, scorer, best, test } = part;
  scorer.findBest(motif.matrix, best, motif.threshold);
  let primaryHits = 0;
  let controlHits = 0;
  for (let i = 0; i < set.count; i++) {
    if (best.scores[i] < motif.threshold) continue;
    if (i < set.primaries) primaryHits++;
    else controlHits++;
  }
  return {
    primaryHits,
    primaries: set.primaries,
    controlHits,
    controls: set.count - set.primaries,
    log10P: test.logP(primaryHits, controlHits) / Math.LN10,
  };
}

function eraseSites({ set, scorer }: Part, { matrix, threshold, width }: EnrichedMotif): void {
  const places: number[] = [];
  scorer.visitSites(matrix, threshold, (_, place) => places.push(place));
  set.erase(places, width);
}
