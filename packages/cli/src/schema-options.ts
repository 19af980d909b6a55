import { BindscapeError } from "@bindscape/numerics";
import { type Command, Option } from "commander";
import { z } from "zod";

type ObjectSchema = z.ZodObject<Record<string, z.ZodType>>;

interface JsonProperty {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
}

/** Adds an option for every key of a schema but lists: `windowLength` becomes `--window-length <number>`. */
export function addSchemaOptions(command: Command, schema: ObjectSchema, heading: string): void {
  const { properties } = z.toJSONSchema(schema, { io: "input" }) as {
    properties: Record<string, JsonProperty>;
  };
  for (const [key, property] of Object.entries(properties)) {
    // Lists of parts do not fit on a command line.
    if (property.type === "array") continue;
    // What is on unless told otherwise is listed by the option that switches it off.
    const isOn = property.type === "boolean" && property.default === true;
    const flag = `--${toKebabCase(key)}`;
    const value = property.enum ? " <choice>" : property.type === "boolean" ? "" : " <number>";
    const shown =
      property.default === undefined || property.default === false ? "" : ` (default: ${property.default})`;
    const option = new Option(`${flag}${value}`, `${property.description ?? ""}${shown}`);
    if (property.enum) option.choices([...property.enum]);
    option.helpGroup(heading);
    if (isOn) option.hideHelp();
    command.addOption(option);
    // A preset may have switched it on.
    if (property.type === "boolean") {
      const off = new Option(`--no-${toKebabCase(key)}`, isOn ? `Switch off: ${property.description}` : "");
      command.addOption(isOn ? off.helpGroup(heading) : off.hideHelp());
    }
  }
}

/**
 * Picks a schema's keys out of parsed command-line options and checks them; a preset's values stand where the
 * command line says nothing.
 * @throws BindscapeError naming the option
 */
export function readSchemaOptions<Schema extends ObjectSchema>(
  schema: Schema,
  given: Record<string, unknown>,
  preset: Record<string, unknown> = {},
): z.output<Schema> {
  const values: Record<string, unknown> = { ...preset };
  for (const key of Object.keys(schema.shape)) {
    if (given[key] === undefined) continue;
    const text = given[key];
    values[key] =
      typeof text === "string" && text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = String(issue.path[0]);
  throw new BindscapeError({
    found: `--${toKebabCase(key)} ${given[key] ?? values[key]}: ${issue.message}`,
    expected: "a value the option allows",
    next: "`--help` lists the options",
  });
}

function toKebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
