import {
  type ChosenDevice,
  chooseDevice,
  type DeviceChoice,
  deviceChoices,
  parseShard,
  type Shard,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { TRACK_MODES, type TrackMode } from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";

/** Splits "chrIV,chrVII" into names. */
export function parseList(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.some((item) => item === ""))
    throw new InvalidArgumentError("Expected names separated by commas.");
  return items;
}

export function parseWholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("Expected a whole number of at least 0.");
  }
  return value;
}

export function parseThreads(text: string): number {
  const value = parseWholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("Expected at least 1.");
  return value;
}

/** Reads "3/7". */
export function parseShardOption(text: string): Shard {
  try {
    return parseShard(text);
  } catch (error) {
    if (!(error instanceof BindscapeError)) throw error;
    throw new InvalidArgumentError(`Expected ${error.expected}.`);
  }
}

/** Options every command on a study has. */
export interface StudyFlags {
  readonly data?: string;
  readonly tracks: TrackMode;
}

/** Options every command on a study has. */
export function addStudyOptions(command: Command): Command {
  return command
    .option("--data <folder>", "folder the study's files lie in, in place of the one the study names")
    .addOption(tracksOption())
    .option("--threads <number>", "threads for networks (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end");
}

/** Where sequence and tracks are held. */
export function tracksOption(): Option {
  return new Option(
    "--tracks <place>",
    "hold sequence and tracks in memory, or read windows on demand, the same numbers with less memory; auto: on demand above 1.5 GB",
  )
    .choices(TRACK_MODES)
    .default("auto");
}

/** What networks are computed on. */
export function deviceOption(): Option {
  return new Option(
    "--device <name>",
    "what networks are computed on; auto is CUDA where it was installed and works, else the CPU",
  )
    .choices(deviceChoices)
    .default("auto");
}

/** The device of `--device`, tried where it is a graphics card. @param say told what the user should know */
export async function readDevice(choice: DeviceChoice, say: (line: string) => void): Promise<ChosenDevice> {
  const chosen = await chooseDevice(choice);
  if (chosen.warning !== undefined) say(`warning: ${chosen.warning}`);
  else if (chosen.adapter !== null) say(`computing on ${chosen.adapter} (${chosen.device})`);
  return chosen;
}

/** How several bundles become one, and in which hold-out they are measured. */
export function joinOption(): Option {
  return new Option(
    "--join <rule>",
    "join several bundles by the mean of their ranks, or of their probabilities",
  )
    .choices(["rank", "mean"])
    .default("rank");
}
export function splitOption(): Option {
  return new Option("--split <name>", "hold-out to measure on")
    .choices(["test", "validation"])
    .default("test");
}

/** The command line as the user wrote it, for run records. */
export function commandText(): string {
  return ["bindscape", ...process.argv.slice(2)]
    .map((word) => (/[\s"'$]/.test(word) ? JSON.stringify(word) : word))
    .join(" ");
}
