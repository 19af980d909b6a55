import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { bottomAxis, leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawHeatStrip } from "./heat-strip.js";
import { drawLegend, legendRowHeight } from "./legend.js";
import { drawMarker } from "./markers.js";
import { extent, formatSignificant, isDrawable } from "./number-format.js";
import { colourClass, type SeriesStyle } from "./palette.js";
import { type ChartIdentity, element, group, svgDocument, textElement } from "./svg.js";

export interface KernelChartOptions extends ChartIdentity {
  /** Number of positions in bp. */
  readonly length: number;
  /** Markup of the logo's letters, drawn for this rectangle; 2 bits fill its height. */
  readonly drawLetters: (area: PlotArea) => string;
  /** Mean signal at every position, by track. */
  readonly signals: readonly {
    readonly label: string;
    /** "" for none. */
    readonly unit: string;
    readonly values: readonly number[];
    readonly style: SeriesStyle;
  }[];
}

const left = 50;
const plotWidth = 318;
const signalHeight = 58;
const stripHeight = 13;
const logoHeight = 78;

/** More signals than this are drawn as heat strips, each on its own scale: lines would tangle. */
const mostLines = 2;

/** A kernel as a sequence logo with the mean signal over its sites above, on the same positions. */
export function drawKernelChart(options: KernelChartOptions): string {
  const { length, signals } = options;
  const asStrips = signals.length > mostLines;
  const signalArea: PlotArea = {
    left,
    top: 8,
    width: plotWidth,
    height: asStrips ? signals.length * (stripHeight + 15) : signalHeight,
  };
  const logoArea: PlotArea = {
    left,
    top: signals.length === 0 ? 8 : signalArea.top + signalArea.height + 12,
    width: plotWidth,
    height: logoHeight,
  };
  const x = scaleLinear([0, length], [left, left + plotWidth]);
  const bits = scaleLinear([0, 2], [logoArea.top + logoArea.height, logoArea.top]);
  // Positions are counted from 1, as logos have them; a tick stands under the middle of its letter.
  const positions = Array.from({ length }, (_, index) => index + 1).filter(
    (one) => one === 1 || one % 5 === 0,
  );
  const legendTop = logoArea.top + logoArea.height + 42;
  const legend = asStrips
    ? []
    : signals.map(({ label, unit, style }) => ({
        label: `mean ${label}${unit === "" ? "" : ` (${unit})`}`,
        style,
        key: "line-marker" as const,
      }));
  return svgDocument(
    options,
    left + plotWidth + 12,
    legendTop + legend.length * legendRowHeight,
    signals.length === 0
      ? ""
      : asStrips
        ? drawStrips(signals, signalArea)
        : drawLines(signals, signalArea, x),
    leftAxis(logoArea, placeTicks([0, 1, 2], bits), "bits", 22),
    options.drawLetters(logoArea),
    bottomAxis(
      logoArea,
      positions.map((one) => ({ position: x(one - 0.5), label: `${one}` })),
      "Position in the kernel (bp)",
      false,
    ),
    drawLegend(legend, left - 10, legendTop, plotWidth + 10),
  );
}

function drawLines(
  signals: KernelChartOptions["signals"],
  area: PlotArea,
  x: (value: number) => number,
): string {
  const limits = extent(signals.flatMap((signal) => signal.values)) ?? [0, 1];
  const y = scaleLinear(
    [Math.min(0, limits[0]), limits[1] > 0 ? limits[1] : 1],
    [area.top + area.height, area.top],
  ).nice(3);
  const lines = signals.map((signal) => {
    const points = signal.values.map((value, index) => ({
      x: x(index + 0.5),
      y: isDrawable(value) ? y(value) : null,
    }));
    const path = line<(typeof points)[number]>()
      .defined((point) => point.y !== null)
      .x((point) => point.x)
      .y((point) => point.y!)
      .digits(1)(points);
    const { colour, width, dash, marker } = signal.style;
    return group(
      { class: colourClass(colour) },
      path
        ? element("path", { class: "line", d: path, "stroke-width": width, "stroke-dasharray": dash })
        : "",
      ...points.map((point) => (point.y === null ? "" : drawMarker(marker, point.x, point.y, 1.8))),
    );
  });
  return leftAxis(area, placeTicks(y.ticks(3), y), "signal", 13) + lines.join("");
}

function drawStrips(signals: KernelChartOptions["signals"], area: PlotArea): string {
  return signals
    .map((signal, index) => {
      const top = area.top + index * (stripHeight + 15);
      const limits = extent(signal.values);
      const unit = signal.unit === "" ? "" : ` ${signal.unit}`;
      const range =
        limits === null
          ? "no data"
          : `${formatSignificant(limits[0])} to ${formatSignificant(limits[1])}${unit}`;
      return (
        textElement(area.left, top + 10, signal.label, { class: "note" }) +
        textElement(area.left + area.width, top + 10, range, { class: "note end" }) +
        drawHeatStrip({
          values: signal.values,
          domain: limits ?? [0, 1],
          left: area.left,
          top: top + 13,
          width: area.width,
          height: stripHeight,
          colour: "green",
          label: `mean ${signal.label}: ${range}`,
        })
      );
    })
    .join("");
}
