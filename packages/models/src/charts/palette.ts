/** Okabe and Ito's palette, distinguishable with the common colour-vision deficiencies ("Color Universal Design", 2008). */
export const okabeIto = {
  black: "#000000",
  orange: "#e69f00",
  sky: "#56b4e9",
  green: "#009e73",
  yellow: "#f0e442",
  blue: "#0072b2",
  vermillion: "#d55e00",
  purple: "#cc79a7",
} as const;

/** Colours that series may take: names, since what they look like depends on light or dark surroundings. */
export type SeriesColour = "blue" | "vermillion" | "green" | "purple" | "orange" | "sky" | "ink" | "muted";

export type MarkerShape = "circle" | "square" | "triangle" | "diamond" | "cross" | "triangle-down";

/** How a series is told from the others; colour is never the only difference. */
export interface SeriesStyle {
  readonly colour: SeriesColour;
  /** Line width in user units. */
  readonly width: number;
  /** SVG dash array, or null for a solid line. */
  readonly dash: string | null;
  readonly marker: MarkerShape;
}

const methodStyles: Readonly<Record<string, SeriesStyle>> = {
  model: { colour: "blue", width: 2.4, dash: null, marker: "circle" },
  pwm: { colour: "vermillion", width: 1.6, dash: "7 3", marker: "triangle" },
  signal: { colour: "green", width: 1.6, dash: "2 2.5", marker: "square" },
  regression: { colour: "purple", width: 1.6, dash: "9 2.5 2 2.5", marker: "diamond" },
  ceiling: { colour: "ink", width: 1.2, dash: null, marker: "cross" },
};

const spareStyles: readonly SeriesStyle[] = [
  { colour: "orange", width: 1.6, dash: "4 2", marker: "triangle-down" },
  { colour: "sky", width: 1.6, dash: "12 3", marker: "square" },
  { colour: "ink", width: 1.4, dash: "1.5 3.5", marker: "circle" },
];

/** One style a method, the same in every figure of a report: known methods have theirs, others get spare ones in turn. */
export function methodStyle(method: string, allMethods: readonly string[]): SeriesStyle {
  const known = Object.hasOwn(methodStyles, method) ? methodStyles[method] : undefined;
  if (known) return known;
  const unknown = [...new Set(allMethods)].filter((name) => !Object.hasOwn(methodStyles, name));
  return spareStyles[Math.max(0, unknown.indexOf(method)) % spareStyles.length];
}

const networkColours: readonly SeriesColour[] = [
  "blue",
  "vermillion",
  "green",
  "purple",
  "orange",
  "sky",
  "ink",
];
const networkMarkers: readonly MarkerShape[] = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "triangle-down",
  "cross",
];

/** The style of the n-th network of an ensemble. */
export function networkStyle(index: number): SeriesStyle {
  return {
    colour: networkColours[index % networkColours.length],
    width: 1.8,
    dash: null,
    marker: networkMarkers[index % networkMarkers.length],
  };
}

/** CSS custom properties of charts, on light and on dark surroundings. */
export interface ThemeColours {
  readonly light: Readonly<Record<string, string>>;
  readonly dark: Readonly<Record<string, string>>;
}

/**
 * Contrast decides the few differences from the pure palette: each series colour keeps at least 3 : 1 against its
 * surface (WCAG 2.2, non-text contrast), so orange and purple are darkened on white and blue becomes the
 * palette's sky blue on black.
 */
export const chartTheme: ThemeColours = {
  light: {
    "--chart-surface": "#ffffff",
    "--chart-ink": "#1b1f24",
    "--chart-muted": "#59636e",
    "--chart-grid": "#e3e7eb",
    "--chart-axis": "#8c959f",
    "--chart-shade": "#eef1f4",
    "--series-blue": okabeIto.blue,
    "--series-vermillion": okabeIto.vermillion,
    "--series-green": "#008e67",
    "--series-purple": "#b8608f",
    "--series-orange": "#b87f00",
    "--series-sky": "#2f8fc8",
  },
  dark: {
    "--chart-surface": "#15191e",
    "--chart-ink": "#e8ebee",
    "--chart-muted": "#a3acb6",
    "--chart-grid": "#2a3037",
    "--chart-axis": "#69737d",
    "--chart-shade": "#222930",
    "--series-blue": okabeIto.sky,
    "--series-vermillion": "#f07a2a",
    "--series-green": "#1fbf92",
    "--series-purple": okabeIto.purple,
    "--series-orange": okabeIto.orange,
    "--series-sky": "#9ad4f5",
  },
};

/** The class that gives a shape the colour of a series through `currentColor`. */
export function colourClass(colour: SeriesColour): string {
  return `series-${colour}`;
}
