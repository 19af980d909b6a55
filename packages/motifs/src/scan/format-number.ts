/** A number as C's printf writes it with %.{digits}g: so many significant digits, without zeros at the end. */
export function formatGeneral(value: number, digits: number): string {
  if (value === 0) return "0";
  const scientific = value.toExponential(digits - 1);
  const [mantissa, power] = scientific.split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const size = Math.abs(exponent);
    return `${trimZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${size < 10 ? `0${size}` : size}`;
  }
  return trimZeros(value.toFixed(digits - 1 - exponent));
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
