import { BindscapeError } from "@bindscape/numerics";

/** Attributes of an element; `undefined`, `null` and `false` leave the attribute out. */
export type Attributes = Readonly<Record<string, string | number | false | null | undefined>>;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text made safe for the content and the quoted attributes of both HTML and XML. Characters that XML forbids even
 * as references (most control characters, lone surrogates) become U+FFFD, so that every picture stays well-formed.
 */
export function escapeText(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, "\ufffd")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"']/g, (character) => entities[character])
  );
}

/**
 * A coordinate in SVG user units, rounded to one decimal (a tenth of a pixel at natural size) to keep files small.
 * @throws BindscapeError for NaN and infinities, which no picture may contain: charts leave such points out.
 */
export function formatCoordinate(value: number): string {
  if (!Number.isFinite(value)) {
    throw new BindscapeError({
      source: "chart",
      found: `the coordinate ${value}`,
      expected: "a finite number",
    });
  }
  const rounded = Math.round(value * 10) / 10;
  return `${rounded === 0 ? 0 : rounded}`;
}

/** One SVG element as text; attribute values are escaped, children are not (they are markup already). */
export function element(name: string, attributes: Attributes = {}, ...children: readonly string[]): string {
  const parts = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null && value !== false)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? formatCoordinate(value) : escapeText(`${value}`)}"`,
    );
  const content = children.join("");
  return content === "" ? `<${name}${parts.join("")}/>` : `<${name}${parts.join("")}>${content}</${name}>`;
}

/** A group of shapes. */
export function group(attributes: Attributes, ...children: readonly string[]): string {
  return children.some((child) => child !== "") ? element("g", attributes, ...children) : "";
}

/** A text element; `text` is escaped here. */
export function textElement(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeText(text));
}

/** What every chart needs to be found, named and read aloud. */
export interface ChartIdentity {
  /** Unique in the page; the ids of the title and the description derive from it. */
  readonly id: string;
  /** Short accessible name. */
  readonly title: string;
  /** What a reader who cannot see the picture should know. */
  readonly description: string;
}

/**
 * A complete `<svg>` with accessible name and description, scaling with its container.
 * @param width, height in user units (pixels at natural size)
 */
export function svgDocument(
  identity: ChartIdentity,
  width: number,
  height: number,
  ...children: readonly string[]
): string {
  const { id, title, description } = identity;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "chart",
      id,
      viewBox: `0 0 ${formatCoordinate(width)} ${formatCoordinate(height)}`,
      width,
      height,
      role: "img",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-description`,
    },
    element("title", { id: `${id}-title` }, escapeText(title)),
    element("desc", { id: `${id}-description` }, escapeText(description)),
    ...children,
  );
}

/**
 * Text cut to roughly fit a width. No font is measured: a character of a proportional sans-serif font is taken as
 * 0.56 em wide, a little more than the average, so that the estimate errs on the short side.
 */
export function fitText(text: string, width: number, fontSize: number): string {
  const fitting = Math.max(1, Math.floor(width / (fontSize * 0.56)));
  const characters = [...text];
  return characters.length <= fitting ? text : `${characters.slice(0, Math.max(1, fitting - 1)).join("")}…`;
}
