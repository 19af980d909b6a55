import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { clip, motifFromRows, type NumberRow, parseNumberRow } from "../matrix-rows.js";

/**
 * Reads the MEME motif format, minimal or the full text output of MEME (whose other sections are passed over):
 * "MOTIF id name", then "letter-probability matrix: alength= 4 w= .. nsites= .." and its rows.
 *
 * @param lines the lines of the file, the first being line 1
 * @throws BindscapeError for another alphabet, a matrix cut short, or a motif without a matrix
 */
export function readMeme(lines: readonly string[], source: string): Motif[] {
  const motifs: Motif[] = [];
  const withUrl = (url: string) => {
    const last = motifs.pop();
    if (last !== undefined) motifs.push({ ...last, url });
  };
  let current: { id: string; name: string; line: number; hasMatrix: boolean } | undefined;
  const requireMatrix = () => {
    if (current !== undefined && !current.hasMatrix) {
      throw new BindscapeError({
        source,
        line: current.line,
        found: `motif "${clip(current.id)}" without a "letter-probability matrix:" line`,
        expected: "one for each MOTIF",
      });
    }
  };
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index].trim();
    const line = index + 1;
    if (/^ALPHABET\s*=/.test(text)) checkAlphabet(text, source, line);
    if (/^MOTIF(\s|$)/.test(text)) {
      requireMatrix();
      const [, id, second, third] = text.split(/\s+/);
      if (id === undefined) {
        throw new BindscapeError({
          source,
          line,
          found: "MOTIF without a name",
          expected: "MOTIF id [name]",
        });
      }
      // In MEME's own text output the words after the id are its statistics ("width = 15 sites = 20").
      const isStatistics = second === "width" && third?.startsWith("=");
      current = { id, name: second === undefined || isStatistics ? id : second, line, hasMatrix: false };
    } else if (/^letter-probability matrix:/.test(text)) {
      if (current === undefined || current.hasMatrix) {
        throw new BindscapeError({
          source,
          line,
          found: "a matrix with no MOTIF line of its own",
          expected: "MOTIF id first",
        });
      }
      const { rows, sites, eValue } = readMatrix(lines, index, source);
      motifs.push(
        motifFromRows(
          { id: current.id, name: current.name, sites, eValue, areProbabilities: true },
          rows,
          source,
          line,
        ),
      );
      current.hasMatrix = true;
      index += rows.length;
    } else if (/^URL\s+\S/.test(text) && current?.hasMatrix) {
      withUrl(text.replace(/^URL\s+/, ""));
    }
  }
  requireMatrix();
  return motifs;
}

function checkAlphabet(text: string, source: string, line: number): void {
  const alphabet = text.replace(/^ALPHABET\s*=\s*/, "").trim();
  if (alphabet.toUpperCase() === "ACGT") return;
  throw new BindscapeError({
    source,
    line,
    found: `alphabet "${clip(alphabet)}"`,
    expected: "ACGT: DNA motifs",
  });
}

function readMatrix(lines: readonly string[], header: number, source: string) {
  const text = lines[header];
  const line = header + 1;
  const letters = attribute(text, "alength");
  if (letters !== undefined && letters !== 4) {
    throw new BindscapeError({ source, line, found: `alength= ${letters}`, expected: "4: DNA motifs" });
  }
  const width = attribute(text, "w");
  const sites = attribute(text, "nsites");
  const rows: NumberRow[] = [];
  for (let index = header + 1; index < lines.length && rows.length !== width; index++) {
    const row = lines[index].trim();
    if (!/^[-+.\d]/.test(row) || /^-+$/.test(row)) break;
    rows.push(parseNumberRow(row, source, index + 1));
  }
  if (width !== undefined && rows.length !== width) {
    throw new BindscapeError({
      source,
      line: line + rows.length,
      found: `a matrix of ${rows.length} rows where line ${line} says w= ${width}`,
      expected: `${width} rows`,
      next: "The file may be cut short",
    });
  }
  // "E= 0" is what files say of motifs without one.
  const eValue = attribute(text, "E") || undefined;
  return { rows, sites: sites !== undefined && sites > 0 ? sites : undefined, eValue };
}

function attribute(text: string, name: string): number | undefined {
  const match = new RegExp(`(?:^|\\s)${name}=\\s*([\\d.eE+-]+)`).exec(text);
  return match === null ? undefined : Number(match[1]);
}
