import { BindscapeError } from "@bindscape/numerics";
import { DNA } from "./alphabet.js";
import { escapeXml } from "./escape-xml.js";
import { glyphOf, type LogoAlphabet } from "./logo-letters.js";
import type { Background, Motif } from "./motif.js";

/** What a logo shows and how; give either `probabilities` or `heights`. */
export interface LogoOptions {
  /**
   * length x letters, rows summing to 1: a letter is as high as its probability times the position's information, or, with
   * `scale` "probability", as its probability.
   */
  readonly probabilities?: ArrayLike<number>;
  /** What the height of probabilities shows; "information" when left out. */
  readonly scale?: "information" | "probability";
  /** Letters and colours, DNA's when left out. */
  readonly alphabet?: LogoAlphabet;
  /** length x letters, in any unit: letters as high as given, those below 0 upside down under the axis. */
  readonly heights?: ArrayLike<number>;
  /** Number of positions; found from the numbers when left out. */
  readonly length?: number;
  /** Of the bases, for information; uniform when left out. */
  readonly background?: Background;
  /**
   * Top of the vertical axis; "data" for the highest stack. When left out, the most that there can be: log2 of the number of letters
   * (2 bits for DNA), 1 for probabilities, and "data" for heights.
   */
  readonly maximum?: number | "data";
  /** A line above the logo. */
  readonly title?: string;
  /** Title of the vertical axis; "bits" for information when left out. */
  readonly axisTitle?: string;
  /** Number of the first position on the horizontal axis; 1 when left out. */
  readonly firstPosition?: number;
  /** Whole drawing in px; 24 px a position and 150 px when left out. */
  readonly width?: number;
  readonly height?: number;
  /** False draws the letters alone, without margins: for tables. */
  readonly showAxes?: boolean;
}

/** Where {@link logoGroup} puts the logo's top left corner. */
export interface LogoPlace {
  readonly x?: number;
  readonly y?: number;
}

const POSITION_WIDTH = 24;
const DEFAULT_HEIGHT = 150;
const FONT_SIZE = 12;
/** A letter lower than this many px is a smear, not a letter. */
const LOWEST_LETTER = 0.25;
/** Heights beyond these have no axis: their sums overflow, or their ticks vanish. */
const HIGHEST = 1e300;
const FLATTEST = 1e-290;

/**
 * A sequence logo (Schneider and Stephens 1990) as an SVG document. Letters are paths, so it looks the same
 * everywhere; axes and text take the page's `currentColor`, so it reads on light and dark.
 *
 * @throws BindscapeError when the numbers do not make a logo
 */
export function drawLogo(options: LogoOptions): string {
  const { width, height } = logoSize(options);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${format(width)}" height="${format(height)}" ` +
    `viewBox="0 0 ${format(width)} ${format(height)}" role="img" aria-label="${escapeXml(describe(options))}">` +
    `${logoGroup(options)}</svg>\n`
  );
}

/** The logo of a motif as an SVG document: {@link drawLogo} of its probabilities. */
export function logo(
  motif: Pick<Motif, "probabilities" | "length">,
  options: Omit<LogoOptions, "probabilities" | "heights" | "length"> = {},
): string {
  return drawLogo({ ...options, probabilities: motif.probabilities, length: motif.length });
}

/**
 * The logo of a convolution kernel as it is: its weights, each position centred on the mean of its four bases
 * (adding the same number to all four changes no ranking of sequences, so only differences mean something).
 * Bases that the kernel favours stand above the axis, those it avoids below. For the motif that a kernel finds in
 * sequence, draw the `probabilities` of its sites with {@link drawLogo} instead.
 *
 * @param options.weights length x 4, row-major, A, C, G, T
 */
export function drawKernelLogo(
  options: Omit<LogoOptions, "probabilities" | "heights"> & { readonly weights: ArrayLike<number> },
): string {
  const { weights, ...rest } = options;
  const heights = Float64Array.from(weights);
  for (let at = 0; at + 4 <= heights.length; at += 4) {
    const mean = (heights[at] + heights[at + 1] + heights[at + 2] + heights[at + 3]) / 4;
    for (let base = 0; base < 4; base++) heights[at + base] -= mean;
  }
  return drawLogo({ axisTitle: "weight", ...rest, heights });
}

/** Width and height in px of the logo these options draw: for placing it in a larger drawing. */
export function logoSize(options: LogoOptions): { width: number; height: number } {
  const { length } = letterHeights(options);
  const margin = margins(options);
  // A title wider than the letters would be cut off; a character of this font is about 0.6 em wide.
  const titleWidth = options.title === undefined ? 0 : margin.left + options.title.length * FONT_SIZE * 0.62;
  const width = options.width ?? Math.max(margin.left + length * POSITION_WIDTH + margin.right, titleWidth);
  const height = options.height ?? DEFAULT_HEIGHT;
  if (
    !(
      width > margin.left + margin.right &&
      height > margin.top + margin.bottom &&
      Number.isFinite(width * height)
    )
  ) {
    throw new BindscapeError({
      source: "logo",
      found: `a size of ${width} x ${height} px`,
      expected: `more than ${margin.left + margin.right} x ${margin.top + margin.bottom} px, for the axes`,
    });
  }
  return { width, height };
}

/** The logo as a `<g>` element to embed in a larger SVG, with its top left corner at (x, y). */
export function logoGroup(options: LogoOptions, place: LogoPlace = {}): string {
  const { heights, length, most } = letterHeights(options);
  const alphabet = options.alphabet ?? DNA;
  const size = logoSize(options);
  const margin = margins(options);
  const plot = {
    left: margin.left,
    top: margin.top,
    width: options.width === undefined ? length * POSITION_WIDTH : size.width - margin.left - margin.right,
    height: size.height - margin.top - margin.bottom,
  };
  const range = axisRange(heights, alphabet.letters.length, options.maximum ?? most);
  const toY = (value: number) => plot.top + ((range.top - value) / (range.top - range.bottom)) * plot.height;
  const parts = [drawLetters(heights, length, alphabet, plot, toY)];
  if (options.showAxes !== false) {
    parts.push(drawAxes(plot, range, toY, length, options.firstPosition ?? 1));
    const axisTitle = options.axisTitle ?? defaultAxisTitle(options);
    const middle = plot.top + plot.height / 2;
    parts.push(
      text(axisTitle, 12, middle, `text-anchor="middle" transform="rotate(-90 12 ${format(middle)})"`),
    );
    const center = plot.left + plot.width / 2;
    const unit = alphabet.letters.startsWith("ACG") ? " (bp)" : "";
    parts.push(text(`position${unit}`, center, size.height - 5, 'text-anchor="middle"'));
  }
  if (options.title !== undefined) parts.push(text(options.title, plot.left, 15, 'font-weight="600"'));
  const shift = `translate(${format(place.x ?? 0)} ${format(place.y ?? 0)})`;
  return `<g transform="${shift}" font-family="Helvetica, Arial, sans-serif" font-size="${FONT_SIZE}">${parts.join("")}</g>`;
}

interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function defaultAxisTitle({ probabilities, scale }: LogoOptions): string {
  if (probabilities === undefined) return "height";
  return scale === "probability" ? "probability" : "bits";
}

function drawLetters(
  heights: Float64Array,
  length: number,
  { letters: symbols, colours }: LogoAlphabet,
  plot: Plot,
  toY: (value: number) => number,
): string {
  const step = plot.width / length;
  const size = symbols.length;
  const indices = Array.from({ length: size }, (_, letter) => letter);
  let letters = "";
  for (let position = 0; position < length; position++) {
    const x = plot.left + position * step + step * 0.02;
    // From the axis outwards: the largest letter is the outermost, above and below alike.
    const order = indices
      .slice()
      .sort((a, b) => Math.abs(heights[position * size + a]) - Math.abs(heights[position * size + b]));
    let above = 0;
    let below = 0;
    for (const letter of order) {
      const value = heights[position * size + letter];
      if (value === 0) continue;
      const inner = value > 0 ? above : below;
      if (value > 0) above += value;
      else below += value;
      const from = toY(inner + value);
      const extent = toY(inner) - from; // negative below the axis, which turns the letter upside down
      if (Math.abs(extent) < LOWEST_LETTER) continue;
      const matrix = [step * 0.96, 0, 0, extent, x, from].map(format).join(" ");
      letters += `<path fill="${colours[letter]}" fill-rule="evenodd" transform="matrix(${matrix})" d="${glyphOf(symbols[letter])}"/>`;
    }
  }
  return letters;
}

function drawAxes(
  plot: Plot,
  range: { bottom: number; top: number; ticks: readonly number[] },
  toY: (value: number) => number,
  length: number,
  firstPosition: number,
): string {
  const axisX = plot.left - 4;
  const zero = toY(0);
  let lines = `M${format(axisX)} ${format(plot.top)}V${format(plot.top + plot.height)}`;
  lines += `M${format(axisX)} ${format(zero)}H${format(plot.left + plot.width)}`;
  let labels = "";
  for (const tick of range.ticks) {
    const y = toY(tick);
    lines += `M${format(axisX)} ${format(y)}h-4`;
    labels += text(formatTick(tick), axisX - 7, y + 4, 'text-anchor="end"');
  }
  const step = plot.width / length;
  const widest = Math.max(`${firstPosition}`.length, `${firstPosition + length - 1}`.length);
  const every = niceStep((widest * 7 + 8) / step, true);
  for (let position = 0; position < length; position++) {
    const number = firstPosition + position;
    const isLabelled = every === 1 || number % every === 0 || (position === 0 && number === 1);
    if (!isLabelled) continue;
    const x = plot.left + (position + 0.5) * step;
    labels += text(`${number}`, x, plot.top + plot.height + 15, 'text-anchor="middle"');
  }
  return `<path fill="none" stroke="currentColor" d="${lines}"/>${labels}`;
}

/** The vertical range and its ticks; from 0, or below where letters hang below the axis. */
function axisRange(heights: Float64Array, letters: number, maximum: number | "data") {
  let highest = 0;
  let lowest = 0;
  for (let at = 0; at < heights.length; at += letters) {
    let above = 0;
    let below = 0;
    for (let letter = 0; letter < letters; letter++) {
      const value = heights[at + letter];
      if (value > 0) above += value;
      else below += value;
    }
    highest = Math.max(highest, above);
    lowest = Math.min(lowest, below);
  }
  if (maximum !== "data" && !(maximum > FLATTEST && maximum <= HIGHEST)) {
    throw new BindscapeError({
      source: "logo",
      found: `maximum ${maximum}`,
      expected: 'a number above 0, or "data"',
    });
  }
  if (highest - lowest < FLATTEST) highest = 1;
  const top = maximum === "data" ? highest : maximum;
  // The coarsest ticks of which three fit: 0, 1, 2 on bits.
  let ticks: number[] = [];
  for (let least = top - lowest; ticks.length < 3; least /= 2)
    ticks = ticksWithin(lowest, top, niceStep(least, false));
  return { bottom: lowest, top, ticks };
}

function ticksWithin(bottom: number, top: number, step: number): number[] {
  const ticks: number[] = [];
  for (let i = Math.ceil(bottom / step - 1e-9); i * step <= top + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

/** The least of 1, 2 or 5 times a power of ten that is at least `least`; whole if asked. */
function niceStep(least: number, isWhole: boolean): number {
  if (isWhole && least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return (
    [1, 2, 5, 10].map((multiple) => multiple * power).find((step) => step >= least * (1 - 1e-9)) ?? power * 10
  );
}

function margins(options: LogoOptions) {
  const title = options.title === undefined ? 0 : 22;
  if (options.showAxes === false) return { left: 0, right: 0, top: title, bottom: 0 };
  // Ticks of bits are single digits; those of other heights may be as long as "\u22120.25".
  const isBits =
    options.probabilities !== undefined && options.scale !== "probability" && (options.maximum ?? 2) === 2;
  return { left: isBits ? 42 : 58, right: 6, top: title + 8, bottom: 38 };
}

/** Heights of all letters, from whichever of the two inputs was given, and the highest that a stack can be. */
function letterHeights(options: LogoOptions): {
  heights: Float64Array;
  length: number;
  most: number | "data";
} {
  const { probabilities, heights, alphabet = DNA } = options;
  const size = alphabet.letters.length;
  const given = probabilities ?? heights;
  if (given === undefined || (probabilities !== undefined && heights !== undefined)) {
    throw new BindscapeError({
      source: "logo",
      found: "neither or both of probabilities and heights",
      expected: "one",
    });
  }
  const withoutGlyph = [...alphabet.letters].find((letter) => glyphOf(letter) === undefined);
  if (withoutGlyph !== undefined || size < 2 || alphabet.colours.length !== size) {
    throw new BindscapeError({
      source: "logo",
      found: `the alphabet "${alphabet.letters}" with ${alphabet.colours.length} colours`,
      expected: "two or more letters A to Z or digits, and a colour for each",
    });
  }
  const values = Float64Array.from(given);
  const length = options.length ?? values.length / size;
  const isBad = (value: number) =>
    !(Math.abs(value) <= HIGHEST) || (probabilities !== undefined && value < 0);
  if (length < 1 || values.length !== length * size || !Number.isInteger(length) || values.some(isBad)) {
    throw new BindscapeError({
      source: "logo",
      found: `${values.length} numbers for ${length} positions`,
      expected: `${size} finite numbers${probabilities === undefined ? "" : ", none below 0,"} for each position`,
    });
  }
  if (probabilities === undefined) return { heights: values, length, most: "data" };
  if (options.scale === "probability") return { heights: values, length, most: 1 };
  const bits = informationOfRows(values, size, options.background);
  return {
    heights: values.map((probability, i) => probability * bits[Math.floor(i / size)]),
    length,
    most: Math.log2(size),
  };
}

/** Bits of each position: sum of p log2(p / background), as `informationContent` has them, for any number of letters. */
function informationOfRows(rows: Float64Array, size: number, background?: Background): Float64Array {
  if (
    background !== undefined &&
    (background.length !== size || !Array.from(background).every((share) => share > 0))
  ) {
    throw new BindscapeError({
      source: "logo",
      found: `the background [${Array.from(background).join(", ")}]`,
      expected: `${size} probabilities above 0`,
    });
  }
  const bits = new Float64Array(rows.length / size);
  for (const [i, probability] of rows.entries()) {
    const expected = background?.[i % size] ?? 1 / size;
    if (probability > 0) bits[Math.floor(i / size)] += probability * Math.log2(probability / expected);
  }
  return bits.map((value) => Math.max(0, value));
}

/** Words for those who hear the picture: the highest letter of each position. */
function describe(options: LogoOptions): string {
  const { heights, length } = letterHeights(options);
  const { letters: symbols } = options.alphabet ?? DNA;
  let letters = "";
  for (let position = 0; position < Math.min(length, 100); position++) {
    const column = heights.subarray(position * symbols.length, (position + 1) * symbols.length);
    letters += symbols[column.indexOf(Math.max(...column))];
  }
  return `Sequence logo${options.title === undefined ? "" : ` of ${options.title}`}: ${letters}`;
}

function text(content: string, x: number, y: number, attributes: string): string {
  return `<text x="${format(x)}" y="${format(y)}" fill="currentColor" ${attributes}>${escapeXml(content)}</text>`;
}

function formatTick(value: number): string {
  return `${Number(value.toPrecision(6))}`.replace("-", "\u2212");
}

/** At most three decimals: a thousandth of a pixel. */
function format(value: number): string {
  return `${Math.round(value * 1000) / 1000}`;
}
