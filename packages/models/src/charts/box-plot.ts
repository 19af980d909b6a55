import { quantile } from "@bindscape/numerics";
import { scaleLinear } from "d3-scale";
import { leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { formatFixed, isDrawable } from "./number-format.js";
import { colourClass, networkStyle, type SeriesColour } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  escapeText,
  fitText,
  group,
  svgDocument,
  textElement,
} from "./svg.js";

/** What a box stands for, after Tukey. */
export interface BoxSummary {
  readonly count: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  /** The farthest values within 1.5 times the box's height beyond it; the box's ends where there is none. */
  readonly lowerWhisker: number;
  readonly upperWhisker: number;
  /** Values beyond the whiskers. */
  readonly outliers: readonly number[];
}

/** Quartiles (by linear interpolation), whiskers and outliers; null where there is no value. */
export function summariseBox(values: readonly number[]): BoxSummary | null {
  const drawn = values.filter(isDrawable);
  if (drawn.length === 0) return null;
  const [lowerQuartile, median, upperQuartile] = [0.25, 0.5, 0.75].map((p) => quantile(drawn, p));
  const reach = 1.5 * (upperQuartile - lowerQuartile);
  const within = drawn.filter((value) => value >= lowerQuartile - reach && value <= upperQuartile + reach);
  return {
    count: drawn.length,
    lowerQuartile,
    median,
    upperQuartile,
    lowerWhisker: Math.min(lowerQuartile, ...within),
    upperWhisker: Math.max(upperQuartile, ...within),
    outliers: drawn.filter((value) => value < lowerQuartile - reach || value > upperQuartile + reach),
  };
}

export interface BoxPlotOptions extends ChartIdentity {
  readonly boxes: readonly {
    readonly label: string;
    readonly values: readonly number[];
    readonly colour?: SeriesColour;
  }[];
  /** Quantity and unit. */
  readonly yTitle: string;
  /** Of the vertical axis; what the values need where left out. */
  readonly domain?: readonly [number, number];
  /** A dashed line across, such as what chance gives. */
  readonly reference?: { readonly value: number; readonly label: string };
  readonly plotHeight?: number;
}

/** Boxes with Tukey's whiskers, every value as a point beside the middle of its box. */
export function drawBoxPlot(options: BoxPlotOptions): string {
  const { boxes, plotHeight = 240, reference } = options;
  const width = Math.max(300, 56 * boxes.length);
  const step = width / Math.max(1, boxes.length);
  const all = [
    ...boxes.flatMap(({ values }) => values.filter(isDrawable)),
    ...(reference ? [reference.value] : []),
  ];
  const low = Math.min(...all);
  const high = Math.max(...all);
  const domain = options.domain ?? (all.length === 0 ? [0, 1] : widen(low, high));
  const turned = boxes.some(({ label }) => label.length * 6.7 > step - 6);
  const below = turned ? Math.min(130, 16 + Math.max(...boxes.map(({ label }) => label.length)) * 6.7) : 26;
  const area: PlotArea = { left: 58, top: 10, width, height: plotHeight };
  const y = scaleLinear(domain, [area.top + area.height, area.top]);
  return svgDocument(
    options,
    area.left + area.width + (reference ? 14 + 7 * reference.label.length : 14),
    area.top + area.height + below + 6,
    leftAxis(area, placeTicks(y.ticks(5), y), options.yTitle),
    element("path", {
      class: "frame",
      d: `M${at(area.left)} ${at(area.top + area.height)}h${at(area.width)}`,
    }),
    reference
      ? group(
          { class: "series-muted" },
          element("path", {
            class: "line",
            d: `M${at(area.left)} ${at(y(reference.value))}h${at(area.width)}`,
            "stroke-width": 1.2,
            "stroke-dasharray": "4 3",
          }),
          textElement(area.left + area.width + 5, y(reference.value) + 4, reference.label, {
            class: "note",
          }),
        )
      : "",
    ...boxes.map((box, index) => {
      const x = area.left + (index + 0.5) * step;
      const bottom = area.top + area.height;
      const label = fitText(box.label, turned ? 118 : step - 6, 12);
      return [
        drawBox(box.values, box.label, box.colour ?? networkStyle(index).colour, x, y),
        turned
          ? textElement(x + 4, bottom + 10, label, {
              class: "end",
              transform: `rotate(-90 ${at(x + 4)} ${at(bottom + 10)})`,
            })
          : textElement(x, bottom + 18, label, { class: "middle" }),
      ].join("");
    }),
  );
}

const boxWidth = 30;

function drawBox(
  values: readonly number[],
  label: string,
  colour: SeriesColour,
  x: number,
  y: (value: number) => number,
): string {
  const box = summariseBox(values);
  if (box === null) return textElement(x, 24, "n/a", { class: "note middle" });
  const half = boxWidth / 2;
  const line = (value: number, width: number) => `M${at(x - width / 2)} ${at(y(value))}h${at(width)}`;
  const whiskers = `M${at(x)} ${at(y(box.upperQuartile))}V${at(y(box.upperWhisker))}M${at(x)} ${at(y(box.lowerQuartile))}V${at(y(box.lowerWhisker))}`;
  const top = y(box.upperQuartile);
  const height = y(box.lowerQuartile) - top;
  // Points side by side within the box's width, in the order given.
  const points = values.filter(isDrawable).map((value, i, list) => {
    const shift = list.length === 1 ? 0 : (i / (list.length - 1) - 0.5) * (boxWidth - 10);
    return element("circle", { class: "open", cx: x + shift, cy: y(value), r: 2.2 });
  });
  return group(
    { class: colourClass(colour) },
    element(
      "title",
      {},
      escapeText(
        `${label}: median ${formatFixed(box.median, 3)}, quartiles ${formatFixed(box.lowerQuartile, 3)} to ${formatFixed(box.upperQuartile, 3)}, ${box.count} values`,
      ),
    ),
    element("path", {
      class: "line",
      d: `${whiskers}${line(box.lowerWhisker, 14)}${line(box.upperWhisker, 14)}`,
      "stroke-width": 1.4,
    }),
    element("rect", { class: "area", x: x - half, y: top, width: boxWidth, height }),
    element("rect", { class: "line", x: x - half, y: top, width: boxWidth, height, "stroke-width": 1.4 }),
    element("path", { class: "line", d: line(box.median, boxWidth), "stroke-width": 2.6 }),
    ...points,
  );
}

/** A little room beyond the values, and some where all are equal. */
function widen(low: number, high: number): [number, number] {
  const room = high > low ? 0.06 * (high - low) : 0.05 * Math.max(1e-6, Math.abs(high));
  return [low - room, high + room];
}
