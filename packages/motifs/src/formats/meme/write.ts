import { type Background, type Motif, UNIFORM_BACKGROUND } from "../../motif.js";

/**
 * The motifs as a MEME file (minimal format, version 4), read by the MEME suite and by {@link readMotifs}.
 * Probabilities are written with as many digits as give the same doubles back.
 */
export function writeMeme(motifs: readonly Motif[], background: Background = UNIFORM_BACKGROUND): string {
  const [a, c, g, t] = Array.from(background);
  const parts = [
    `MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA ${a} C ${c} G ${g} T ${t}\n`,
  ];
  for (const motif of motifs) {
    const id = oneWord(motif.id);
    const name = motif.name === motif.id ? "" : ` ${oneWord(motif.name)}`;
    // nsites weighs pseudocounts in the MEME suite; 20 is what it assumes of a motif that does not say.
    const rows = [
      `\nMOTIF ${id}${name}\nletter-probability matrix: alength= 4 w= ${motif.length} nsites= ${motif.sites ?? 20} E= ${motif.eValue ?? 0}`,
    ];
    for (let position = 0; position < motif.length; position++) {
      rows.push(Array.from(motif.probabilities.subarray(position * 4, position * 4 + 4), String).join("  "));
    }
    if (motif.url !== undefined) rows.push(`URL ${motif.url}`);
    parts.push(`${rows.join("\n")}\n`);
  }
  return parts.join("");
}

/** A MEME file separates an id from a name by white space, so neither may hold any. */
function oneWord(text: string): string {
  return text.trim().replace(/\s+/g, "_") || "motif";
}
