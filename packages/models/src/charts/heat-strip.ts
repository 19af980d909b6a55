import { isDrawable } from "./number-format.js";
import { colourClass, type SeriesColour } from "./palette.js";
import { formatCoordinate as at, element, escapeText, group } from "./svg.js";

export interface HeatStripOptions {
  /** Equal steps from left to right; null where there is no data. */
  readonly values: readonly (number | null)[];
  /** Values drawn with no and with full colour. */
  readonly domain: readonly [number, number];
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly colour: SeriesColour;
  /** Tooltip and accessible name. */
  readonly label: string;
}

/** A row of cells whose opacity is the value, in ten steps; markup to place in a larger picture. */
export function drawHeatStrip(options: HeatStripOptions): string {
  const { values, domain, left, top, width, height } = options;
  const span = domain[1] - domain[0];
  const cell = width / Math.max(1, values.length);
  const paths = new Map<number, string>();
  values.forEach((value, index) => {
    if (!isDrawable(value) || !(span > 0)) return;
    const step = Math.round(Math.min(1, Math.max(0, (value - domain[0]) / span)) * 10);
    if (step === 0) return;
    const from = left + index * cell;
    paths.set(
      step,
      `${paths.get(step) ?? ""}M${at(from)} ${at(top)}h${at(cell)}v${at(height)}h${at(-cell)}z`,
    );
  });
  return group(
    { class: colourClass(options.colour) },
    element("title", {}, escapeText(options.label)),
    element("rect", { class: "shade", x: left, y: top, width, height }),
    ...[...paths].map(([step, d]) => element("path", { class: "solid", d, "fill-opacity": `${step / 10}` })),
  );
}
