import type { Background } from "../motif.js";

/**
 * How alike two columns are, by Tomtom's names. In formulas q and t are the columns, n their numbers of sites, b the
 * background; sums run over the four bases, logarithms are natural, and larger is always more alike:
 *
 * - `ed`: -sqrt(sum (q - t)^2), the Euclidean distance (Choi et al. 2004)
 * - `sandelin`: 2 - sum (q - t)^2 (Sandelin and Wasserman 2004)
 * - `pearson`: the correlation of q and t (Pietrokovski 1996); 0 where a column has no preference
 * - `kullback`: -1/2 sum (q log(q/t) + t log(t/q)) (Roepcke et al. 2005; Aerts et al. 2003)
 * - `allr`: sum (n_q q log(t/b) + n_t t log(q/b)) / (n_q + n_t), the average log-likelihood ratio (Wang and Stormo 2003)
 * - `llr1`, `llr5`: log-likelihood of both columns' counts from one source over that from a source each
 * - `blic1`, `blic5`: that, plus the log-likelihood from one source over that from the background, BLiC (Habib et al.
 *   2008, equation 2)
 *
 * A source is estimated from counts as the posterior mean under a Dirichlet prior: of one component (1, 1, 1, 1), or a
 * mixture of five equally likely ones, (5, 1, 1, 1) and so on for each base and (2, 2, 2, 2).
 */
export type MotifDistance =
  | "allr"
  | "ed"
  | "kullback"
  | "pearson"
  | "sandelin"
  | "blic1"
  | "blic5"
  | "llr1"
  | "llr5";

export const MOTIF_DISTANCES: readonly MotifDistance[] = [
  "allr",
  "ed",
  "kullback",
  "pearson",
  "sandelin",
  "blic1",
  "blic5",
  "llr1",
  "llr5",
];

/** Columns of many motifs, one array a base; pseudocounts are in. */
export interface Columns {
  readonly count: number;
  /** Probabilities of A, C, G, T. */
  readonly bases: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  /** Sites of the motif that a column is of. */
  readonly sites: Float64Array;
}

/** The same columns seen from the other strand: bases complement, the order of columns stays. */
export function complementColumns({ count, bases: [a, c, g, t], sites }: Columns): Columns {
  return { count, bases: [t, g, c, a], sites };
}

/** Scores one query column against many target columns; `out` gets one score a target column. */
export type ColumnScorer = (
  query: readonly [number, number, number, number],
  querySites: number,
  out: Float64Array,
) => void;

/** Makes the scorer of a distance for a set of target columns, with what it needs of them worked out once. */
export function makeColumnScorer(
  distance: MotifDistance,
  targets: Columns,
  background: Background,
): ColumnScorer {
  switch (distance) {
    case "ed":
      return euclidean(targets, (squared) => -Math.sqrt(squared));
    case "sandelin":
      return euclidean(targets, (squared) => 2 - squared);
    case "pearson":
      return pearson(targets);
    case "kullback":
      return kullback(targets);
    case "allr":
      return averageLogLikelihoodRatio(targets, background);
    case "llr1":
    case "llr5":
    case "blic1":
    case "blic5":
      return sourceLikelihood(distance, targets, background);
  }
}

function euclidean(
  { count, bases: [a, c, g, t] }: Columns,
  score: (squared: number) => number,
): ColumnScorer {
  return ([qa, qc, qg, qt], _, out) => {
    for (let j = 0; j < count; j++) {
      const da = a[j] - qa;
      const dc = c[j] - qc;
      const dg = g[j] - qg;
      const dt = t[j] - qt;
      out[j] = score(da * da + dc * dc + dg * dg + dt * dt);
    }
  };
}

function pearson({ count, bases: [a, c, g, t] }: Columns): ColumnScorer {
  const norms = new Float64Array(count);
  for (let j = 0; j < count; j++) norms[j] = centredNorm(a[j], c[j], g[j], t[j]);
  return ([qa, qc, qg, qt], _, out) => {
    const norm = centredNorm(qa, qc, qg, qt);
    const mean = (qa + qc + qg + qt) / 4;
    const [da, dc, dg, dt] = [qa - mean, qc - mean, qg - mean, qt - mean];
    for (let j = 0; j < count; j++) {
      const both = norm * norms[j];
      // One column centred is enough: the other's mean falls out of the sum.
      const product = da * a[j] + dc * c[j] + dg * g[j] + dt * t[j];
      out[j] = both > 0 ? Math.max(-1, Math.min(1, product / both)) : 0;
    }
  };
}

/** Length of a column about its mean; 0 where only rounding tells its bases apart. */
function centredNorm(a: number, c: number, g: number, t: number): number {
  const mean = (a + c + g + t) / 4;
  const norm = Math.sqrt((a - mean) ** 2 + (c - mean) ** 2 + (g - mean) ** 2 + (t - mean) ** 2);
  return norm > 1e-12 ? norm : 0;
}

function kullback({ count, bases }: Columns): ColumnScorer {
  const logs = bases.map((values) => values.map(Math.log));
  return (query, _, out) => {
    out.fill(0, 0, count);
    for (let base = 0; base < 4; base++) {
      const [values, log] = [bases[base], logs[base]];
      const q = query[base];
      const logQ = Math.log(q);
      for (let j = 0; j < count; j++) out[j] -= 0.5 * (q - values[j]) * (logQ - log[j]);
    }
  };
}

function averageLogLikelihoodRatio({ count, bases, sites }: Columns, background: Background): ColumnScorer {
  const ratios = bases.map((values, base) => values.map((value) => Math.log(value / background[base])));
  return (query, querySites, out) => {
    out.fill(0, 0, count);
    for (let base = 0; base < 4; base++) {
      const [values, ratio] = [bases[base], ratios[base]];
      const weight = querySites * query[base];
      const ratioQ = Math.log(query[base] / background[base]);
      for (let j = 0; j < count; j++) out[j] += weight * ratio[j] + sites[j] * values[j] * ratioQ;
    }
    for (let j = 0; j < count; j++) out[j] /= querySites + sites[j];
  };
}

function sourceLikelihood(
  distance: "llr1" | "llr5" | "blic1" | "blic5",
  { count, bases, sites }: Columns,
  background: Background,
): ColumnScorer {
  const isMixture = distance.endsWith("5");
  const isBlic = distance.startsWith("blic");
  const estimate = isMixture ? estimateFromMixture : estimateFromOne;
  const logs = Float64Array.from(background, Math.log);
  const source = new Float64Array(4);
  const counts = new Float64Array(4);
  /** Of counts from their own source. */
  const logLikelihood = () => {
    estimate(counts, source);
    let sum = 0;
    for (let base = 0; base < 4; base++) sum += counts[base] * Math.log(source[base]);
    return sum;
  };
  const load = (column: (base: number) => number) => {
    for (let base = 0; base < 4; base++) counts[base] = column(base);
  };
  const own = Float64Array.from({ length: count }, (_, j) => {
    load((base) => sites[j] * bases[base][j]);
    return logLikelihood();
  });
  return (query, querySites, out) => {
    load((base) => querySites * query[base]);
    const ownQuery = logLikelihood();
    const queryCounts = counts.slice();
    for (let j = 0; j < count; j++) {
      let fromBackground = 0;
      for (let base = 0; base < 4; base++) {
        counts[base] = queryCounts[base] + sites[j] * bases[base][j];
        fromBackground += counts[base] * logs[base];
      }
      const common = logLikelihood();
      out[j] = common - ownQuery - own[j] + (isBlic ? common - fromBackground : 0);
    }
  };
}

/** Posterior mean under Dirichlet (1, 1, 1, 1): Laplace's rule. */
function estimateFromOne(counts: Float64Array, source: Float64Array): void {
  const total = counts[0] + counts[1] + counts[2] + counts[3] + 4;
  for (let base = 0; base < 4; base++) source[base] = (counts[base] + 1) / total;
}

/**
 * Posterior mean under the mixture of five. All components have a concentration of 8, so in their likelihoods of the
 * counts everything cancels but Gamma(n + alpha) / (Gamma(n + 1) Gamma(alpha)): a product of the next whole numbers.
 */
function estimateFromMixture(counts: Float64Array, source: Float64Array): void {
  const [a, c, g, t] = counts;
  const even = (a + 1) * (c + 1) * (g + 1) * (t + 1);
  let weights = even;
  for (let base = 0; base < 4; base++) weights += peaked(counts[base]);
  const total = (a + c + g + t + 8) * weights;
  for (let base = 0; base < 4; base++) {
    const own = peaked(counts[base]);
    const others = weights - even - own;
    const n = counts[base];
    source[base] = (even * (n + 2) + own * (n + 5) + others * (n + 1)) / total;
  }
}

/** Of the component that favours a base seen n times; Gamma(5) = 24. */
function peaked(n: number): number {
  return ((n + 1) * (n + 2) * (n + 3) * (n + 4)) / 24;
}
