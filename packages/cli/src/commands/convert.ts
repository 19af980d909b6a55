import { convertTrack, npzTrackLayout, trackFileEndings } from "@bindscape/genome";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { parseWholeNumber } from "./shared-options.js";

export function addConvertCommand(program: Command): void {
  program
    .command("convert")
    .description("convert a track between bedGraph, bigWig, BED and npz")
    .argument("<input>", `file to read: ${trackFileEndings}`)
    .argument("<output>", "file to write; its ending says the format")
    .option(
      "--chrom-sizes <file>",
      "chromosome lengths (chrom.sizes or .fai): needed to write bigWig from text",
    )
    .option(
      "--value-column <number>",
      "column of the value in a BED input, counted from 1 (default: 5, the score)",
      parseColumn,
    )
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Values are float32 all the way. Text that is not sorted is sorted; intervals that overlap are refused.
An .npz holds ${npzTrackLayout}.

Examples:
  bindscape convert signal.bedGraph.gz signal.bw --chrom-sizes hg38.chrom.sizes
  bindscape convert signal.bw signal.npz
  bindscape convert peaks.bed peaks.bedGraph --value-column 7`,
    )
    .action(async (input: string, output: string, given: ConvertFlags) => {
      const bar = new ProgressBar();
      const converted = await withInterrupt("Nothing was written", (signal) =>
        convertTrack(input, output, {
          chromosomeSizes: given.chromSizes,
          valueColumn: given.valueColumn,
          onProgress: bar.listener,
          signal,
        }),
      );
      const { intervals, chromosomes, basesCovered } = converted;
      bar.say(
        `wrote ${output}: ${intervals.toLocaleString("en-US")} intervals on ${chromosomes} ${chromosomes === 1 ? "chromosome" : "chromosomes"}, ${basesCovered.toLocaleString("en-US")} bp`,
      );
      if (given.json) printJson({ out: output, ...converted });
    });
}

interface ConvertFlags {
  readonly chromSizes?: string;
  readonly valueColumn?: number;
  readonly json?: boolean;
}

function parseColumn(text: string): number {
  const column = parseWholeNumber(text);
  if (column < 4)
    throw new InvalidArgumentError("Expected at least 4: the first three columns are the place.");
  return column;
}
