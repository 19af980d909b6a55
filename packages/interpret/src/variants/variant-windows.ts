import { codeOfByte, noBase, unknownBase, type Variant } from "@bindscape/genome";

/** Where the sequence of chromosomes is read from. */
export interface GenomeReader {
  readonly chromosomes: readonly { readonly name: string; readonly size: number }[];
  /** Codes (0..4) of the bases [start, end) of a chromosome, which must lie inside it. */
  readCodes(name: string, start: number, end: number): Promise<Uint8Array>;
}

/** The sequence about a variant, as it is and as the alternative allele makes it; codes 0..4. */
export interface VariantWindows {
  readonly reference: Uint8Array;
  readonly alternate: Uint8Array;
  /** What stands in the genome where the reference allele should; absent where they agree. */
  readonly found?: string;
  /** Whether a window reaches beyond the end of the chromosome; it is filled up with N there. */
  readonly passesEnd: boolean;
}

/**
 * Windows of `length` bp centred on either allele: the middle of the reference allele in the one, of the alternative
 * allele in the other, so that what an insertion or a deletion shifts is shared by both sides. Bases beyond an end of
 * the chromosome are unknown.
 *
 * @param variant alleles in letters, placed on `chromosome`
 */
export async function readVariantWindows(
  genome: GenomeReader,
  chromosome: string,
  size: number,
  variant: Variant,
  length: number,
): Promise<VariantWindows> {
  const start = variant.position - 1;
  const reference = encode(variant.reference);
  const alternate = encode(variant.alternate);
  const end = start + reference.length;
  // As much on either side as the window of the shorter allele may show.
  const flank = length;
  const from = Math.max(0, start - flank);
  const to = Math.min(size, end + flank);
  const codes = from < to ? await genome.readCodes(chromosome, from, to) : new Uint8Array(0);
  const before = codes.subarray(0, Math.max(0, Math.min(codes.length, start - from)));
  const behind = codes.subarray(Math.min(codes.length, Math.max(0, end - from)));
  const own = codes.subarray(before.length, codes.length - behind.length);
  const isSame = own.length === reference.length && own.every((code, i) => isAlike(code, reference[i]));
  const first = cutWindow(before, reference, behind, length);
  const second = cutWindow(before, alternate, behind, length);
  return {
    reference: first.codes,
    alternate: second.codes,
    ...(!isSame && {
      found:
        own.length === 0 ? "the end of the chromosome" : Array.from(own, (code) => "ACGTN"[code]).join(""),
    }),
    passesEnd: first.passesEnd || second.passesEnd,
  };
}

/** An unknown base contradicts nothing. */
function isAlike(code: number, other: number): boolean {
  return code === other || code >= unknownBase || other >= unknownBase;
}

function encode(allele: string): Uint8Array {
  return Uint8Array.from(allele, (letter) => {
    const code = codeOfByte[letter.charCodeAt(0)];
    return code === noBase ? unknownBase : code;
  });
}

function cutWindow(before: Uint8Array, allele: Uint8Array, behind: Uint8Array, length: number) {
  const codes = new Uint8Array(length).fill(unknownBase);
  // Of an even number of bases the middle is the one behind it, as windows of regions have it.
  const first = before.length + Math.floor(allele.length / 2) - Math.floor(length / 2);
  const all = before.length + allele.length + behind.length;
  for (let i = Math.max(0, -first); i < length && first + i < all; i++) {
    const at = first + i;
    codes[i] =
      at < before.length
        ? before[at]
        : at < before.length + allele.length
          ? allele[at - before.length]
          : behind[at - before.length - allele.length];
  }
  return { codes, passesEnd: first < 0 || first + length > all };
}
