/** A float32 number in the fewest significant digits (6 at least) that read back as the same float32. */
export function formatFloat32(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  // 9 digits tell all float32 numbers apart, 6 are often enough.
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
