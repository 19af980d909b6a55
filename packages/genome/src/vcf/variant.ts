/** One alternative allele at one place, as a line of a VCF file or of a table says it. */
export interface Variant {
  readonly chromosome: string;
  /** 1-based place of the first base of `reference`, as in VCF. */
  readonly position: number;
  /** Empty where there is none. */
  readonly id: string;
  /** Letters of the reference allele, capital. */
  readonly reference: string;
  /** Letters of the alternative allele, capital; or what else VCF allows there, such as <DEL>, * or a breakend. */
  readonly alternate: string;
  /** 1-based line of the file. */
  readonly line: number;
  /** Alternative alleles of the line. */
  readonly alternates: number;
}

/** What sort of change a variant is; "other" has no letters to put in: <DEL>, *, breakends, a missing allele. */
export type VariantKind = "snp" | "substitution" | "insertion" | "deletion" | "other";

const letters = /^[ACGTN]+$/;

export function variantKind({ reference, alternate }: Pick<Variant, "reference" | "alternate">): VariantKind {
  if (!letters.test(reference) || !letters.test(alternate)) return "other";
  if (alternate.length > reference.length) return "insertion";
  if (alternate.length < reference.length) return "deletion";
  return reference.length === 1 ? "snp" : "substitution";
}

/**
 * The same change with as few letters as it takes: equal letters are cut off behind, then in front, down to one letter
 * of either allele. What a line with several alternatives pads (REF CA, ALT CT and C) comes out as the SNP it is.
 */
export function trimAlleles<V extends Variant>(variant: V): V {
  const { reference, alternate } = variant;
  if (variantKind(variant) === "other" || reference === alternate) return variant;
  let end = 0;
  const shorter = Math.min(reference.length, alternate.length);
  while (end < shorter - 1 && reference[reference.length - 1 - end] === alternate[alternate.length - 1 - end])
    end++;
  let start = 0;
  while (start < shorter - 1 - end && reference[start] === alternate[start]) start++;
  if (start === 0 && end === 0) return variant;
  return {
    ...variant,
    position: variant.position + start,
    reference: reference.slice(start, reference.length - end),
    alternate: alternate.slice(start, alternate.length - end),
  };
}
