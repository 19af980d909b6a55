import type { Alphabet } from "../alphabet.js";
import { DNA } from "../alphabet.js";
import { writeMeme } from "../formats/meme/write.js";
import type { NamedSequence } from "./discover-plan.js";
import type { DiscoveredMotif, DiscoverResult } from "./discovered-motif.js";

/**
 * The motifs as a MEME file. DNA motifs are in the minimal format; those of another alphabet come with its definition,
 * as MEME reads it.
 */
export function writeDiscoveredMeme(result: DiscoverResult): string {
  const { alphabet, words } = result.background;
  if (alphabet.letters === DNA.letters) return writeMeme(result.motifs, words[0]);
  const size = alphabet.letters.length;
  const parts = [
    `MEME version 5\n\n${alphabetDefinition(alphabet)}\nstrands: + -\n\nBackground letter frequencies\n${[...alphabet.letters].map((letter, i) => `${letter} ${words[0][i]}`).join(" ")}\n`,
  ];
  for (const motif of result.motifs) {
    const rows = Array.from({ length: motif.length }, (_, i) =>
      Array.from(motif.probabilities.subarray(i * size, (i + 1) * size), String).join("  "),
    );
    parts.push(
      `\nMOTIF ${motif.id} ${motif.name}\nletter-probability matrix: alength= ${size} w= ${motif.length} nsites= ${motif.sites} E= ${motif.eValue}\n${rows.join("\n")}\n`,
    );
  }
  return parts.join("");
}

/** An alphabet as MEME's files define one: letters by pairs of complements, with names and colours. */
function alphabetDefinition(alphabet: Alphabet): string {
  const describe = (code: number) =>
    `${alphabet.letters[code]} "${alphabet.letterNames[code]}" ${alphabet.colours[code].slice(1)}`;
  const lines: string[] = [];
  for (let code = 0; code < alphabet.letters.length; code++) {
    const other = alphabet.complement[code];
    if (other > code) lines.push(`${describe(code)} ~ ${describe(other)}`);
    else if (other === code) lines.push(describe(code));
  }
  return `ALPHABET "${alphabet.name}" DNA-LIKE\n${lines.join("\n")}\nEND ALPHABET\n`;
}

/** All sites, 1-based as in STREME's sites.tsv: motif_ID, seq_ID, site_Start, site_End, site_Strand, site_Score, site_Sequence. */
export function writeSitesTsv(result: DiscoverResult, sequences: readonly NamedSequence[]): string {
  const lines = ["motif_ID\tseq_ID\tsite_Start\tsite_End\tsite_Strand\tsite_Score\tsite_Sequence"];
  for (const { id, siteList } of result.motifs) {
    for (const { sequence, start, end, strand, score, text } of siteList) {
      lines.push([id, sequences[sequence].name, start + 1, end, strand, score.toFixed(2), text].join("\t"));
    }
  }
  return `${lines.join("\n")}\n`;
}

/**
 * The sequences that pass each motif's threshold with STREME's columns: motif_ID, motif_ALT_ID, motif_P-value, seq_ID,
 * seq_Score, seq_Class (tp, fp), is_holdout?. Shuffled controls are named after their sequence, with "_shuf" behind.
 */
export function writeSequencesTsv(
  result: DiscoverResult,
  sequences: readonly NamedSequence[],
  control?: readonly NamedSequence[],
): string {
  const lines = ["motif_ID\tmotif_ALT_ID\tmotif_P-value\tseq_ID\tseq_Score\tseq_Class\tis_holdout?"];
  for (const motif of result.motifs) {
    for (const { sequence, isControl, isHeldOut, score } of motif.passing) {
      const name = !isControl
        ? sequences[sequence].name
        : control === undefined
          ? `${sequences[sequence].name}_shuf`
          : control[sequence].name;
      const p = formatLog10(motif.log10P ?? 0);
      const label = isControl ? "fp" : "tp";
      lines.push([motif.id, motif.name, p, name, score.toFixed(2), label, isHeldOut ? 1 : 0].join("\t"));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A number given by its log10, also where it is too small for a double: "2.3e-9", "1.0e-512". */
export function formatLog10(log10: number): string {
  if (log10 > -4 && log10 < 4) return (10 ** log10).toPrecision(2).replace(/e\+?/, "e");
  let exponent = Math.floor(log10);
  let digits = (10 ** (log10 - exponent)).toFixed(1);
  if (digits === "10.0") {
    digits = "1.0";
    exponent++;
  }
  return `${digits}e${exponent}`;
}

/** What `discover.json` holds: everything but the sites and sequences, which have tables of their own. */
export function summariseDiscovery(result: DiscoverResult): Record<string, unknown> {
  const { motifs, background, ...rest } = result;
  return {
    ...rest,
    alphabet: background.alphabet.letters,
    background: Array.from(background.words[0]),
    backgroundOrder: background.order,
    motifs: motifs.map(describeMotif),
  };
}

function describeMotif(motif: DiscoveredMotif): Record<string, unknown> {
  const { id, name, consensus, length, sites, log10P, log10E, threshold, training, heldOut } = motif;
  const size = motif.alphabet.letters.length;
  return {
    id,
    name,
    consensus,
    width: length,
    sites,
    log10P,
    log10E,
    pValue: log10P === null ? null : 10 ** log10P,
    eValue: motif.eValue,
    thresholdBits: threshold,
    training,
    heldOut,
    logLikelihoodRatioNats: motif.logLikelihoodRatio,
    seed: motif.seed,
    probabilities: Array.from({ length }, (_, i) =>
      Array.from(motif.probabilities.subarray(i * size, (i + 1) * size)),
    ),
  };
}
