import { BindscapeError, normalTail, sortOrder, testTwoProportions } from "@bindscape/numerics";

/** SNPs that lie in windows of one factor; every array has one entry a SNP. */
export interface FactorSnps {
  readonly factor: string;
  /** Size of the attribution, at least 0. */
  readonly scores: ArrayLike<number>;
  /** 1 where the alternative allele was seen once. */
  readonly singletons: ArrayLike<number>;
  /** 1 where the SNP lies in a core motif. */
  readonly cores: ArrayLike<number>;
}

/** Groups of SNPs: all outside core motifs, those of the highest scores among them, and those in core motifs. */
export type SnpGroup = "context" | "top" | "core";

export interface SingletonRate {
  readonly group: SnpGroup;
  /** Of the context's SNPs, for groups of the highest scores. */
  readonly share?: number;
  readonly snps: number;
  readonly singletons: number;
  /** Singletons a SNP; NaN where there is none. */
  readonly rate: number;
  /** Standard error of the rate, sqrt(rate (1 - rate) / snps). */
  readonly standardError: number;
  /** Lowest score in the group, for groups of the highest scores. */
  readonly leastScore?: number;
  /** Against all other context SNPs: null for the context itself, and where either side has no SNP. */
  readonly zScore: number | null;
  /** One-sided: that the rate is no higher than among the other context SNPs. */
  readonly pValue: number | null;
}

export interface FactorSingletons {
  readonly factor: string;
  /** Context, groups of the highest scores in the order asked for, core. */
  readonly groups: readonly SingletonRate[];
}

/** The paper's shares: the top 5 % and the top 0.5 %. */
export const SINGLETON_SHARES: readonly number[] = [0.05, 0.005];

/**
 * Are SNPs that matter to a model rarer? The share of SNPs whose alternative allele was seen once, among all context
 * SNPs (in a window, outside its core motif), those of the highest scores, and those in core motifs, each compared
 * with the other context SNPs by a one-sided two-proportion z test (Zheng et al. 2021, AgentBind, methods and extended
 * data figure 5). A group holds all SNPs that score as much as the last one that its share reaches, but none of score 0.
 *
 * @throws BindscapeError for a share that is none, or arrays of different lengths
 */
export function testSingletons(
  { factor, scores, singletons, cores }: FactorSnps,
  shares: readonly number[] = SINGLETON_SHARES,
): FactorSingletons {
  const count = scores.length;
  if (singletons.length !== count || cores.length !== count)
    throw new BindscapeError({
      source: factor,
      found: `${count} scores, ${singletons.length} singletons and ${cores.length} cores`,
      expected: "as many of each",
    });
  const context = Uint32Array.from({ length: count }, (_, i) => i).filter((i) => cores[i] !== 1);
  const order = sortOrder(
    Float64Array.from(context, (i) => scores[i]),
    "scores",
  );
  const descending = Array.from(order, (at) => context[at]).reverse();
  const all = countSingletons(context, singletons);
  const groups: SingletonRate[] = [rateOf("context", all, null)];
  for (const share of shares) {
    if (!(share > 0 && share < 1))
      throw new BindscapeError({ source: "share", found: `${share}`, expected: "a number between 0 and 1" });
    const wanted = Math.ceil(share * context.length);
    const leastScore = wanted === 0 ? Number.NaN : scores[descending[wanted - 1]];
    const top = descending.filter((i) => scores[i] >= leastScore && scores[i] > 0);
    const inside = countSingletons(top, singletons);
    const rest = { snps: all.snps - inside.snps, singletons: all.singletons - inside.singletons };
    groups.push({ ...rateOf("top", inside, rest), share, leastScore });
  }
  const core = Uint32Array.from({ length: count }, (_, i) => i).filter((i) => cores[i] === 1);
  groups.push(rateOf("core", countSingletons(core, singletons), all));
  return { factor, groups };
}

interface Counts {
  readonly snps: number;
  readonly singletons: number;
}

function countSingletons(which: ArrayLike<number>, singletons: ArrayLike<number>): Counts {
  let sum = 0;
  for (let i = 0; i < which.length; i++) sum += singletons[which[i]];
  return { snps: which.length, singletons: sum };
}

function rateOf(group: SnpGroup, { snps, singletons }: Counts, others: Counts | null): SingletonRate {
  const rate = snps === 0 ? Number.NaN : singletons / snps;
  const standardError = Math.sqrt((rate * (1 - rate)) / snps);
  if (others === null || snps === 0 || others.snps === 0)
    return { group, snps, singletons, rate, standardError, zScore: null, pValue: null };
  const { zScore } = testTwoProportions(singletons, snps, others.singletons, others.snps);
  return { group, snps, singletons, rate, standardError, zScore, pValue: normalTail(zScore) };
}

/**
 * All factors together: each SNP once, its score the highest of its ranks among the context SNPs of a factor (scores of
 * different models have no common scale), in a core motif where it is in any factor's.
 * @param keys by factor and SNP, what tells SNPs apart
 */
export function poolFactors(
  factors: readonly FactorSnps[],
  keys: readonly (readonly string[])[],
  name: string,
): FactorSnps {
  const pooled = new Map<string, { score: number; singleton: number; core: number }>();
  factors.forEach(({ scores, singletons, cores }, f) => {
    const order = sortOrder(Float64Array.from(scores), "scores");
    const ranks = new Float64Array(scores.length);
    for (let from = 0; from < order.length; ) {
      let to = from + 1;
      while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
      // A score of 0 says nothing; equal scores share the highest of their ranks.
      for (let at = from; at < to; at++) ranks[order[at]] = scores[order[at]] > 0 ? to / order.length : 0;
      from = to;
    }
    keys[f].forEach((key, i) => {
      const known = pooled.get(key);
      pooled.set(key, {
        score: Math.max(known?.score ?? 0, ranks[i]),
        singleton: singletons[i],
        core: Math.max(known?.core ?? 0, cores[i]),
      });
    });
  });
  const all = [...pooled.values()];
  return {
    factor: name,
    scores: all.map(({ score }) => score),
    singletons: all.map(({ singleton }) => singleton),
    cores: all.map(({ core }) => core),
  };
}
