import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { writeCisBp } from "./cis-bp/write.js";
import { writeHomer } from "./homer/write.js";
import { writeJaspar, writeJasparRaw, writeJasparSites } from "./jaspar/write.js";
import { clip } from "./matrix-rows.js";
import { writeMeme } from "./meme/write.js";
import type { MotifFormat } from "./motif-format.js";
import { writePcm, writePfm } from "./position-rows/write.js";
import { writeTransfac } from "./transfac/write.js";
import { writeUniprobe } from "./uniprobe/write.js";

interface Writer {
  readonly write: (motifs: readonly Motif[]) => string;
  /** What an id, and a name, may not hold in this format. */
  readonly id: RegExp;
  readonly name: RegExp;
}

const WHITE_SPACE = /\s|^$/;
const LINE_END = /[\r\n]|^\s|\s$|^$/;
const TAB = /[\t\r\n]|^\s|\s$|^$/;
const underHeader = (write: Writer["write"]): Writer => ({ write, id: WHITE_SPACE, name: LINE_END });

const WRITERS: Readonly<Record<MotifFormat, Writer>> = {
  meme: { write: (motifs) => writeMeme(motifs), id: /[\s=]|^$/, name: WHITE_SPACE },
  jaspar: underHeader(writeJaspar),
  "jaspar-raw": underHeader(writeJasparRaw),
  "jaspar-sites": { write: writeJasparSites, id: WHITE_SPACE, name: /[\r\n]|^\s|\s$|^$|\s\d+$/ },
  transfac: { write: writeTransfac, id: LINE_END, name: LINE_END },
  homer: { write: writeHomer, id: TAB, name: LINE_END },
  pfm: underHeader(writePfm),
  pcm: underHeader(writePcm),
  uniprobe: { write: writeUniprobe, id: TAB, name: LINE_END },
  "cis-bp": { write: writeCisBp, id: TAB, name: TAB },
};

/** Formats that cannot tell a name from the id, so that the name is not written. */
const WITHOUT_NAME: ReadonlySet<MotifFormat> = new Set(["homer", "uniprobe"]);

export interface WriteMotifsOptions {
  /** Writes white space and "=" in ids and names as "_" where the format has no room for them, instead of refusing. */
  readonly replaceSpaces?: boolean;
}

/**
 * Motifs as a file of a format. What {@link readMotifs} then reads has the same numbers, ids, names and counts, and the
 * annotations that belong to the format. UniPROBE and HOMER keep no name beside the id; MEME, PFM, UniPROBE and CIS-BP keep probabilities
 * and no counts.
 * @throws BindscapeError for an id or name that the format cannot hold, and where it needs counts and the motif has none
 */
export function writeMotifs(
  motifs: readonly Motif[],
  format: MotifFormat,
  options: WriteMotifsOptions = {},
): string {
  const writer = WRITERS[format];
  return writer.write(motifs.map((motif) => fitNames(motif, format, writer, options.replaceSpaces ?? false)));
}

function fitNames(motif: Motif, format: MotifFormat, writer: Writer, replaceSpaces: boolean): Motif {
  const fit = (text: string, refused: RegExp, what: string): string => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters break every one of these formats
    const isBroken = /[\u0000-\u0008\u000b-\u001f\u007f]/.test(text);
    if (!refused.test(text) && !isBroken) return text;
    const replaced = text
      .trim()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
      .replace(/[\s=\u0000-\u001f\u007f]+/g, "_");
    if (replaceSpaces && replaced !== "") return replaced;
    throw new BindscapeError({
      source: `motif "${clip(motif.id)}"`,
      found: text.trim() === "" ? `an empty ${what}` : `the ${what} "${clip(text)}"`,
      expected: `one without ${what === "id" && /=/.test(refused.source) ? "white space and =" : "white space, tabs or line ends"}, since ${format} files have no room for it`,
      next: "Rename it, or ask for underscores instead (--replace-spaces)",
    });
  };
  const id = fit(motif.id, writer.id, "id");
  if (WITHOUT_NAME.has(format)) return { ...motif, id };
  return { ...motif, id, name: motif.name === motif.id ? id : fit(motif.name, writer.name, "name") };
}
