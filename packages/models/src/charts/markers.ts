import type { MarkerShape } from "./palette.js";
import { formatCoordinate as at, element } from "./svg.js";

/**
 * A data marker centred on a point; shapes have about the same area.
 * @param size radius of the circle with that area, in user units
 */
export function drawMarker(
  shape: MarkerShape,
  x: number,
  y: number,
  size: number,
  className = "solid",
): string {
  if (shape === "circle") return element("circle", { class: className, cx: x, cy: y, r: size });
  const s = size * 0.88;
  const d = size * 1.28;
  const t = size * 1.2;
  const paths: Readonly<Record<Exclude<MarkerShape, "circle">, string>> = {
    square: `M${at(x - s)} ${at(y - s)}h${at(2 * s)}v${at(2 * s)}h${at(-2 * s)}z`,
    diamond: `M${at(x)} ${at(y - d)}L${at(x + d)} ${at(y)}L${at(x)} ${at(y + d)}L${at(x - d)} ${at(y)}z`,
    triangle: `M${at(x)} ${at(y - t)}L${at(x + t)} ${at(y + 0.8 * t)}H${at(x - t)}z`,
    "triangle-down": `M${at(x)} ${at(y + t)}L${at(x + t)} ${at(y - 0.8 * t)}H${at(x - t)}z`,
    cross: `M${at(x - s)} ${at(y - s)}L${at(x + s)} ${at(y + s)}M${at(x - s)} ${at(y + s)}L${at(x + s)} ${at(y - s)}`,
  };
  // A cross has no inside: it is a line whatever was asked for.
  return shape === "cross"
    ? element("path", { class: "line", d: paths.cross, "stroke-width": 2 })
    : element("path", { class: className, d: paths[shape] });
}
