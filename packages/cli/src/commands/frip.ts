import { measureSignalInPeaks, readRegions } from "@bindscape/models";
import { loadStudy, type Study } from "@bindscape/study";
import type { Command } from "commander";
import { formatTable, printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { parseList } from "./shared-options.js";

export function addFripCommand(program: Command): void {
  program
    .command("frip")
    .description(
      "the fraction of each track's signal that lies in peaks (FRiP where the signal is cuts or reads)",
    )
    .argument("<study>", "study file")
    .option("--factor <names>", "only the peaks of these factors, separated by commas", parseList)
    .option("--peaks <file>", "BED file of peaks, such as those of the track itself, for all cells instead")
    .option("--data <folder>", "folder the study's files lie in, in place of the one the study names")
    .option("--json", "print one JSON line")
    .addHelpText(
      "after",
      `
Each base counts once however many peaks hold it. Tracks are as the study has them: masked and capped, logarithms
undone.

Examples:
  bindscape frip study.yaml
  bindscape frip study.yaml --peaks dnase-peaks.bed --json`,
    )
    .action(async (path: string, given: FripFlags) => {
      const study = await loadStudy(path, {
        factors: given.peaks === undefined ? given.factor : [],
        dataFolder: given.data,
      });
      const rows: { cell: string; peaks: string; track: string; fraction: number; total: number }[] = [];
      for (const { cell, name, peaks } of await peakSets(study, given)) {
        const source = await study.loadCell(cell);
        for (const { track, fraction, total } of await measureSignalInPeaks(source, peaks)) {
          rows.push({ cell, peaks: name, track, fraction, total });
        }
      }
      const bar = new ProgressBar();
      for (const warning of study.warnings) bar.say(`warning: ${warning}`);
      if (given.json) {
        printJson({
          rows: rows.map((row) => ({ ...row, fraction: Number.isNaN(row.fraction) ? null : row.fraction })),
        });
        return;
      }
      console.log(
        formatTable([
          ["cell, track", "peaks", "fraction", "total signal"],
          ...rows.map(({ cell, peaks, track, fraction, total }) => [
            `${cell}  ${track}`,
            peaks,
            Number.isNaN(fraction) ? "n/a" : fraction.toFixed(4),
            Number(total.toPrecision(6)).toLocaleString("en-US"),
          ]),
        ]),
      );
    });
}

/** The peaks of every experiment in its own cell, or those of a file in all cells. */
async function peakSets(study: Study, { peaks }: FripFlags) {
  if (peaks === undefined) {
    return study.experiments.map((one) => ({ cell: one.cell, name: one.factor, peaks: one.peaks }));
  }
  const regions = (await readRegions(study, peaks)).map(({ record: { start, end }, segment }) => ({
    chromosome: segment.chromosome,
    start,
    end,
  }));
  return Object.keys(study.file.cells).map((cell) => ({ cell, name: peaks, peaks: regions }));
}

interface FripFlags {
  readonly factor?: string[];
  readonly peaks?: string;
  readonly data?: string;
  readonly json?: boolean;
}
