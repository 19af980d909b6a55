import { drawLineChart, explain, figure, formatCount, renderPage, type SeriesStyle } from "@bindscape/models";
import type { AttributionFile } from "../attribution-file.js";
import type { CoreProfile } from "./core-profile.js";
import { nameTarget, titleOf } from "./logo-page.js";

const styles: Readonly<Record<CoreProfile["groups"][number]["name"], SeriesStyle>> = {
  bound: { colour: "blue", width: 1.8, dash: null, marker: "circle" },
  unbound: { colour: "vermillion", width: 1.4, dash: "6 2.5", marker: "triangle" },
  all: { colour: "blue", width: 1.8, dash: null, marker: "circle" },
};

/** bp around the core that the second picture shows. */
const near = 60;

/** Mean |score| around the core, bound against unbound, as a page of two pictures. */
export function renderProfilePage(file: AttributionFile, profile: CoreProfile): string {
  const { first, core, groups } = profile;
  const from = core ? "the core’s middle" : "the middle";
  const draw = (id: string, title: string, low: number, high: number) =>
    drawLineChart({
      id,
      title,
      description: groups.map(({ name, sequences }) => `${sequences} ${name} sequences`).join("; "),
      plotWidth: 900,
      plotHeight: 220,
      x: { title: `Distance from ${from} (bp)`, ticks: 9 },
      y: { title: "Mean |score|" },
      series: groups.map(({ name, values }) => {
        const part = Array.from(values, (value, i) => [first + i, value] as const).filter(
          ([distance]) => distance >= low && distance < high,
        );
        return {
          label: name,
          style: styles[name],
          x: part.map(([distance]) => distance),
          y: part.map(([, value]) => value),
        };
      }),
      legendValues: groups.map(({ sequences }) => `${formatCount(sequences)} sequences`),
    });
  const last = first + (groups[0]?.values.length ?? 0);
  const isLong = last - first > 3 * near;
  return renderPage({
    title: `${titleOf(file)} around the core: ${nameTarget(file)}`,
    summary: `Mean size of the scores by distance from ${from}, over ${groups.map(({ name, sequences }) => `${formatCount(sequences)} ${name === "all" ? "" : `${name} `}sequences`).join(" and ")}.${core ? ` The core covers ${`${core[0]}`.replace("-", "\u2212")} to ${core[1] - 1} bp.` : ""}`,
    main: [
      figure(`<div class="scroll">${draw("profile", "Mean |score| along the window", first, last)}</div>`, {
        heading: "Whole window",
        className: "unscaled",
      }),
      isLong
        ? figure(
            `<div class="scroll">${draw("profile-near", "Mean |score| near the core", Math.max(first, -near), Math.min(last, near))}</div>`,
            { heading: `${near} bp on either side`, className: "unscaled" },
          )
        : "",
      explain(
        "Every sequence is put with its core in the same place and direction, and the sizes of the scores at each distance are averaged. Context that matters only where the factor binds lifts the line of bound sequences away from that of unbound ones outside the core.",
        false,
      ),
    ].join("\n"),
    footer: "Made by Bindscape. Distances count in the direction of the core.",
  });
}
