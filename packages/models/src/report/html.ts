import { drawMarker } from "../charts/markers.js";
import { colourClass, type SeriesStyle } from "../charts/palette.js";
import { element, escapeText, group } from "../charts/svg.js";

/** A figure with an optional explanation that folds away. */
export function figure(
  content: string,
  options: { heading?: string; explanation?: string; open?: boolean; className?: string },
): string {
  const { heading, explanation, open = false, className } = options;
  return element(
    "figure",
    { class: className },
    heading === undefined ? "" : element("h4", {}, escapeText(heading)),
    content,
    explanation === undefined ? "" : explain(explanation, open),
  );
}

/** "How to read this", folded away unless `open`. */
export function explain(explanation: string, open: boolean): string {
  return `<details${open ? " open" : ""}><summary>How to read this</summary>${escapeText(explanation)}</details>`;
}

/** A box in the place of a figure that cannot be drawn, saying why. */
export function emptyState(heading: string, reason: string): string {
  return figure(element("div", { class: "empty" }, escapeText(reason)), { heading });
}

/** The line and marker of a series, to stand before its name in a table; decoration only. */
export function seriesKey(style: SeriesStyle): string {
  return (
    `<span class="key"><svg class="chart" viewBox="0 0 28 12" width="28" height="12" aria-hidden="true">` +
    group(
      { class: colourClass(style.colour) },
      element("path", {
        class: "line",
        d: "M0 6h28",
        "stroke-width": style.width,
        "stroke-dasharray": style.dash,
      }),
      drawMarker(style.marker, 14, 6, 3.6),
    ) +
    "</svg></span>"
  );
}

/** An id made of any texts: letters, digits and hyphens; unique when its parts include a running number. */
export function makeId(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `${part}`.replace(/[^A-Za-z0-9]+/g, "-")).join("-");
}
