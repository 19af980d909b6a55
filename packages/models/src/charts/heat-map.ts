import { scaleLinear } from "d3-scale";
import type { PlotArea } from "./axes.js";
import { formatSignificant, isDrawable } from "./number-format.js";
import { colourClass, type SeriesColour } from "./palette.js";
import { formatCoordinate as at, element, escapeText, group, textElement } from "./svg.js";

export interface HeatMapOptions {
  readonly area: PlotArea;
  /** One entry a row; null where a row has no cell. All rows are equally long. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** Values drawn with the least and with full colour. */
  readonly domain: readonly [number, number];
  readonly colour: SeriesColour;
  /** Accessible name of the picture. */
  readonly label: string;
}

/** Steps of colour: more than an eye tells apart side by side. */
const steps = 20;

/** A table of cells whose opacity is the value; cells with no value stay empty. Markup for a larger picture. */
export function drawHeatMap({ area, rows, domain, colour, label }: HeatMapOptions): string {
  const cellHeight = area.height / Math.max(1, rows.length);
  const paths = new Map<number, string>();
  let cells = "";
  rows.forEach((row, r) => {
    const cell = area.width / Math.max(1, row.length);
    row.forEach((value, column) => {
      if (!isDrawable(value)) return;
      const d = `M${at(area.left + column * cell)} ${at(area.top + r * cellHeight + 1)}h${at(cell)}v${at(cellHeight - 2)}h${at(-cell)}z`;
      cells += d;
      const step = stepOf(value, domain);
      if (step > 0) paths.set(step, `${paths.get(step) ?? ""}${d}`);
    });
  });
  return group(
    { class: colourClass(colour), "shape-rendering": "crispEdges" },
    element("title", {}, escapeText(label)),
    cells === "" ? "" : element("path", { class: "shade", d: cells }),
    ...[...paths].map(([step, d]) =>
      element("path", { class: "solid", d, "fill-opacity": `${step / steps}` }),
    ),
  );
}

/**
 * The colours of a heat map as a bar with the values at its ends, `heatKeyHeight` high; `isOpen` where there are
 * values beyond the upper end.
 */
export function drawHeatKey(
  {
    domain,
    colour,
    isOpen = false,
  }: Pick<HeatMapOptions, "domain" | "colour"> & { readonly isOpen?: boolean },
  left: number,
  top: number,
  width: number,
): string {
  const cell = width / (steps + 1);
  return [
    group(
      { class: colourClass(colour), "shape-rendering": "crispEdges" },
      element("rect", { class: "shade", x: left, y: top, width, height: 9 }),
      ...Array.from({ length: steps }, (_, i) =>
        element("rect", {
          class: "solid",
          x: left + (i + 1) * cell,
          y: top,
          width: cell,
          height: 9,
          "fill-opacity": `${(i + 1) / steps}`,
        }),
      ),
    ),
    textElement(left, top + 22, formatSignificant(domain[0]), { class: "note" }),
    textElement(left + width, top + 22, `${isOpen ? "\u2265 " : ""}${formatSignificant(domain[1])}`, {
      class: "note end",
    }),
  ].join("");
}

export const heatKeyHeight = 26;

function stepOf(value: number, domain: readonly [number, number]): number {
  if (!(domain[1] > domain[0])) return 0;
  return Math.round(scaleLinear(domain, [0, steps]).clamp(true)(value));
}
