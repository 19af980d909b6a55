import type { Command } from "commander";
import { addSequencesBaselineCommand, addSequencesBaselinePredictCommand } from "./sequences/baseline.js";
import { addSequencesEvaluateCommand } from "./sequences/evaluate.js";
import { addSequencesPredictCommand } from "./sequences/predict.js";
import { addSequencesRepeatCommand } from "./sequences/repeat.js";
import { addSequencesTrainCommand } from "./sequences/train.js";

/** @param args the command line: the options of `train` are those of the architecture it names */
export function addSequencesCommand(program: Command, args: readonly string[]): void {
  const sequences = program
    .command("sequences")
    .description("train, measure and use networks and baselines on tables of labelled sequences");
  for (const add of [
    addSequencesTrainCommand,
    addSequencesEvaluateCommand,
    addSequencesPredictCommand,
    addSequencesBaselineCommand,
    addSequencesBaselinePredictCommand,
    addSequencesRepeatCommand,
  ])
    add(sequences, args);
  for (const command of sequences.commands) command.exitOverride();
}
