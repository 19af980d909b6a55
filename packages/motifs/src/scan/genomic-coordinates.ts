/** Where a sequence lies in a genome. */
export interface GenomicPlace {
  readonly chromosome: string;
  /** Position of the first letter, as FIMO counts: the number in the header is taken as that of the first letter. */
  readonly start: number;
}

/**
 * Reads a sequence name such as "chr1:1000-1500", with anything after it that does not begin with a digit
 * ("chr2:60221038-60221538(-)_Ly75"), as FIMO 5.5 does by default; null for any other name.
 */
export function parseGenomicPlace(name: string): GenomicPlace | null {
  const match = /^([^:\s]+):(\d{1,15})-(\d{1,15})(?!\d)/.exec(name);
  if (match === null) return null;
  const start = Number(match[2]);
  return Number(match[3]) >= start ? { chromosome: match[1], start } : null;
}
