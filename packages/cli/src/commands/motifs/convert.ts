import { writeFileAtomically, writeNpz } from "@bindscape/genome";
import {
  type KernelLayout,
  type KernelValues,
  kernelsFromMotifs,
  MOTIF_FORMATS,
  type Motif,
  type MotifFormat,
  readMotifFile,
  withPseudocount,
  writeMotifs,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, InvalidArgumentError, Option } from "commander";
import { printJson } from "../../print.js";
import { parseThreads as parseCount } from "../shared-options.js";

/** Endings of file names by format. */
const ENDINGS: readonly (readonly [RegExp, MotifFormat | "kernels"])[] = [
  [/\.meme$/i, "meme"],
  [/\.jaspar$/i, "jaspar"],
  [/\.pfm$/i, "pfm"],
  [/\.pcm$/i, "pcm"],
  [/\.sites$/i, "jaspar-sites"],
  [/\.(transfac|dat)$/i, "transfac"],
  [/\.(homer|motif|motifs)$/i, "homer"],
  [/\.(uniprobe|pwm)$/i, "uniprobe"],
  [/\.(cisbp|cis-bp)$/i, "cis-bp"],
  [/\.npz$/i, "kernels"],
];

export function addMotifsConvertCommand(parent: Command): void {
  parent
    .command("convert")
    .description("convert motif files, or make convolution kernels of motifs (npz)")
    .argument("<input>", "motif file, plain or gzip; its format is found from its content")
    .argument("<output>", "file to write; its ending says the format")
    .addOption(new Option("--from <format>", "format of the input").choices([...MOTIF_FORMATS]))
    .addOption(new Option("--to <format>", "format of the output").choices([...MOTIF_FORMATS, "kernels"]))
    .option("--sites <number>", "sites that motifs were made from where the input does not say", parseCount)
    .option(
      "--pseudocount <number>",
      "sites' worth of equal bases added to every position before probabilities are written",
      parseWeight,
    )
    .option(
      "--replace-spaces",
      "write _ for white space in ids and names where the format has no room for it",
    )
    .addOption(
      new Option("--layout <axes>", "axes of kernels: N4L for PyTorch's Conv1d, NL4 for position first")
        .choices(["N4L", "NL4"])
        .default("N4L"),
    )
    .addOption(
      new Option("--values <kind>", "numbers of kernels: log-odds in bits, probabilities, or those less 0.25")
        .choices(["log-odds", "probabilities", "centred-probabilities"])
        .default("log-odds"),
    )
    .option(
      "--width <bp>",
      "width of kernels (default: the longest motif's); shorter ones stand in the middle",
      parseCount,
    )
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Endings: .meme; .jaspar; .pfm and .pcm (a row a position, as HOCOMOCO and GimmeMotifs have); .sites; .transfac or .dat;
.homer or .motif; .uniprobe or .pwm; .cisbp; .npz (kernels). Formats of counts (jaspar, jaspar-raw, jaspar-sites,
transfac, pcm) need counts: those of the input, or its probabilities times its number of sites. Numbers keep all
their digits. The kernels of an .npz are one float32 array "kernels"; kernel i is motif i.

Examples:
  bindscape motifs convert JASPAR.pfm jaspar.meme
  bindscape motifs convert HOCOMOCO.meme.gz hocomoco.transfac
  bindscape motifs convert jaspar.meme kernels.npz --layout N4L --width 26`,
    )
    .action(async (input: string, output: string, given: ConvertFlags) => {
      const format = given.to ?? formatOf(output);
      let motifs = await readMotifFile(input, given.from);
      const { sites, pseudocount } = given;
      if (sites !== undefined) motifs = motifs.map((motif) => ({ ...motif, sites: motif.sites ?? sites }));
      if (pseudocount !== undefined) motifs = motifs.map((motif) => withPseudocount(motif, { pseudocount }));
      if (format === "kernels") {
        const kernels = kernelsFromMotifs(motifs, given);
        await writeFileAtomically(output, (sink) => writeNpz(sink, new Map([["kernels", kernels]])));
      } else {
        await writeFileAtomically(
          output,
          writeMotifs(motifs, format, { replaceSpaces: given.replaceSpaces }),
        );
      }
      console.error(`wrote ${output}: ${describeCount(motifs)} (${format})`);
      if (given.json) printJson({ out: output, format, motifs: motifs.length });
    });
}

interface ConvertFlags {
  readonly from?: MotifFormat;
  readonly to?: MotifFormat | "kernels";
  readonly sites?: number;
  readonly pseudocount?: number;
  readonly replaceSpaces?: boolean;
  readonly layout: KernelLayout;
  readonly values: KernelValues;
  readonly width?: number;
  readonly json?: boolean;
}

function describeCount(motifs: readonly Motif[]): string {
  return `${motifs.length.toLocaleString("en-US")} ${motifs.length === 1 ? "motif" : "motifs"}`;
}

function formatOf(output: string): MotifFormat | "kernels" {
  const found = ENDINGS.find(([ending]) => ending.test(output))?.[1];
  if (found !== undefined) return found;
  throw new BindscapeError({
    source: output,
    found: "an output of unknown kind",
    expected:
      "a name ending in .meme, .jaspar, .pfm, .pcm, .sites, .transfac, .homer, .uniprobe, .cisbp or .npz",
    next: "Or give the format with --to",
  });
}

function parseWeight(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("Expected a number of at least 0.");
  return value;
}
