import {
  bottomAxis,
  drawHeatKey,
  drawHeatMap,
  explain,
  figure,
  fitText,
  heatKeyHeight,
  placeTicks,
  renderPage,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { drawDendrogram } from "./dendrogram.js";
import type { FactorProfiles } from "./factor-profiles.js";

const treeWidth = 90;
const nameWidth = 150;
/** Width of a map, about: bins are whole pixels wide, so that no seams show. */
const aboutMapWidth = 390;
const gap = 26;
const top = 40;
/** Standard deviations drawn in full colour, at most. */
const most = 4;

/** Profiles of factors as two heat maps beside their dendrogram: core masked, core kept (AgentBind, Figure 2d). */
export function renderProfilesPage(profiles: FactorProfiles): string {
  const { names, binWidth } = profiles;
  return renderPage({
    title: `Where context matters: ${names.length} ${names.length === 1 ? "factor" : "factors"}`,
    summary: `Mean size of the scores around the core in bins of ${binWidth} bp, z-normalised within each factor; ordered by average linkage on 1 - correlation of the profiles without the core.`,
    main: [
      figure(`<div class="scroll">${drawProfiles(profiles)}</div>`, { className: "unscaled" }),
      explain(
        "A row is a factor. Colour says how many standard deviations a bin's mean score lies above the mean over all of the factor's bins; what lies below is left pale. On the left the bins of the core are taken out before normalising, so that the context fills the scale; on the right they are kept. Factors that branch late in the tree on the left have context of a similar form.",
        false,
      ),
    ].join("\n"),
    footer: "Made by Bindscape. Distances count in the direction of the core motif.",
  });
}

/** The picture alone. */
export function drawProfiles({
  names,
  first,
  binWidth,
  kept,
  masked,
  merges,
  order,
}: FactorProfiles): string {
  const rowHeight = Math.max(14, Math.min(24, 600 / names.length));
  const height = rowHeight * names.length;
  const bins = kept[0].length;
  const mapLeft = nameWidth + treeWidth;
  const mapWidth = bins * Math.max(1, Math.round(aboutMapWidth / bins));
  const largest = Math.max(
    ...[...kept, ...masked].flatMap((row) => [...row].filter((z) => !Number.isNaN(z))),
  );
  const domain: [number, number] = [0, Math.max(0.1, Math.min(most, largest))];
  const y = (item: number) => top + (order.indexOf(item) + 0.5) * rowHeight;
  const maps = [
    { title: "Core masked", rows: masked, colour: "blue" },
    { title: "Core kept", rows: kept, colour: "vermillion" },
  ] as const;
  const width = mapLeft + 2 * mapWidth + gap + 16;
  return svgDocument(
    {
      id: "profiles",
      title: "Profiles of factors around the core",
      description: `z-normalised mean |score| of ${names.join(", ")}`,
    },
    width,
    top + height + 42 + heatKeyHeight + 10,
    drawDendrogram(merges, names.length, y, { left: nameWidth + 6, right: mapLeft - 4 }),
    ...names.map((name, item) =>
      textElement(nameWidth, y(item) + 4, fitText(name, nameWidth - 10, 12), { class: "end" }),
    ),
    ...maps.flatMap(({ title, rows, colour }, index) => {
      const area = { left: mapLeft + index * (mapWidth + gap), top, width: mapWidth, height };
      const x = (distance: number) => area.left + ((distance - first) / (bins * binWidth)) * mapWidth;
      const end = first + bins * binWidth;
      const step = niceStep((end - first) / 5);
      const values: number[] = [];
      for (let tick = Math.ceil(first / step) * step; tick <= end; tick += step) values.push(tick);
      return [
        textElement(area.left, top - 12, title, { class: "track-title" }),
        drawHeatMap({
          area,
          rows: order.map((item) => Array.from(rows[item], (z) => (Number.isNaN(z) ? null : z))),
          domain,
          colour,
          label: `${title}: z-normalised mean |score|`,
        }),
        bottomAxis(area, placeTicks(values, x), "Distance from the core’s middle (bp)", false),
        drawHeatKey({ domain, colour, isOpen: largest > domain[1] }, area.left, top + height + 44, 120),
        textElement(area.left + 132, top + height + 53, "standard deviations above the mean", {
          class: "note",
        }),
      ];
    }),
  );
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}
