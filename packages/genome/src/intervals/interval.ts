/** A stretch of a chromosome: 0-based, half-open, in bp. Empty (`start === end`) is allowed and overlaps nothing. */
export interface Interval {
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
}
