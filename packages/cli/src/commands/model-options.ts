import { findModel, type ModelDefinition, modelNames, type Preset } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { addSchemaOptions, readSchemaOptions } from "../schema-options.js";

type ObjectSchema = z.ZodObject<Record<string, z.ZodType>>;

/** Architectures that are trained from the command line: those with sets of hyperparameters to choose from. */
export const trainableModels: readonly string[] = modelNames.filter(
  (name) => Object.keys(findModel(name).presets).length > 0,
);

/**
 * The architecture that a command line names: its options are the ones that a command has, so it must be known before
 * the line is read. An unknown one is left to commander to refuse.
 */
export function modelIn(args: readonly string[], flag: string, otherwise: string): ModelDefinition {
  const at = args.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const name = at < 0 ? otherwise : args[at] === flag ? args[at + 1] : args[at].slice(flag.length + 1);
  return findModel(trainableModels.includes(name) ? name : otherwise);
}

/** The option that names the architecture, `--preset`, and an option for every one of the architecture's. */
export function addModelOptions(
  command: Command,
  flag: string,
  definition: ModelDefinition,
  otherwise: string,
  preset: string,
): void {
  command.addOption(
    new Option(`${flag} <name>`, "architecture; --help lists the options of the one that is named")
      .choices(trainableModels)
      .default(otherwise),
  );
  command.addOption(
    new Option("--preset <name>", `named set of hyperparameters (default: ${preset})`).choices(
      Object.keys(definition.presets),
    ),
  );
  addSchemaOptions(command, definition.options as unknown as ObjectSchema, `${definition.title}:`);
}

/** Options of an architecture and of its training, a preset's where the command line says nothing. */
export function readModelOptions<Schema extends ObjectSchema>(
  definition: ModelDefinition,
  preset: Preset<unknown>,
  training: Schema,
  given: Record<string, unknown>,
): { modelOptions: Record<string, unknown>; settings: z.output<Schema> } {
  const schema = definition.options as unknown as ObjectSchema;
  const known = Object.fromEntries(
    Object.entries(preset.training).filter(([key]) => Object.hasOwn(training.shape, key)),
  );
  return {
    modelOptions: readSchemaOptions(schema, given, preset.options as Record<string, unknown>),
    settings: readSchemaOptions(training, given, known),
  };
}

/** @throws BindscapeError where the architecture has no such preset */
export function findPreset(definition: ModelDefinition, name: string): Preset<unknown> {
  const { presets } = definition;
  if (Object.hasOwn(presets, name)) return presets[name];
  throw new BindscapeError({
    found: `the preset ${name}`,
    expected: `one of ${Object.keys(presets).join(", ")} of ${definition.title}`,
  });
}
