/**
 * The four bases as filled outlines in a unit square, y downwards, so that a letter scales to any width and
 * height without a font. Colours are those of sequence logos (A green, C blue, G orange, T red) in shades that
 * keep a contrast of about 3:1 or more on both white and near-black.
 */
export const LETTERS: readonly { readonly base: string; readonly colour: string; readonly path: string }[] = [
  {
    base: "A",
    colour: "#009E73",
    path: "M0 1L.37 0H.63L1 1H.78L.71 .78H.29L.22 1ZM.345 .61H.655L.5 .16Z",
  },
  {
    base: "C",
    colour: "#2276C9",
    path: "M1 .213A.55 .5 0 1 0 1 .787L.8 .68A.33 .325 0 1 1 .8 .32Z",
  },
  {
    base: "G",
    colour: "#D98200",
    path: "M1 .213A.55 .5 0 1 0 1 .787V.46H.55V.62H.8V.68A.33 .325 0 1 1 .8 .32Z",
  },
  {
    base: "T",
    colour: "#D7302B",
    path: "M0 0H1V.18H.61V1H.39V.18H0Z",
  },
];
