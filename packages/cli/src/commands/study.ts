import { writeFileAtomically } from "@bindscape/genome";
import { makeFactornetStudy } from "@bindscape/study";
import type { Command } from "commander";
import { printJson } from "../print.js";
import { parseList } from "./shared-options.js";

export function addStudyCommand(program: Command): void {
  const study = program.command("study").description("make study files of other layouts");
  study
    .command("from-factornet")
    .description("write a study file for folders in FactorNet's layout: bigwig.txt, chip.txt and meta.txt")
    .argument("<folders...>", "one folder a cell, named as the cell")
    .requiredOption("--out <file>", "study file to write")
    .option("--genome <file>", "FASTA or 2bit file (default: the one in the resources)")
    .option(
      "--resources <folder>",
      "genome, chromosome sizes, blacklist, annotations and motifs (default: `resources` beside the cells)",
    )
    .option(
      "--validation-chromosomes <names>",
      "held out to stop training by, separated by commas (default: chr11)",
      parseList,
    )
    .option("--test-chromosomes <names>", "held out to test on (default: chr1,chr8,chr21)", parseList)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Names in bigwig.txt and meta.txt, and their order, must agree between the cells. A cell without chip.txt is one to
predict in.

Example:
  bindscape study from-factornet data/GM12878 data/HepG2 --genome hg19.2bit --out study.yaml`,
    )
    .action(async (folders: string[], given: FromFactornetFlags) => {
      const { out, json, ...options } = given;
      const made = await makeFactornetStudy(folders, { out, ...options });
      await writeFileAtomically(out, made.text);
      for (const warning of made.warnings) console.error(`warning: ${warning}`);
      const { cells, factors } = made;
      console.error(`wrote ${out}: ${factors.length} factors in ${cells.join(", ")}`);
      if (json) printJson({ out, cells, factors, warnings: made.warnings });
    });
}

interface FromFactornetFlags {
  readonly out: string;
  readonly genome?: string;
  readonly resources?: string;
  readonly validationChromosomes?: string[];
  readonly testChromosomes?: string[];
  readonly json?: boolean;
}
