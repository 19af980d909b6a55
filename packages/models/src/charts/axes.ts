import { tickFormatter } from "./number-format.js";
import { formatCoordinate as at, element, group, textElement } from "./svg.js";

/** The rectangle that data are drawn in, in user units; y grows downwards. */
export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  /** In user units along the axis' direction. */
  readonly position: number;
  readonly label: string;
}

/** Ticks at data values, labelled with as many decimals as they all need. */
export function placeTicks(
  values: readonly number[],
  position: (value: number) => number,
  format: (value: number) => string = tickFormatter(values),
): Tick[] {
  return values.map((value) => ({ position: position(value), label: format(value) }));
}

/** A horizontal axis under the plot, with its title; `title` names the quantity and its unit. */
export function bottomAxis(area: PlotArea, ticks: readonly Tick[], title: string, grid = true): string {
  const bottom = area.top + area.height;
  const lines = ticks.map(({ position }) => `M${at(position)} ${at(bottom)}v4`).join("");
  const gridLines = ticks.map(({ position }) => `M${at(position)} ${at(area.top)}V${at(bottom)}`).join("");
  return [
    grid && gridLines !== "" ? element("path", { class: "grid", d: gridLines }) : "",
    element("path", { class: "frame", d: `M${at(area.left)} ${at(bottom)}h${at(area.width)}${lines}` }),
    group(
      { class: "tick middle" },
      ...ticks.map(({ position, label }) => textElement(position, bottom + 16, label)),
    ),
    title === ""
      ? ""
      : textElement(area.left + area.width / 2, bottom + 33, title, { class: "axis-title middle" }),
  ].join("");
}

/** A vertical axis left of the plot, its title turned; `titleX` is where the title's baseline stands. */
export function leftAxis(area: PlotArea, ticks: readonly Tick[], title: string, titleX = 13): string {
  const lines = ticks.map(({ position }) => `M${at(area.left)} ${at(position)}h-4`).join("");
  const gridLines = ticks
    .map(({ position }) => `M${at(area.left)} ${at(position)}h${at(area.width)}`)
    .join("");
  const middle = area.top + area.height / 2;
  return [
    gridLines === "" ? "" : element("path", { class: "grid", d: gridLines }),
    element("path", { class: "frame", d: `M${at(area.left)} ${at(area.top)}v${at(area.height)}${lines}` }),
    group(
      { class: "tick end" },
      ...ticks.map(({ position, label }) => textElement(area.left - 7, position + 4, label)),
    ),
    title === ""
      ? ""
      : textElement(titleX, middle, title, {
          class: "axis-title middle",
          transform: `rotate(-90 ${at(titleX)} ${at(middle)})`,
        }),
  ].join("");
}
