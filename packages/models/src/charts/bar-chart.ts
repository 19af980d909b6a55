import { scaleLinear } from "d3-scale";
import { leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawLegend, legendRowHeight } from "./legend.js";
import { formatShortCount, isDrawable } from "./number-format.js";
import { colourClass, type SeriesStyle } from "./palette.js";
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

export interface BarChartOptions extends ChartIdentity {
  /** Quantity and unit of the bars, which begin at 0. */
  readonly yTitle: string;
  readonly series: readonly { readonly label: string; readonly style: SeriesStyle }[];
  /** One bar a series in each; null where there is none. */
  readonly groups: readonly {
    readonly label: string;
    readonly bars: readonly ({
      readonly value: number;
      /** Half the length of the error bar. */
      readonly error: number;
      /** Items that the bar is made of, written above it. */
      readonly count: number;
    } | null)[];
  }[];
  readonly plotHeight?: number;
}

const BAR_WIDTH = 26;
const GROUP_GAP = 22;

/** Bars of several series side by side, group after group, with error bars and the number of items above each. */
export function drawBarChart(options: BarChartOptions): string {
  const { series, groups, plotHeight = 210 } = options;
  const groupWidth = series.length * BAR_WIDTH + GROUP_GAP;
  const area: PlotArea = {
    left: 58,
    top: 12,
    width: Math.max(240, groups.length * groupWidth + GROUP_GAP),
    height: plotHeight,
  };
  const tops = groups.flatMap(({ bars }) =>
    bars.flatMap((bar) => (bar && isDrawable(bar.value) ? [bar.value + (bar.error || 0)] : [])),
  );
  const y = scaleLinear([0, Math.max(1e-9, ...tops) * 1.12], [area.top + area.height, area.top]).nice(5);
  const bottom = area.top + area.height;
  const legendTop = bottom + 34;
  const width = area.left + area.width + 14;
  return svgDocument(
    options,
    width,
    legendTop + series.length * legendRowHeight,
    leftAxis(area, placeTicks(y.ticks(5), y), options.yTitle),
    ...groups.map(({ label, bars }, index) => {
      const left = area.left + GROUP_GAP + index * groupWidth;
      return [
        ...bars.map((bar, s) =>
          bar && isDrawable(bar.value) ? drawBar(bar, left + s * BAR_WIDTH, label, series[s]) : "",
        ),
        textElement(
          left + (series.length * BAR_WIDTH) / 2,
          bottom + 16,
          fitText(label, groupWidth + GROUP_GAP / 2, 12),
          { class: "middle" },
        ),
      ].join("");
    }),
    element("path", { class: "frame", d: `M${at(area.left)} ${at(bottom)}h${at(area.width)}` }),
    drawLegend(
      series.map((one) => ({ ...one, key: "marker" as const })),
      16,
      legendTop,
      width - 30,
    ),
  );

  function drawBar(
    bar: { readonly value: number; readonly error: number; readonly count: number },
    left: number,
    label: string,
    { label: name, style }: (typeof series)[number],
  ): string {
    const middle = left + BAR_WIDTH / 2;
    const top = y(bar.value);
    const error = isDrawable(bar.error) ? bar.error : 0;
    const [high, low] = [y(bar.value + error), y(Math.max(0, bar.value - error))];
    return (
      group(
        { class: colourClass(style.colour) },
        element("title", {}, escapeText(`${label}, ${name}: ${bar.value.toPrecision(3)} of ${bar.count}`)),
        element("path", {
          class: "solid",
          d: `M${at(left + 3)} ${at(bottom)}V${at(top)}h${at(BAR_WIDTH - 6)}V${at(bottom)}z`,
        }),
      ) +
      group(
        { class: colourClass("muted") },
        element("path", {
          class: "line",
          "stroke-width": 1.4,
          d: `M${at(middle)} ${at(high)}V${at(low)}M${at(middle - 4)} ${at(high)}h8M${at(middle - 4)} ${at(low)}h8`,
        }),
      ) +
      textElement(middle, high - 5, formatShortCount(bar.count), { class: "tick middle" })
    );
  }
}
