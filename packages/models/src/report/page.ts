import { escapeText } from "../charts/svg.js";
import { pageStyleSheet } from "./page-style.js";

export interface PageOptions {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly summary: string;
  /** Loud notice, or null. */
  readonly notice?: string | null;
  /** Markup. */
  readonly main: string;
  /** Plain text. */
  readonly footer: string;
}

/** A self-contained HTML page: style and pictures are inside, nothing is requested, no script runs. */
export function renderPage({ title, summary, notice = null, main, footer }: PageOptions): string {
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">',
    '<meta name="generator" content="Bindscape">',
    `<title>${escapeText(title)}</title><style>\n${pageStyleSheet()}\n</style></head><body>\n`,
    `<header>${themeChoice}<h1>${escapeText(title)}</h1><p>${escapeText(summary)}</p>`,
    notice === null ? "" : `<p class="notice" role="note">${escapeText(notice)}</p>`,
    `</header>\n<main>${main}\n</main><footer>${escapeText(footer)}</footer></body></html>\n`,
  ].join("");
}

/** Light, dark or as the system is: radio buttons that the style sheet reads, so that no script is needed. */
const themeChoice =
  '<fieldset class="theme"><legend>Colours</legend>' +
  ["auto", "light", "dark"]
    .map(
      (name, index) =>
        `<label><input type="radio" name="theme" id="theme-${name}"${index === 0 ? " checked" : ""}> ${name}</label>`,
    )
    .join("") +
  "</fieldset>";
