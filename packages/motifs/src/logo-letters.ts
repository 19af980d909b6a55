import type { Alphabet } from "./alphabet.js";
import { DNA } from "./alphabet.js";

/** The letters of a logo and their colours. */
export type LogoAlphabet = Pick<Alphabet, "letters" | "colours">;

/**
 * Letters and digits as filled outlines in a unit square, y downwards, so that a letter scales to any width and height
 * without a font. Lower-case letters, which alphabets of modified bases have, are drawn as their capitals: the colour tells them apart.
 */
export const GLYPHS: Readonly<Record<string, string>> = {
  A: "M0 1L.37 0H.63L1 1H.78L.71 .78H.29L.22 1ZM.345 .61H.655L.5 .16Z",
  B: "M0 0H.6A.28 .26 0 0 1 .76 .47A.3 .28 0 0 1 .64 1H0ZM.22 .17V.41H.56A.12 .12 0 0 0 .56 .17ZM.22 .57V.83H.6A.13 .13 0 0 0 .6 .57Z",
  C: "M1 .213A.55 .5 0 1 0 1 .787L.8 .68A.33 .325 0 1 1 .8 .32Z",
  D: "M0 0H.5A.5 .5 0 0 1 .5 1H0ZM.22 .17V.83H.48A.3 .33 0 0 0 .48 .17Z",
  E: "M0 0H1V.18H.22V.4H.9V.58H.22V.82H1V1H0Z",
  F: "M0 0H1V.18H.22V.42H.88V.6H.22V1H0Z",
  G: "M1 .213A.55 .5 0 1 0 1 .787V.46H.55V.62H.8V.68A.33 .325 0 1 1 .8 .32Z",
  H: "M0 0H.22V.4H.78V0H1V1H.78V.58H.22V1H0Z",
  I: "M.1 0H.9V.17H.61V.83H.9V1H.1V.83H.39V.17H.1Z",
  J: "M.4 0H1V.68A.5 .33 0 0 1 0 .68V.62H.22V.66A.28 .18 0 0 0 .78 .66V.18H.4Z",
  K: "M0 0H.22V.42L.72 0H1L.47 .45L1 1H.73L.32 .58L.22 .66V1H0Z",
  L: "M0 0H.22V.82H1V1H0Z",
  M: "M0 1V0H.25L.5 .55L.75 0H1V1H.8V.32L.58 .8H.42L.2 .32V1Z",
  N: "M0 1V0H.24L.78 .68V0H1V1H.76L.22 .32V1Z",
  O: "M.5 0A.5 .5 0 0 1 .5 1A.5 .5 0 0 1 .5 0ZM.5 .17A.28 .33 0 0 0 .5 .83A.28 .33 0 0 0 .5 .17Z",
  P: "M0 0H.68A.31 .31 0 0 1 .68 .62H.22V1H0ZM.22 .17V.45H.63A.14 .14 0 0 0 .63 .17Z",
  Q: "M.5 0A.5 .5 0 0 1 .5 1A.5 .5 0 0 1 .5 0ZM.5 .17A.28 .33 0 0 0 .5 .83A.28 .33 0 0 0 .5 .17ZM.45 .56H.64L.73 .69L.64 .78ZM.86 .85L1 1H.8L.72 .95Z",
  R: "M0 0H.68A.31 .31 0 0 1 .72 .61L1 1H.75L.48 .62H.22V1H0ZM.22 .17V.45H.63A.14 .14 0 0 0 .63 .17Z",
  S: "M.96 .27H.74C.72 .2 .63 .165 .5 .165C.33 .165 .24 .21 .24 .28C.24 .38 .4 .39 .6 .43C.85 .48 1 .56 1 .71C1 .9 .8 1 .5 1C.2 1 0 .9 0 .7H.22C.24 .8 .34 .835 .5 .835C.68 .835 .77 .79 .77 .71C.77 .62 .65 .6 .45 .56C.2 .51 .02 .45 .02 .28C.02 .1 .2 0 .5 0C.78 0 .95 .1 .96 .27Z",
  T: "M0 0H1V.18H.61V1H.39V.18H0Z",
  U: "M0 0H.22V.62A.28 .21 0 0 0 .78 .62V0H1V.62A.5 .38 0 0 1 0 .62Z",
  V: "M0 0H.24L.5 .72L.76 0H1L.61 1H.39Z",
  W: "M0 0H.2L.32 .66L.42 .2H.58L.68 .66L.8 0H1L.8 1H.6L.5 .52L.4 1H.2Z",
  X: "M0 0H.26L.5 .33L.74 0H1L.63 .5L1 1H.74L.5 .67L.26 1H0L.37 .5Z",
  Y: "M0 0H.25L.5 .38L.75 0H1L.61 .58V1H.39V.58Z",
  Z: "M0 0H1V.2L.33 .82H1V1H0V.8L.67 .18H0Z",
  0: "M.5 0A.46 .5 0 0 1 .5 1A.46 .5 0 0 1 .5 0ZM.5 .17A.25 .33 0 0 0 .5 .83A.25 .33 0 0 0 .5 .17Z",
  1: "M.12 .22L.42 0H.62V.83H.92V1H.1V.83H.39V.25L.12 .42Z",
  2: "M.02 .3C.04 .1 .2 0 .5 0C.8 0 .98 .1 .98 .29C.98 .45 .85 .53 .66 .63C.48 .72 .36 .77 .32 .83H1V1H0C.02 .75 .2 .65 .45 .52C.65 .42 .75 .38 .75 .29C.75 .2 .66 .165 .5 .165C.34 .165 .26 .21 .24 .3Z",
  3: "M.02 .02H.96V.18L.58 .4C.85 .42 1 .53 1 .7C1 .9 .8 1 .5 1C.2 1 .02 .9 0 .7H.22C.25 .8 .34 .835 .5 .835C.68 .835 .77 .79 .77 .69C.77 .58 .66 .54 .46 .54H.3V.4L.64 .19H.02Z",
  4: "M.6 0H.82V.6H1V.77H.82V1H.6V.77H0V.58ZM.6 .24L.22 .6H.6Z",
  5: "M.1 0H.94V.17H.3L.28 .36C.35 .33 .43 .32 .52 .32C.82 .32 1 .45 1 .66C1 .88 .8 1 .5 1C.2 1 .03 .9 .01 .73H.23C.26 .8 .35 .835 .49 .835C.68 .835 .77 .77 .77 .66C.77 .55 .67 .48 .5 .48C.39 .48 .31 .51 .26 .56H.05Z",
  6: "M.95 .25H.73C.71 .19 .63 .16 .52 .16C.33 .16 .24 .26 .23 .45C.31 .38 .42 .35 .54 .35C.82 .35 1 .47 1 .67C1 .88 .8 1 .51 1C.17 1 0 .83 0 .5C0 .17 .18 0 .53 0C.78 0 .93 .09 .95 .25ZM.51 .84C.68 .84 .77 .78 .77 .67C.77 .56 .68 .5 .51 .5C.35 .5 .25 .56 .25 .67C.25 .78 .35 .84 .51 .84Z",
  7: "M0 0H1V.16L.5 1H.25L.72 .18H0Z",
  8: "M.5 0C.78 0 .94 .1 .94 .26C.94 .37 .87 .44 .76 .48C.92 .52 1 .61 1 .72C1 .9 .8 1 .5 1C.2 1 0 .9 0 .72C0 .61 .08 .52 .24 .48C.13 .44 .06 .37 .06 .26C.06 .1 .22 0 .5 0ZM.5 .15C.35 .15 .27 .2 .27 .28C.27 .36 .35 .41 .5 .41C.65 .41 .73 .36 .73 .28C.73 .2 .65 .15 .5 .15ZM.5 .57C.33 .57 .24 .62 .24 .7C.24 .79 .33 .85 .5 .85C.67 .85 .76 .79 .76 .7C.76 .62 .67 .57 .5 .57Z",
  9: "M.05 .75H.27C.29 .81 .37 .84 .48 .84C.67 .84 .76 .74 .77 .55C.69 .62 .58 .65 .46 .65C.18 .65 0 .53 0 .33C0 .12 .2 0 .49 0C.83 0 1 .17 1 .5C1 .83 .82 1 .47 1C.22 1 .07 .91 .05 .75ZM.49 .16C.32 .16 .23 .22 .23 .33C.23 .44 .32 .5 .49 .5C.65 .5 .75 .44 .75 .33C.75 .22 .65 .16 .49 .16Z",
};

/** RNA in the colours of DNA. */
export const RNA_LETTERS: LogoAlphabet = Object.freeze({ letters: "ACGU", colours: DNA.colours });

/**
 * Amino acids, coloured by chemistry in the Okabe-Ito palette's shades that read on white and near-black: hydrophobic, polar,
 * positive, negative, cysteine, glycine and proline, aromatic.
 */
export const PROTEIN_LETTERS: LogoAlphabet = Object.freeze({
  letters: "ACDEFGHIKLMNPQRSTVWY",
  colours: [..."ACDEFGHIKLMNPQRSTVWY"].map((letter) => {
    if ("AILMV".includes(letter)) return "#2276C9";
    if ("NQST".includes(letter)) return "#009E73";
    if ("KRH".includes(letter)) return "#D7302B";
    if ("DE".includes(letter)) return "#B0489A";
    if (letter === "C") return "#9A8600";
    if ("GP".includes(letter)) return "#D98200";
    return "#4B8A9E";
  }),
});

/** The outline of a letter. */
export function glyphOf(letter: string): string | undefined {
  return GLYPHS[letter.toUpperCase()];
}

/**
 * The four bases with outline and colour. Colours are those of sequence logos (A green, C blue, G orange, T red) in shades that
 * keep a contrast of about 3:1 or more on both white and near-black.
 */
export const LETTERS: readonly { readonly base: string; readonly colour: string; readonly path: string }[] = [
  ...DNA.letters,
].map((base, i) => ({ base, colour: DNA.colours[i], path: GLYPHS[base] }));
