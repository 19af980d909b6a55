/**
 * Numerators and denominators of B(2k) / (2k), k = 1, 2, ..., of the Bernoulli numbers B: the coefficients of the
 * asymptotic series of the digamma function (Abramowitz and Stegun 1972, 6.3.18).
 */
const bernoulliOverIndex = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

/** From here on the asymptotic series with 7 terms are exact to float64's rounding. */
const asymptoticFrom = 12;

/** ln Gamma(x) for x > 0, to 1e-15 of max(1, its value); NaN elsewhere. */
export function logGamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  let shifted = x;
  let product = 1;
  while (shifted < asymptoticFrom) product *= shifted++;
  // Stirling's series (Abramowitz and Stegun 1972, 6.1.40): the coefficients are those of digamma over 1 - 2k.
  const square = 1 / (shifted * shifted);
  let power = 1 / shifted;
  let series = 0;
  bernoulliOverIndex.forEach((coefficient, k) => {
    series += (coefficient * power) / (2 * k + 1);
    power *= square;
  });
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product)
  );
}

/** The derivative of {@link logGamma}, for x > 0; NaN elsewhere. */
export function digamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  let shifted = x;
  let sum = 0;
  for (; shifted < asymptoticFrom; shifted++) sum += 1 / shifted;
  const square = 1 / (shifted * shifted);
  let power = square;
  let series = 0;
  for (const coefficient of bernoulliOverIndex) {
    series += coefficient * power;
    power *= square;
  }
  return Math.log(shifted) - 0.5 / shifted - series - sum;
}

/** The derivative of {@link digamma}, for x > 0; NaN elsewhere. */
export function trigamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  let shifted = x;
  let sum = 0;
  for (; shifted < asymptoticFrom; shifted++) sum += 1 / (shifted * shifted);
  const square = 1 / (shifted * shifted);
  let power = square / shifted;
  let series = 0;
  bernoulliOverIndex.forEach((coefficient, k) => {
    series += 2 * (k + 1) * coefficient * power;
    power *= square;
  });
  return 1 / shifted + 0.5 * square + series + sum;
}

/** The error function, to 1e-14: P(1/2, x^2) for positive x. */
export function errorFunction(x: number): number {
  if (x < 0) return -errorFunction(-x);
  if (!(x < 6)) return x >= 6 ? 1 : Number.NaN;
  return regularisedGamma(0.5, x * x);
}

/**
 * P(shape, x), the distribution function of a Gamma distribution with scale 1: the power series below shape + 1, else
 * the continued fraction of the complement (Press et al. 2007, section 6.2). Errors grow with the shape, to 1e-11 at
 * 10,000.
 */
export function regularisedGamma(shape: number, x: number): number {
  return x < shape + 1 ? gammaSeries(shape, x) : 1 - gammaFraction(shape, x);
}

/** 1 - P(shape, x), exact also where it is small. */
export function regularisedGammaComplement(shape: number, x: number): number {
  return x < shape + 1 ? 1 - gammaSeries(shape, x) : gammaFraction(shape, x);
}

/** The density of a Gamma distribution with scale 1, times x. */
function densityTimes(shape: number, x: number): number {
  return Math.exp(shape * Math.log(x) - x - logGamma(shape));
}

function gammaSeries(shape: number, x: number): number {
  if (!(shape > 0 && x >= 0)) return Number.NaN;
  if (x === 0) return 0;
  let term = 1 / shape;
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= x / (shape + n);
    sum += term;
  }
  return sum * densityTimes(shape, x);
}

function gammaFraction(shape: number, x: number): number {
  if (!(shape > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return 0;
  // Lentz's algorithm as Thompson and Barnett (1986) changed it; no denominator vanishes for x > shape + 1.
  let b = x + 1 - shape;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; ; n++) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    fraction *= c * d;
    if (!(Math.abs(c * d - 1) > 1e-16)) return fraction * densityTimes(shape, x);
  }
}

/** The x with P(shape, x) = probability, by bisection in ln x and Newton's method. */
export function gammaQuantile(shape: number, probability: number): number {
  if (!(shape > 0 && probability >= 0 && probability <= 1)) return Number.NaN;
  if (probability === 0) return 0;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  let low = -745;
  let high = Math.log(shape + 60 * Math.sqrt(shape) + 800);
  let at = Math.log(shape);
  for (let i = 0; i < 200 && high - low > 1e-15 * Math.abs(at) + 1e-300; i++) {
    const x = Math.exp(at);
    const excess =
      probability < 0.5
        ? regularisedGamma(shape, x) - probability
        : 1 - probability - regularisedGammaComplement(shape, x);
    if (excess > 0) high = at;
    else low = at;
    const newton = at - excess / densityTimes(shape, x);
    if (newton === at) break;
    at = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return Math.exp(at);
}

/**
 * How a Gamma variate changes with the shape while its probability stays: the slope of the quantile,
 * -(dP/dshape) / (dP/dx) at x (Figurnov et al. 2018, equation 5). P is the integral of its density p, whose slope is
 * p(t) (ln t - digamma(shape)); that integrates to 0 over all t, so the integral is taken over the side of x on which
 * ln t - digamma(shape) does not change its sign, and nothing cancels. With t = x e^w it is
 *
 *     x |integral of e^(shape w + x (1 - e^w)) (ln x + w - digamma(shape)) dw|
 *
 * from 0 to infinity where ln x > digamma(shape), else to minus infinity. To 1e-11 of its value.
 */
export function gammaQuantileSlope(shape: number, x: number): number {
  if (!(shape > 0 && x > 0)) return Number.NaN;
  const offset = Math.log(x) - digamma(shape);
  const sign = offset > 0 ? 1 : -1;
  const end = gammaSlopeEnd(shape, x, sign, 45);
  const panels = 24;
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    legendre.nodes.forEach((node, k) => {
      const w = (sign * end * (panel + node)) / panels;
      sum += legendre.weights[k] * Math.exp((shape - x) * w - x * (Math.expm1(w) - w)) * Math.abs(offset + w);
    });
  }
  return (x * sum * end) / panels;
}

/**
 * Where the integrand of {@link gammaQuantileSlope} has fallen by e^-fall for certain. Towards minus infinity, where x
 * is below shape, the exponent is at most -shape (v - 1 + e^-v) <= -shape v^2 / (2 + v) at w = -v; towards infinity,
 * where shape is below x + 1/2, it is at most w / 2 - x (e^w - 1 - w), and e^w - 1 - w >= y at w = ln(1 + y + sqrt(2 y)).
 */
export function gammaSlopeEnd(shape: number, x: number, sign: number, fall: number): number {
  if (sign < 0) {
    const ratio = fall / shape;
    return (ratio + Math.sqrt(ratio * (ratio + 8))) / 2;
  }
  const ratio = (fall + 8) / x;
  return Math.log(1 + ratio + Math.sqrt(2 * ratio));
}

/** Nodes in (0, 1) and weights of the Gauss-Legendre quadrature of an integral from 0 to 1, which sum to 1. */
export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** Nodes by Newton's method on the Legendre polynomial (Press et al. 2007, section 4.6). */
export function gaussLegendre(count: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let z = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let round = 0; round < 100; round++) {
      let current = 1;
      let before = 0;
      for (let n = 1; n <= count; n++)
        [current, before] = [((2 * n - 1) * z * current - (n - 1) * before) / n, current];
      slope = (count * (z * current - before)) / (z * z - 1);
      const next = z - current / slope;
      const done = Math.abs(next - z) < 1e-15;
      z = next;
      if (done) break;
    }
    nodes.push((1 + z) / 2);
    weights.push(1 / ((1 - z * z) * slope * slope));
  }
  return { nodes, weights };
}

const legendre = gaussLegendre(16);
