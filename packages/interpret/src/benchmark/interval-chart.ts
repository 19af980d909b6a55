import {
  formatCoordinate as at,
  bottomAxis,
  type ChartIdentity,
  colourClass,
  drawMarker,
  element,
  escapeText,
  fitText,
  formatSignificant,
  group,
  placeTicks,
  type SeriesStyle,
  svgDocument,
  textElement,
} from "@bindscape/models";
import type { MeanInterval } from "@bindscape/numerics";
import { scaleLinear, scaleLog } from "d3-scale";

export interface IntervalChartOptions extends ChartIdentity {
  /** Quantity and unit. */
  readonly xTitle: string;
  /** A logarithmic axis, for times and ratios. */
  readonly isLogarithmic?: boolean;
  /** Lowest and highest value drawn; from the data where left out. */
  readonly domain?: readonly [number, number];
  /** One line each; `groups` in the order of `shapes`. */
  readonly rows: readonly {
    readonly label: string;
    readonly style: SeriesStyle;
    readonly values: readonly (MeanInterval | undefined)[];
  }[];
  /** What tells the values of a row apart: filled or open markers. */
  readonly groups: readonly { readonly label: string; readonly isOpen: boolean }[];
}

const rowHeight = 26;
const left = 176;
const plotWidth = 236;

/** Means with their confidence intervals, a row a method, filled and open markers for what is told apart in a row. */
export function drawIntervalChart(options: IntervalChartOptions): string {
  const { rows, groups, isLogarithmic = false } = options;
  const ends = rows
    .flatMap(({ values }) => values)
    .flatMap((value) => (value === undefined ? [] : [value.mean, value.low, value.high]))
    .filter((value) => Number.isFinite(value) && (!isLogarithmic || value > 0));
  const area = { left, top: 8, width: plotWidth, height: rows.length * rowHeight };
  const range: [number, number] = [left, left + plotWidth];
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const x = isLogarithmic
    ? scaleLog(ends.length === 0 ? [1, 10] : [low / 1.3, high * 1.3], range)
    : scaleLinear(options.domain ?? (ends.length === 0 ? [0, 1] : [Math.min(0, low), high * 1.05]), range);
  const ticks = isLogarithmic
    ? x.ticks(8).filter((value) => Math.abs(Math.log10(value) % 1) < 1e-9)
    : x.ticks(4);
  const place = (value: number) => Math.min(range[1], Math.max(range[0], x(value)));
  const legendTop = area.top + area.height + 46;
  return svgDocument(
    options,
    left + plotWidth + 16,
    legendTop + 16,
    bottomAxis(
      area,
      placeTicks(ticks, (value) => x(value), isLogarithmic ? formatSignificant : undefined),
      options.xTitle,
    ),
    ...rows.map(({ label, style, values }, index) => {
      const middle = area.top + (index + 0.5) * rowHeight;
      const known = values.map((value) => value !== undefined && Number.isFinite(value.mean));
      return (
        textElement(left - 10, middle + 4, fitText(label, left - 14, 11.5), { class: "end" }) +
        (known.some((one) => one) ? "" : textElement(left + 6, middle + 4, "n/a", { class: "note" })) +
        group(
          { class: colourClass(style.colour) },
          ...values.map((value, column) => {
            if (value === undefined || !known[column]) return "";
            // Values of one row stand a little above and below its middle, so that they do not hide each other.
            const y = middle + (column - (values.length - 1) / 2) * 9;
            const hasInterval = Number.isFinite(value.low) && (!isLogarithmic || value.high > 0);
            return (
              element("title", {}, escapeText(describe(label, groups[column].label, value))) +
              (hasInterval
                ? element("path", {
                    class: "line",
                    d: `M${at(place(isLogarithmic ? Math.max(value.low, low / 1.3) : value.low))} ${at(y)}H${at(place(value.high))}`,
                    "stroke-width": 1.4,
                  })
                : "") +
              drawMarker("circle", place(value.mean), y, 4, groups[column].isOpen ? "open" : "solid")
            );
          }),
        )
      );
    }),
    group(
      { class: "legend" },
      ...groups.map(({ label, isOpen }, index) => {
        const from = left + index * 116;
        return (
          drawMarker("circle", from + 6, legendTop, 4, isOpen ? "open" : "solid") +
          textElement(from + 16, legendTop + 4, label)
        );
      }),
    ),
  );
}

function describe(label: string, name: string, { mean, low, high }: MeanInterval): string {
  const interval = Number.isFinite(low) ? ` (${formatSignificant(low)} to ${formatSignificant(high)})` : "";
  return `${label}, ${name}: ${formatSignificant(mean)}${interval}`;
}
