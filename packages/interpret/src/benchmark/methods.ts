import type { SeriesStyle } from "@bindscape/models";

/** A method of interpretation as the benchmark names it. */
export interface InterpreterMethod {
  readonly key: string;
  readonly title: string;
  /** What the paper calls it; absent where it has none of it. */
  readonly paperName?: string;
  /** One sentence: what a base's score is. */
  readonly about: string;
  readonly style: SeriesStyle;
}

const solid = (colour: SeriesStyle["colour"], marker: SeriesStyle["marker"]): SeriesStyle => ({
  colour,
  marker,
  width: 2,
  dash: null,
});
const dashed = (colour: SeriesStyle["colour"], marker: SeriesStyle["marker"]): SeriesStyle => ({
  colour,
  marker,
  width: 1.7,
  dash: "6 3",
});

/** Methods in the order of tables; those of the paper are drawn solid, in its colours. */
export const interpreterMethods: readonly InterpreterMethod[] = [
  {
    key: "ism",
    title: "Mutagenesis",
    paperName: "MUT",
    about:
      "The change of the score that is largest in size over the three substitutions, with its sign turned: what the base adds. Work that a mutation does not touch is shared.",
    style: solid("sky", "circle"),
  },
  {
    key: "ism-naive",
    title: "Mutagenesis, naive",
    paperName: "MUT",
    about: "The same numbers by one pass through the network for every substitution; timed only.",
    style: dashed("sky", "circle"),
  },
  {
    key: "gradient-input",
    title: "Gradient × input",
    paperName: "SMAP",
    about: "The gradient at the base that is there: what the paper calls a saliency map.",
    style: solid("green", "triangle"),
  },
  {
    key: "saliency",
    title: "Largest gradient",
    about: "The gradient that is largest in size over the four bases (Simonyan et al. 2013).",
    style: dashed("green", "triangle-down"),
  },
  {
    key: "grad-cam-saliency",
    title: "Grad-CAM × saliency",
    paperName: "GCAM",
    about: "Grad-CAM on the first convolution times gradient × input, as the paper merges them.",
    style: solid("vermillion", "square"),
  },
  {
    key: "grad-cam",
    title: "Grad-CAM",
    about: "Grad-CAM on the first convolution alone, spread over the bases that a position sees.",
    style: dashed("vermillion", "square"),
  },
  {
    key: "deeplift",
    title: "DeepLIFT, reveal-cancel",
    paperName: "DeepLIFT",
    about: "Reveal-cancel on dense layers, rescale on convolutions: the paper's mode.",
    style: solid("orange", "diamond"),
  },
  {
    key: "deeplift-rescale",
    title: "DeepLIFT, rescale",
    about: "The rescale rule everywhere.",
    style: dashed("orange", "diamond"),
  },
  {
    key: "integrated-gradients",
    title: "Integrated gradients",
    about:
      "Gradients averaged over the straight way from the reference to the sequence, times the difference.",
    style: dashed("purple", "cross"),
  },
];

/** The method of a key. */
export function findMethod(key: string): InterpreterMethod {
  return (
    interpreterMethods.find((method) => method.key === key) ?? {
      key,
      title: key,
      about: "",
      style: solid("ink", "circle"),
    }
  );
}
