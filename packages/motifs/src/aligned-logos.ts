import { BindscapeError } from "@bindscape/numerics";
import { escapeXml } from "./escape-xml.js";
import { logoGroup } from "./logo.js";
import { consensus, type Motif, reverseComplementMotif } from "./motif.js";

/** One motif of a stack of aligned logos. */
export interface AlignedLogo {
  readonly motif: Motif;
  /** Column of the motif's first position as drawn; any whole number, also below 0. */
  readonly offset: number;
  /** Draws the reverse complement. */
  readonly isReversed?: boolean;
  /** Before the logo; the motif's name when left out. */
  readonly label?: string;
  /** Under the label, small. */
  readonly note?: string;
}

export interface AlignedLogosOptions {
  /** Width of a column and height of a logo, in px; 18 and 52 when left out. */
  readonly columnWidth?: number;
  readonly rowHeight?: number;
  /** Room for labels, in px; 0 leaves them out; as the longest label needs when left out. */
  readonly labelWidth?: number;
  /** A line above the logos. */
  readonly title?: string;
}

const FONT = 'font-family="Helvetica, Arial, sans-serif"';
const LONGEST_LABEL = 28;

/**
 * Several logos under one another as their motifs align, 2 bits high each, on a common ruler of columns: an SVG document
 * whose text takes the page's `currentColor`.
 *
 * @throws BindscapeError without motifs, or for an offset that is no whole number
 */
export function drawAlignedLogos(rows: readonly AlignedLogo[], options: AlignedLogosOptions = {}): string {
  const { columnWidth = 18, rowHeight = 52, title } = options;
  checkRows(rows);
  const labels = rows.map(({ motif, label = motif.name }) => clipLabel(label));
  const notes = rows.map(({ note = "" }) => clipLabel(note));
  const longest = Math.max(
    ...labels.map((text) => text.length * 7.2),
    ...notes.map((text) => text.length * 6),
  );
  const left = options.labelWidth ?? Math.ceil(longest) + 12;
  const first = Math.min(...rows.map(({ offset }) => offset));
  const last = Math.max(...rows.map(({ offset, motif }) => offset + motif.length));
  const top = title === undefined ? 4 : 24;
  const gap = 10;
  const step = rowHeight + gap;
  const width = left + (last - first) * columnWidth + 2;
  const height = top + rows.length * step;
  const parts: string[] = [];
  if (title !== undefined) parts.push(text(title, 0, 15, 'font-size="13" font-weight="600"'));
  parts.push(drawRuler(left, last - first, columnWidth, top, height - gap));
  for (const [index, row] of rows.entries()) {
    const y = top + index * step;
    const drawn = row.isReversed === true ? reverseComplementMotif(row.motif) : row.motif;
    const x = left + (row.offset - first) * columnWidth;
    const size = { width: drawn.length * columnWidth, height: rowHeight };
    parts.push(logoGroup({ probabilities: drawn.probabilities, showAxes: false, ...size }, { x, y }));
    parts.push(
      `<path d="M${x} ${y + rowHeight}h${size.width}" stroke="currentColor" stroke-width="1" fill="none"/>`,
    );
    if (left === 0) continue;
    const middle = y + rowHeight / 2 + (notes[index] === "" ? 4 : -2);
    parts.push(text(labels[index], 0, middle, 'font-size="12" font-weight="600"'));
    if (notes[index] !== "") parts.push(text(notes[index], 0, middle + 15, 'font-size="11" opacity="0.75"'));
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="${escapeXml(describe(rows, labels))}">${parts.join("")}</svg>\n`
  );
}

/** Faint lines between columns, so that the eye finds what stands under what. */
function drawRuler(left: number, columns: number, step: number, top: number, bottom: number): string {
  let lines = "";
  for (let column = 0; column <= columns; column++) lines += `M${left + column * step} ${top}V${bottom}`;
  return `<path d="${lines}" stroke="currentColor" stroke-opacity="0.12" fill="none"/>`;
}

function describe(rows: readonly AlignedLogo[], labels: readonly string[]): string {
  const first = Math.min(...rows.map(({ offset }) => offset));
  const words = rows.slice(0, 20).map(({ motif, offset, isReversed }, index) => {
    const drawn = isReversed === true ? reverseComplementMotif(motif) : motif;
    const turned = isReversed === true ? ", reverse complement" : "";
    return `${labels[index]}${turned} from column ${offset - first + 1}: ${consensus(drawn, 0)}`;
  });
  return `${rows.length} aligned sequence logos. ${words.join("; ")}`;
}

function checkRows(rows: readonly AlignedLogo[]): void {
  if (rows.length === 0) {
    throw new BindscapeError({ source: "aligned logos", found: "no motifs", expected: "at least one" });
  }
  for (const { offset, motif } of rows) {
    if (!Number.isSafeInteger(offset)) {
      throw new BindscapeError({
        source: "aligned logos",
        found: `the offset ${offset} of ${motif.id}`,
        expected: "a whole number of columns",
      });
    }
  }
}

function clipLabel(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}\u2026` : label;
}

function text(content: string, x: number, y: number, attributes: string): string {
  return `<text x="${x}" y="${y}" fill="currentColor" ${FONT} ${attributes}>${escapeXml(content)}</text>`;
}
