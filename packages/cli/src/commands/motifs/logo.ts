import { writeFileAtomically } from "@bindscape/genome";
import {
  drawLogo,
  findMotif,
  type LogoOptions,
  logOddsMatrix,
  logoGroup,
  logoSize,
  type Motif,
  readMotifFile,
  reverseComplementMotif,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { printJson } from "../../print.js";
import { renderPng } from "../../svg-to-png.js";
import { parseThreads as parseCount } from "../shared-options.js";

/** Most logos of one drawing. */
const MOST_LOGOS = 200;

export function addMotifsLogoCommand(parent: Command): void {
  parent
    .command("logo")
    .description("draw motifs as sequence logos (SVG or PNG)")
    .argument("<motifs>", "motif file of any format")
    .argument(
      "[ids...]",
      "ids or names of the motifs to draw, one below the other (default: all of the file)",
    )
    .requiredOption("--out <file>", "file to write: .svg or .png")
    .addOption(
      new Option("--scale <what>", "height of letters: information in bits, probability, or log-odds in bits")
        .choices(["information", "probability", "log-odds"])
        .default("information"),
    )
    .option("--reverse-complement", "draw the other strand")
    .option("--no-axes", "letters alone")
    .option("--title <text>", "line above the logo (default: the motif's name and id; for one motif)")
    .option("--height <px>", "height of each logo", parseCount, 150)
    .option("--resolution <factor>", "PNG: pixels for each px of the drawing", parseFactor, 3)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
A letter's height is its probability times the position's information against equal bases (Schneider and Stephens
1990, without the small-sample correction). Log-odds are against equal bases too, with a pseudocount of 0.001; what a
motif avoids hangs below the axis.

Examples:
  bindscape motifs logo jaspar.meme REB1 --out reb1.svg
  bindscape motifs logo jaspar.meme MA0139.1 --reverse-complement --out ctcf.png --resolution 4`,
    )
    .action(async (file: string, ids: string[], given: LogoFlags) => {
      const isPng = /\.png$/i.test(given.out);
      if (!isPng && !/\.svg$/i.test(given.out)) {
        throw new BindscapeError({
          source: given.out,
          found: "an output of unknown kind",
          expected: "a name ending in .svg or .png",
        });
      }
      const all = await readMotifFile(file);
      const chosen = ids.length === 0 ? all : ids.map((id) => findMotif(all, id));
      if (chosen.length > MOST_LOGOS) {
        throw new BindscapeError({
          source: file,
          found: `${chosen.length} motifs`,
          expected: `at most ${MOST_LOGOS} in one drawing`,
          next: "Name the motifs to draw behind the file",
        });
      }
      const svg = drawLogos(chosen, given);
      await writeFileAtomically(given.out, isPng ? await renderPng(svg, given.resolution) : svg);
      console.error(
        `wrote ${given.out}: ${chosen.length === 1 ? titleOf(chosen[0]) : `${chosen.length} motifs`}`,
      );
      if (given.json) printJson({ out: given.out, motifs: chosen.map(({ id }) => id) });
    });
}

interface LogoFlags {
  readonly out: string;
  readonly scale: "information" | "probability" | "log-odds";
  readonly reverseComplement?: boolean;
  readonly axes: boolean;
  readonly title?: string;
  readonly height: number;
  readonly resolution: number;
  readonly json?: boolean;
}

function drawLogos(motifs: readonly Motif[], given: LogoFlags): string {
  const options = motifs.map((motif) =>
    optionsOf(motif, given, motifs.length === 1 ? given.title : undefined),
  );
  if (options.length === 1) return drawLogo(options[0]);
  const sizes = options.map(logoSize);
  const width = Math.max(...sizes.map((size) => size.width));
  const height = sizes.reduce((sum, size) => sum + size.height, 0);
  let y = 0;
  const groups = options.map((each, i) => {
    const group = logoGroup(each, { y });
    y += sizes[i].height;
    return group;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="Sequence logos of ${options.length} motifs">${groups.join("")}</svg>\n`
  );
}

function optionsOf(given: Motif, flags: LogoFlags, title?: string): LogoOptions {
  const motif = flags.reverseComplement ? reverseComplementMotif(given) : given;
  const strand = flags.reverseComplement ? " (reverse complement)" : "";
  const common = { title: title ?? `${titleOf(motif)}${strand}`, showAxes: flags.axes, height: flags.height };
  if (flags.scale === "log-odds")
    return { ...common, heights: logOddsMatrix(motif), axisTitle: "log-odds (bits)" };
  return { ...common, probabilities: motif.probabilities, scale: flags.scale };
}

function titleOf({ id, name }: Motif): string {
  return name === id ? id : `${name} (${id})`;
}

function parseFactor(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 100))
    throw new InvalidArgumentError("Expected a number above 0, at most 100.");
  return value;
}
