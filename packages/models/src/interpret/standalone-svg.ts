import { chartStyleSheet, themeStyleSheet } from "../charts/chart-style.js";

/** A chart as a file of its own: with its style, light or dark as the reader's system is. */
export function standaloneSvg(chart: string): string {
  const style = `<style>${themeStyleSheet()}\nsvg{background:var(--chart-surface)}\n${chartStyleSheet()}</style>`;
  return `${chart.replace(/^<svg[^>]*>/, (tag) => `${tag}${style}`)}\n`;
}
