import { drawMarker } from "./markers.js";
import { colourClass, type SeriesStyle } from "./palette.js";
import { formatCoordinate as at, element, fitText, group, textElement } from "./svg.js";

export interface LegendEntry {
  readonly label: string;
  /** Shown in bold at the right end of the row, e.g. "auROC 0.957". */
  readonly value?: string;
  readonly style: SeriesStyle;
  /** What stands for the series: a line, a line with its marker, a marker alone, or a filled box. */
  readonly key?: "line" | "line-marker" | "marker" | "box";
}

/** Height of one legend row in user units. */
export const legendRowHeight = 17;

/** Rows of key, label and value; returns markup that is `entries.length * legendRowHeight` high. */
export function drawLegend(
  entries: readonly LegendEntry[],
  left: number,
  top: number,
  width: number,
): string {
  const rows = entries.map((entry, index) => {
    const y = top + index * legendRowHeight + legendRowHeight / 2;
    const valueWidth = entry.value === undefined ? 0 : entry.value.length * 6.9 + 8;
    const label = fitText(entry.label, width - 38 - valueWidth, 11.5);
    return (
      group({ class: colourClass(entry.style.colour) }, drawKey(entry, left, y)) +
      textElement(left + 36, y + 4, label) +
      (entry.value === undefined ? "" : textElement(left + width, y + 4, entry.value, { class: "value end" }))
    );
  });
  return group({ class: "legend" }, ...rows);
}

function drawKey({ style, key = "line" }: LegendEntry, left: number, y: number): string {
  if (key === "marker") return drawMarker(style.marker, left + 14, y, 4.5);
  if (key === "box") {
    const box = { x: left + 4, y: y - 5, width: 20, height: 10 };
    return (
      element("rect", { class: "area", ...box }) +
      element("rect", { class: "line", ...box, "stroke-width": style.width, "stroke-dasharray": style.dash })
    );
  }
  return (
    element("path", {
      class: "line",
      d: `M${at(left)} ${at(y)}h28`,
      "stroke-width": style.width,
      "stroke-dasharray": style.dash,
    }) + (key === "line-marker" ? drawMarker(style.marker, left + 14, y, 4) : "")
  );
}
