import { BindscapeError } from "@bindscape/numerics";

/** A named sequence; `codes` holds one byte a base: A, C, G, T = 0..3, anything unknown = 4. */
export interface SequenceRecord {
  readonly name: string;
  /** What follows the name on a FASTA header line; empty where there is nothing. */
  readonly description: string;
  readonly codes: Uint8Array;
}

/** The code of N and of every other letter for more than one base. */
export const unknownBase = 4;

/** In {@link codeOfByte}: a byte that is no IUPAC nucleotide letter. */
export const noBase = 255;

/**
 * Code of every byte: A, C, G, T (U reads as T) in either case are 0..3, the IUPAC letters for several bases
 * (R Y S W K M B D H V N) are 4, anything else is {@link noBase}.
 */
export const codeOfByte: Readonly<Uint8Array> = makeCodes();

function makeCodes(): Uint8Array {
  const codes = new Uint8Array(256).fill(noBase);
  const set = (letters: string, code: number) => {
    for (const letter of letters + letters.toLowerCase()) codes[letter.charCodeAt(0)] = code;
  };
  set("A", 0);
  set("C", 1);
  set("G", 2);
  set("TU", 3);
  set("RYSWKMBDHVN", unknownBase);
  return codes;
}

/**
 * Codes of a sequence written in letters.
 * @throws BindscapeError for a character that is no IUPAC nucleotide letter, with its 0-based offset.
 */
export function encodeSequence(text: string): Uint8Array {
  const codes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    const code = byte < 256 ? codeOfByte[byte] : noBase;
    if (code === noBase) {
      throw new BindscapeError({
        source: "sequence",
        offset: i,
        found: `the character ${JSON.stringify(text[i])}`,
        expected: "A, C, G, T, N or another IUPAC nucleotide letter",
      });
    }
    codes[i] = code;
  }
  return codes;
}

const letters = new TextEncoder().encode("ACGTN");

/** Letters A, C, G, T and N of codes. */
export function decodeSequence(codes: Uint8Array): string {
  const bytes = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) bytes[i] = letters[Math.min(codes[i], unknownBase)];
  return new TextDecoder().decode(bytes);
}

/** The other strand, 5' to 3', as a new array; unknown bases stay unknown. */
export function reverseComplementCodes(codes: Uint8Array): Uint8Array {
  const length = codes.length;
  const reversed = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const code = codes[length - 1 - i];
    reversed[i] = code < unknownBase ? 3 - code : unknownBase;
  }
  return reversed;
}
