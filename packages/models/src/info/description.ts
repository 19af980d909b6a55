/** What is in a file or folder: for people as rows of label and text, for programs as plain values. */
export interface FileDescription {
  readonly file: string;
  /** What it is, such as "bigWig track". */
  readonly kind: string;
  readonly rows: readonly (readonly [label: string, text: string])[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A description without the file's name, as the describers of the kinds give it. */
export type Contents = Omit<FileDescription, "file">;

/** 1234567 as "1,234,567"; at most `digits` decimals. */
export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** A measured value in 4 significant digits. */
export function formatValue(value: number): string {
  return Number.isNaN(value) ? "none" : String(Number(value.toPrecision(4)));
}

/** A share as a percentage. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${Number(((100 * part) / whole).toPrecision(3))} %`;
}

/** The first names of a list, and how many more there are. */
export function formatNames(names: readonly string[], most = 8): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${formatNumber(names.length - most)} more` : shown;
}

/** "1 chromosome", "2 chromosomes". */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? "" : "s"}`;
}
