import { BindscapeError, Random } from "@bindscape/numerics";
import { DNA, decodeLetters, reverseComplementLetters } from "../alphabet.js";
import { backgroundOf, type DiscoverPlan, type NamedSequence, runSteps } from "./discover-plan.js";
import type { DiscoveredMotif, DiscoverResult } from "./discovered-motif.js";
import { EmMotifSearch } from "./expectation-maximisation.js";
import { consensusName } from "./iupac-name.js";
import { SequenceSet } from "./sequence-set.js";
import type { EmMotif } from "./site-alignment.js";

/** Most sites of one motif by default where any number may stand in a sequence, as in MEME. */
const MOST_SITES_ANYWHERE = 600;

/** Motifs by expectation maximisation, each one's sites erased before the next; see {@link EmMotifSearch}. */
export async function discoverByEm(
  sequences: readonly NamedSequence[],
  plan: DiscoverPlan,
): Promise<DiscoverResult> {
  const { motifs: wanted = 1, distribution = "zoops", onProgress, signal, seed } = plan;
  const usable = [...sequences.keys()].filter((i) => sequences[i].codes.length >= plan.minimumWidth);
  const codes = usable.map((i) => sequences[i].codes);
  const background = plan.background ?? backgroundOf(codes, 0, plan);
  const count = codes.length;
  const isAny = distribution === "anr";
  const [fewest, most] =
    distribution === "oops"
      ? [count, count]
      : [
          plan.minimumSites ?? Math.min(2, count),
          plan.maximumSites ?? (isAny ? Math.min(5 * count, MOST_SITES_ANYWHERE) : count),
        ];
  if (!(fewest >= 1 && fewest <= most) || (!isAny && most > count)) {
    throw new BindscapeError({
      source: "number of sites",
      found: `${fewest} to ${most} among ${count} sequences`,
      expected: isAny ? "at least 1" : "1 to the number of sequences",
    });
  }
  const set = new SequenceSet(codes, [], DNA);
  const search = new EmMotifSearch(set, {
    ...plan,
    distribution,
    background: background.words[0],
    minimumSites: fewest,
    maximumSites: most,
    random: Random.forPart(seed, "starts"),
  });
  const motifs: DiscoveredMotif[] = [];
  let stopped = `the wanted number of motifs, ${wanted}, was found`;
  while (motifs.length < wanted) {
    onProgress?.({
      task: "fitting motifs",
      done: motifs.length,
      total: wanted,
      unit: "motifs",
      note: motifs.at(-1)?.consensus,
    });
    const motif = await runSteps(search.findNext(), signal);
    if (motif === null) {
      stopped = "no place for another motif is left";
      break;
    }
    motifs.push(describe(motif, motifs.length, set, usable, sequences, background.words[0]));
    search.erase(motif);
  }
  return {
    method: "meme",
    motifs,
    background,
    stopped,
    sequences: sequences.length,
    controls: 0,
    heldOut: 0,
    test: null,
    isShuffled: null,
  };
}

function describe(
  motif: EmMotif,
  index: number,
  set: SequenceSet,
  usable: readonly number[],
  sequences: readonly NamedSequence[],
  background: Float64Array,
): DiscoveredMotif {
  const consensus = consensusName(motif.probabilities, DNA);
  const siteList = motif.sites.map(({ sequence, place, isReverse }) => {
    const start = place - set.starts[sequence];
    const end = start + motif.width;
    const read = sequences[usable[sequence]].codes.subarray(start, end);
    const codes = isReverse ? reverseComplementLetters(read, DNA) : read;
    let score = 0;
    for (const [column, code] of codes.entries()) {
      score += Math.log2(motif.probabilities[column * 4 + code] / background[code]);
    }
    const strand: "+" | "-" = isReverse ? "-" : "+";
    return { sequence: usable[sequence], start, end, strand, score, text: decodeLetters(codes, DNA) };
  });
  siteList.sort((a, b) => b.score - a.score || a.sequence - b.sequence || a.start - b.start);
  const log10E = motif.logE / Math.LN10;
  return {
    id: consensus,
    name: `MEME-${index + 1}`,
    alphabet: DNA,
    consensus,
    probabilities: motif.probabilities,
    length: motif.width,
    sites: siteList.length,
    log10E,
    eValue: 10 ** log10E,
    log10P: null,
    threshold: null,
    training: null,
    heldOut: null,
    logLikelihoodRatio: motif.logLikelihoodRatio,
    seed: null,
    siteList,
    passing: [],
  };
}
