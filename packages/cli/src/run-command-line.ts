import { BINDSCAPE_VERSION } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { Command, CommanderError } from "commander";
import { addAgentBindCommand } from "./commands/agentbind.js";
import { addBenchmarkCommand } from "./commands/benchmark.js";
import { addCompareCommand } from "./commands/compare.js";
import { addConvertCommand } from "./commands/convert.js";
import { addCrossCommand } from "./commands/cross.js";
import { addDatasetCommand } from "./commands/dataset.js";
import { addDemoCommand } from "./commands/demo.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addDreamCommand } from "./commands/dream.js";
import { addEnsembleCommand } from "./commands/ensemble.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addExportCommand } from "./commands/export.js";
import { addFripCommand } from "./commands/frip.js";
import { addImportCommand } from "./commands/import.js";
import { addInfoCommand } from "./commands/info.js";
import { addInterpretCommand } from "./commands/interpret.js";
import { addMappabilityCommand } from "./commands/mappability.js";
import { addMergeCommand } from "./commands/merge.js";
import { addMotifsCommand } from "./commands/motifs.js";
import { addPredictCommand } from "./commands/predict.js";
import { addReportCommand } from "./commands/report.js";
import { addSeqletsCommand } from "./commands/seqlets.js";
import { addSequencesCommand } from "./commands/sequences.js";
import { addSimulateCommand } from "./commands/simulate.js";
import { addStudyCommand } from "./commands/study.js";
import { addTrainCommand } from "./commands/train.js";
import { addVariantsCommand } from "./commands/variants.js";
import { addWordsCommand } from "./commands/words.js";
import { addZooCommand } from "./commands/zoo.js";
import { EXIT_BAD_INPUT, EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_OK } from "./exit-codes.js";
import { Interrupted } from "./interrupt.js";

/**
 * Runs one command line.
 * @param args the words behind `bindscape`
 * @returns the exit code: 0 done, 2 the input cannot be used, 130 stopped by Ctrl-C, 1 a defect
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const program = new Command("bindscape")
    .description("Where does a transcription factor bind, in which cells, and why?")
    .version(BINDSCAPE_VERSION)
    .showHelpAfterError("(`bindscape COMMAND --help` lists the options)")
    // Options behind a subcommand's name are the subcommand's, also where its parent has one of the same name.
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "bindscape: ")) })
    .exitOverride();
  for (const add of [
    addDemoCommand,
    addTrainCommand,
    addPredictCommand,
    addEvaluateCommand,
    addMergeCommand,
    addEnsembleCommand,
    addReportCommand,
    addCompareCommand,
    addInterpretCommand,
    addWordsCommand,
    addSeqletsCommand,
    addSequencesCommand,
    addFripCommand,
    addConvertCommand,
    addImportCommand,
    addExportCommand,
    addInfoCommand,
    addZooCommand,
    addMotifsCommand,
    addVariantsCommand,
    addDatasetCommand,
    addCrossCommand,
    addMappabilityCommand,
    addAgentBindCommand,
    addBenchmarkCommand,
    addSimulateCommand,
    addStudyCommand,
    addDreamCommand,
    addDoctorCommand,
  ]) {
    add(program, args);
  }
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(args, { from: "user" });
    return process.exitCode === undefined ? EXIT_OK : Number(process.exitCode);
  } catch (error) {
    return reportError(error);
  }
}

function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version end this way too, with code 0; messages are printed by commander itself.
    return error.exitCode === 0 ? EXIT_OK : EXIT_BAD_INPUT;
  }
  if (error instanceof Interrupted) {
    console.error(error.message);
    return EXIT_INTERRUPTED;
  }
  if (error instanceof BindscapeError) {
    console.error(`bindscape: ${error.message}`);
    return EXIT_BAD_INPUT;
  }
  console.error(error instanceof Error ? error.stack : error);
  console.error("bindscape: this is a defect of Bindscape. Please report it with the lines above.");
  return EXIT_DEFECT;
}
