import { chartTheme } from "./palette.js";

function declarations(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}:${value}`)
    .join(";");
}

/**
 * CSS custom properties for light and dark surroundings: what the reader's system asks for, unless a form control
 * with the id `theme-light` or `theme-dark` in the page is checked; paper is always light.
 * @param light, dark further properties that belong to the same switch
 */
export function themeStyleSheet(
  light: Readonly<Record<string, string>> = {},
  dark: Readonly<Record<string, string>> = {},
): string {
  const lightProperties = declarations({ ...chartTheme.light, ...light });
  const darkProperties = declarations({ ...chartTheme.dark, ...dark });
  return [
    `:root{color-scheme:light;${lightProperties}}`,
    `@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${darkProperties}}}`,
    `@media screen{:root:has(#theme-light:checked){color-scheme:light;${lightProperties}}`,
    `:root:has(#theme-dark:checked){color-scheme:dark;${darkProperties}}}`,
  ].join("\n");
}

/** The rules that every chart of this folder is drawn with; colours come from {@link themeStyleSheet}. */
export function chartStyleSheet(): string {
  const colours = ["blue", "vermillion", "green", "purple", "orange", "sky"]
    .map((name) => `.series-${name}{color:var(--series-${name})}`)
    .join("");
  return `${colours}.series-ink{color:var(--chart-ink)}.series-muted{color:var(--chart-muted)}
.chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;color:var(--chart-ink);fill:currentColor;overflow:visible}
.chart .axis-title,.chart .track-title{font-size:12px;fill:var(--chart-ink)}
.chart .tick,.chart .note{font-size:11px;fill:var(--chart-muted)}
.chart .grid{stroke:var(--chart-grid);fill:none}
.chart .frame{stroke:var(--chart-axis);fill:none}
.chart .line{fill:none;stroke:currentColor;stroke-linejoin:round;stroke-linecap:butt}
.chart .solid{fill:currentColor;stroke:none}
.chart .area{fill:currentColor;fill-opacity:.22;stroke:none}
.chart .profile{fill:currentColor;fill-opacity:.25;stroke:currentColor;stroke-width:1.2;stroke-linejoin:round}
.chart .open{fill:var(--chart-surface);stroke:currentColor;stroke-width:1.4}
.chart .shade{fill:var(--chart-shade);stroke:none}
.chart .legend text{fill:var(--chart-ink)}.chart .legend .value{font-weight:600}
.chart .strong{font-weight:600}
.chart .middle{text-anchor:middle}.chart .end{text-anchor:end}`;
}
