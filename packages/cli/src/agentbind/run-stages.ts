import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { trainingFolderOf } from "@bindscape/models";
import { EXIT_BAD_INPUT, EXIT_OK } from "../exit-codes.js";
import type { Stage } from "./stages.js";

const program = fileURLToPath(new URL("../../bin/bindscape.js", import.meta.url));

export interface RunStagesOptions {
  readonly out: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What could not be made, and why: the last line of its command. */
export type StageFailures = ReadonlyMap<string, string>;

/**
 * Runs commands one after another, each in a process of its own, so that its memory is given back. A stage whose output
 * stands already is left alone; one that cannot be done with this input (exit code 2) is told, and what needs it is left
 * out.
 * @throws Error where a command fails by a defect, and the signal's reason where it was stopped
 */
export async function runStages(
  stages: readonly Stage[],
  { out, say, signal }: RunStagesOptions,
): Promise<StageFailures> {
  const failures = new Map<string, string>();
  for (const [index, stage] of stages.entries()) {
    signal.throwIfAborted();
    const target = join(out, stage.name);
    const heading = `[${index + 1} of ${stages.length}] ${stage.name}`;
    if (existsSync(target)) {
      say(`${heading}: done before`);
      continue;
    }
    const missing = stage.needs.filter((need) => !existsSync(join(out, need)));
    const canGoOn = stage.anyNeed ? missing.length < stage.needs.length : missing.length === 0;
    if (!canGoOn) {
      failures.set(stage.name, `needs ${missing[0]}`);
      say(`${heading}: left out, since there is no ${missing[0]}`);
      continue;
    }
    const args = fillNeeds(stage, out);
    if (stage.isTraining && existsSync(trainingFolderOf(target))) args.push("--resume");
    say(`${heading}: bindscape ${args.join(" ")}`);
    const { code, errors } = await runCommand(args, signal);
    signal.throwIfAborted();
    if (code === EXIT_OK) continue;
    const last = errors.trimEnd().split("\n").at(-1) ?? "";
    if (code !== EXIT_BAD_INPUT)
      throw new Error(`${stage.name}: bindscape ${args.join(" ")} ended with ${code}: ${last}`);
    failures.set(stage.name, last.replace(/^bindscape: /, ""));
    say(`${heading}: left out: ${last}`);
  }
  return failures;
}

/**
 * The words of a stage with the paths of what it needs in the place of `{needs}`; `{needs:NAME}` names a sibling of each.
 * @param isPlanned take what does not stand yet too
 */
export function fillNeeds({ args, needs }: Stage, out: string, isPlanned = false): string[] {
  const standing = needs.filter((need) => isPlanned || existsSync(join(out, need)));
  return args.flatMap((word) => {
    const sibling = /^\{needs(?::(.+))?\}$/.exec(word);
    if (sibling === null) return [word];
    return standing.map((need) =>
      join(out, sibling[1] === undefined ? need : need.replace(/[^/]+$/, sibling[1])),
    );
  });
}

/** Runs a command of this program; what it prints goes to standard error, where progress is. */
function runCommand(args: readonly string[], signal: AbortSignal): Promise<{ code: number; errors: string }> {
  return new Promise((fulfil, refuse) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stdout.on("data", (bytes: Buffer) => process.stderr.write(bytes));
    child.stderr.on("data", (bytes: Buffer) => {
      process.stderr.write(bytes);
      errors = `${errors}${bytes.toString("utf8")}`.slice(-4_000);
    });
    // A first interrupt lets the command stop at a safe point, as it would by itself.
    const stop = () => child.kill("SIGINT");
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", refuse);
    child.on("close", (code, killed) => {
      signal.removeEventListener("abort", stop);
      fulfil({ code: code ?? (killed === null ? 1 : 130), errors });
    });
  });
}
