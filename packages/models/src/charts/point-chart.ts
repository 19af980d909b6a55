import { scaleLinear } from "d3-scale";
import { bottomAxis, leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { formatFixed, isDrawable } from "./number-format.js";
import { type ChartIdentity, element, escapeText, fitText, group, svgDocument, textElement } from "./svg.js";

export interface PointChartOptions extends ChartIdentity {
  /** Quantities and units. */
  readonly xTitle: string;
  readonly yTitle: string;
  /** Points without finite coordinates are left out. */
  readonly points: readonly { readonly label: string; readonly x: number; readonly y: number }[];
  /** Lines in the upper left corner, such as a correlation. */
  readonly notes?: readonly string[];
}

/** Most points that are named in the plot. */
const NAMED_POINTS = 40;

/** Named points over two axes of their own. */
export function drawPointChart({
  points,
  notes = [],
  xTitle,
  yTitle,
  ...identity
}: PointChartOptions): string {
  const area: PlotArea = { left: 58, top: 12 + 16 * notes.length, width: 360, height: 240 };
  const drawn = points.filter((point) => isDrawable(point.x) && isDrawable(point.y));
  const x = scaleLinear(rangeOf(drawn.map((point) => point.x)), [area.left, area.left + area.width]);
  const y = scaleLinear(rangeOf(drawn.map((point) => point.y)), [area.top + area.height, area.top]);
  return svgDocument(
    identity,
    area.left + area.width + 20,
    area.top + area.height + 42,
    ...notes.map((note, i) => textElement(area.left, 14 + 16 * i, note)),
    leftAxis(area, placeTicks(y.ticks(5), y), yTitle),
    bottomAxis(area, placeTicks(x.ticks(5), x), xTitle),
    group(
      { class: "series-blue" },
      ...drawn.map((point) =>
        element(
          "circle",
          { class: "solid", cx: x(point.x), cy: y(point.y), r: 3.6, "fill-opacity": "0.8" },
          element(
            "title",
            {},
            escapeText(`${point.label}: ${formatFixed(point.x, 4)}, ${formatFixed(point.y, 3)}`),
          ),
        ),
      ),
    ),
    drawn.length > NAMED_POINTS
      ? ""
      : group(
          { class: "note" },
          ...drawn.map((point) => {
            const isRight = x(point.x) > area.left + 0.75 * area.width;
            return textElement(
              x(point.x) + (isRight ? -6 : 6),
              y(point.y) - 5,
              fitText(point.label, 110, 11),
              { class: isRight ? "note end" : "note" },
            );
          }),
        ),
  );
}

/** From the least to the largest value with some room; around a single one. */
function rangeOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = high > low ? 0.1 * (high - low) : Math.max(0.05, 0.05 * Math.abs(high));
  return [low - room, high + room];
}
