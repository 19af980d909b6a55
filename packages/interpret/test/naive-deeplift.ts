/**
 * DeepLIFT (Shrikumar et al. 2017) of one small network, written out by hand in float64 for a single sequence and a
 * single reference: convolution, rectifier, pool, dense, rectifier, dense to one score. Nothing of the engine is used.
 */
export interface NaiveNetwork {
  readonly length: number;
  readonly filters: number;
  readonly width: number;
  readonly pool: number;
  readonly hidden: number;
  /** [filters, 4, width] */
  readonly kernel: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  /** [filters * pooled, hidden] */
  readonly dense: ArrayLike<number>;
  readonly denseBias: ArrayLike<number>;
  /** [hidden] */
  readonly output: ArrayLike<number>;
}

const rectified = (value: number) => Math.max(0, value);
const slope = (from: number, to: number) =>
  from === to ? Number(from > 0) : (rectified(to) - rectified(from)) / (to - from);

/** Activations by layer: convolution, pooled (rectified), hidden sums, score. */
function forward(network: NaiveNetwork, x: ArrayLike<number>) {
  const { length, filters, width, pool, hidden, kernel, bias, dense, denseBias, output } = network;
  const positions = length - width + 1;
  const pooledLength = Math.floor(positions / pool);
  const convolved: number[][] = [];
  const pooled: number[] = [];
  for (let f = 0; f < filters; f++) {
    const row: number[] = [];
    for (let p = 0; p < positions; p++) {
      let sum = bias[f];
      for (let c = 0; c < 4; c++)
        for (let w = 0; w < width; w++) sum += kernel[(f * 4 + c) * width + w] * x[c * length + p + w];
      row.push(sum);
    }
    convolved.push(row);
    for (let q = 0; q < pooledLength; q++)
      pooled.push(Math.max(...row.slice(q * pool, (q + 1) * pool).map(rectified)));
  }
  const sums = Array.from({ length: hidden }, (_, h) =>
    pooled.reduce((sum, value, i) => sum + value * dense[i * hidden + h], denseBias[h]),
  );
  return { convolved, pooled, sums, score: sums.reduce((sum, z, h) => sum + rectified(z) * output[h], 0) };
}

/** @returns multipliers [4, length] and both scores */
export function explainNaively(
  network: NaiveNetwork,
  x: ArrayLike<number>,
  reference: ArrayLike<number>,
  revealsDense: boolean,
): { multipliers: Float64Array; score: number; referenceScore: number } {
  const { length, filters, width, pool, hidden, kernel, dense, output } = network;
  const [own, from] = [forward(network, x), forward(network, reference)];
  const pooledLength = own.pooled.length / filters;
  const ofPooled = own.pooled.map((value, i) => {
    const difference = value - from.pooled[i];
    let sum = 0;
    for (let h = 0; h < hidden; h++) {
      const weight = dense[i * hidden + h];
      if (!revealsDense) {
        sum += weight * output[h] * slope(from.sums[h], own.sums[h]);
        continue;
      }
      // Equations for C+ and C-: the mean of adding a part first and adding it after the other.
      let [plus, minus] = [0, 0];
      own.pooled.forEach((other, j) => {
        const product = (other - from.pooled[j]) * dense[j * hidden + h];
        if (product > 0) plus += product;
        else minus += product;
      });
      const start = from.sums[h];
      const ofPlus = (slope(start, start + plus) + slope(start + minus, start + minus + plus)) / 2;
      const ofMinus = (slope(start, start + minus) + slope(start + plus, start + plus + minus)) / 2;
      const product = weight * difference;
      const share = product > 0 ? ofPlus : product < 0 ? ofMinus : (ofPlus + ofMinus) / 2;
      sum += weight * output[h] * share;
    }
    return sum;
  });
  const multipliers = new Float64Array(4 * length);
  for (let f = 0; f < filters; f++) {
    for (let q = 0; q < pooledLength; q++) {
      const i = f * pooledLength + q;
      const change = own.pooled[i] - from.pooled[i];
      // The winner's difference is the pool's: a sequence that pools higher than its reference has it at its own maximum,
      // else it is at the reference's; places that tie share it.
      const rows = change > 0 ? own.convolved[f] : from.convolved[f];
      const places = Array.from({ length: pool }, (_, k) => q * pool + k);
      const highest = Math.max(...places.map((p) => rows[p]));
      const winners = places.filter((p) => rows[p] === highest);
      for (const winner of winners) {
        const apart = own.convolved[f][winner] - from.convolved[f][winner];
        // Where the same bases win in both, the derivative.
        if (apart === 0 && own.pooled[i] === 0) continue;
        const share = (ofPooled[i] * (apart === 0 ? 1 : change / apart)) / winners.length;
        for (let c = 0; c < 4; c++)
          for (let w = 0; w < width; w++)
            multipliers[c * length + winner + w] += share * kernel[(f * 4 + c) * width + w];
      }
    }
  }
  return { multipliers, score: own.score, referenceScore: from.score };
}
