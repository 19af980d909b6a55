const minus = "\u2212";
/** A thin space groups thousands without being mistaken for a decimal sign in any language. */
const thinSpace = "\u202f";

/** Whether a value is a number that can be drawn or printed; JSON turns NaN into null, so null is met too. */
export function isDrawable(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Smallest and largest finite value, or null where there is none. Arrays may be of any length. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!isDrawable(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? null : [low, high];
}

/** A whole number with grouped thousands: 1 234 567; "n/a" for what is no number. */
export function formatCount(value: number): string {
  if (!isDrawable(value)) return "n/a";
  const digits = `${Math.abs(Math.round(value))}`;
  const grouped = digits.length <= 4 ? digits : digits.replace(/\B(?=(\d{3})+(?!\d))/g, thinSpace);
  return value < 0 && grouped !== "0" ? `${minus}${grouped}` : grouped;
}

/** A number with fixed decimals, grouped thousands and a true minus sign; "n/a" for what is no number. */
export function formatFixed(value: number, decimals: number): string {
  if (!isDrawable(value)) return "n/a";
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const text =
    fraction === undefined ? formatCount(Number(whole)) : `${formatCount(Number(whole))}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `${minus}${text}` : text;
}

/** Three significant digits, without an exponent where that stays short: 0.0123, 1.23, 12 300, 1.2e-7. */
export function formatSignificant(value: number): string {
  if (!isDrawable(value)) return "n/a";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(1).replace("e+", "e").replaceAll("-", minus);
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))));
  return formatFixed(value, decimals);
}

/** A fraction as a percentage with two significant digits: 0.62 %, 12 %, 100 %. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  const size = Math.abs(percent);
  const decimals = size === 0 || size >= 10 ? 0 : size >= 1 ? 1 : size >= 0.1 ? 2 : 3;
  return `${formatFixed(percent, decimals)}${thinSpace}%`;
}

/** A large count shortened for an axis: 1, 10, 1k, 10k, 1M. */
export function formatShortCount(value: number): string {
  if (value >= 1e6) return `${formatSignificant(value / 1e6)}M`.replace(/\.0+M/, "M");
  if (value >= 1e3) return `${formatSignificant(value / 1e3)}k`.replace(/\.0+k/, "k");
  return formatCount(value);
}

/** A formatter showing all of these tick values with the same, smallest sufficient number of decimals. */
export function tickFormatter(values: readonly number[]): (value: number) => string {
  const largest = Math.max(0, ...values.map(Math.abs));
  if (largest >= 1e7 || (largest > 0 && largest < 1e-4)) return formatSignificant;
  let decimals = 0;
  while (
    decimals < 8 &&
    values.some((value) => Math.abs(value - Number(value.toFixed(decimals))) > largest * 1e-7)
  ) {
    decimals++;
  }
  return (value) => formatFixed(value, decimals);
}
