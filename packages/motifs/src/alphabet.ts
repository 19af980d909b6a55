import { BindscapeError } from "@bindscape/numerics";

/** The letters a sequence is written in. A letter's code is its index; the code after the last stands for unknown. */
export interface Alphabet {
  readonly name: string;
  /** One character a letter; upper and lower case may be different letters. */
  readonly letters: string;
  /** Code of each letter's complement on the other strand. */
  readonly complement: readonly number[];
  /** Words for each letter. */
  readonly letterNames: readonly string[];
  /** Colour of each letter in logos, as #rrggbb. */
  readonly colours: readonly string[];
}

/** A, C, G, T; 4 stands for N. */
export const DNA: Alphabet = Object.freeze({
  name: "DNA",
  letters: "ACGT",
  complement: [3, 2, 1, 0],
  letterNames: ["Adenine", "Cytosine", "Guanine", "Thymine"],
  colours: ["#009E73", "#2276C9", "#D98200", "#D7302B"],
});

/**
 * DNA with 5-methylcytosine: m is a methylated C, 1 the G opposite one (the symbols of Viner et al. 2024, "Modeling
 * methyl-sensitive transcription factor motifs with an expanded epigenetic alphabet", and of MEME's alphabets of
 * modified bases). A fully methylated CpG reads m1 on both strands.
 */
export const METHYLATED_DNA: Alphabet = Object.freeze({
  name: "DNA with 5-methylcytosine",
  letters: "ACGTm1",
  complement: [3, 2, 1, 0, 5, 4],
  letterNames: [
    "Adenine",
    "Cytosine",
    "Guanine",
    "Thymine",
    "5-Methylcytosine",
    "Guanine opposite 5-methylcytosine",
  ],
  colours: ["#009E73", "#2276C9", "#D98200", "#D7302B", "#8E44AD", "#A0522D"],
});

/**
 * Codes of a sequence written in an alphabet's letters. Where the alphabet has no lower-case letter of its own, a
 * lower-case base is the upper-case one (soft mask); IUPAC letters for several bases, and any N, are unknown.
 *
 * @throws BindscapeError for any other character, with its 0-based offset
 */
export function encodeLetters(text: string, alphabet: Alphabet, source = "sequence"): Uint8Array {
  const table = codesOfCharacters(alphabet);
  const codes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    const code = character < 128 ? table[character] : REFUSED;
    if (code === REFUSED) {
      throw new BindscapeError({
        source,
        offset: i,
        found: `the character ${JSON.stringify(text[i])}`,
        expected: `a letter of ${alphabet.name}: ${[...alphabet.letters].join(", ")}, or N`,
      });
    }
    codes[i] = code;
  }
  return codes;
}

/** Letters of codes; N for every unknown. */
export function decodeLetters(codes: ArrayLike<number>, alphabet: Alphabet): string {
  let text = "";
  for (let i = 0; i < codes.length; i++) text += alphabet.letters[codes[i]] ?? "N";
  return text;
}

/** The other strand, 5' to 3'. */
export function reverseComplementLetters(codes: Uint8Array, alphabet: Alphabet): Uint8Array {
  const reversed = new Uint8Array(codes.length);
  const unknown = alphabet.letters.length;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[codes.length - 1 - i];
    reversed[i] = code < unknown ? alphabet.complement[code] : unknown;
  }
  return reversed;
}

const REFUSED = 255;

function codesOfCharacters(alphabet: Alphabet): Uint8Array {
  const table = new Uint8Array(128).fill(REFUSED);
  const unknown = alphabet.letters.length;
  for (const letter of "NRYSWKMBDHVX") {
    table[letter.charCodeAt(0)] = unknown;
    table[letter.toLowerCase().charCodeAt(0)] = unknown;
  }
  for (const [code, letter] of [...alphabet.letters].entries()) {
    const lower = letter.toLowerCase();
    if (lower !== letter && !alphabet.letters.includes(lower)) table[lower.charCodeAt(0)] = code;
    table[letter.charCodeAt(0)] = code;
  }
  if (!/[Uu]/.test(alphabet.letters) && alphabet.letters.includes("T")) {
    table["U".charCodeAt(0)] = table["u".charCodeAt(0)] = alphabet.letters.indexOf("T");
  }
  return table;
}
