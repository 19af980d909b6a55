import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { runCommandLine } from "../src/run-command-line.js";

const program = resolve(import.meta.dirname, "../bin/bindscape.js");
if (!existsSync(resolve(import.meta.dirname, "../dist/main.js"))) {
  throw new Error("The command line is not built: run `npm run build` before its tests");
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  /** Fulfilled when standard error has matched; refused when the process ends without. */
  saw(pattern: RegExp): Promise<void>;
  readonly finished: Promise<Finished>;
}

/** Starts the built command as a user does. */
export function start(args: readonly string[], cwd?: string, env: NodeJS.ProcessEnv = process.env): Started {
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const finished = new Promise<Finished>((fulfil, refuse) => {
    child.on("error", refuse);
    child.on("close", (code, signal) => fulfil({ code, signal, stdout, stderr }));
  });
  const saw = (pattern: RegExp) =>
    new Promise<void>((fulfil, refuse) => {
      const look = () => {
        if (!pattern.test(stderr)) return;
        waiting.delete(look);
        fulfil();
      };
      waiting.add(look);
      look();
      finished.then(() => refuse(new Error(`ended without ${pattern}:\n${stderr}`)), refuse);
    });
  return { process: child, saw, finished };
}

/** Runs the built command to its end. */
export function run(args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv): Promise<Finished> {
  return start(args, cwd, env).finished;
}

/** Runs a command line in this process; what it prints is caught. */
export async function runHere(
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const into = (stream: "stdout" | "stderr") => (text: unknown) => {
    printed[stream] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(into("stdout")),
    vi.spyOn(process.stderr, "write").mockImplementation(into("stderr")),
    vi.spyOn(console, "log").mockImplementation((...words) => void into("stdout")(`${words.join(" ")}\n`)),
    vi.spyOn(console, "error").mockImplementation((...words) => void into("stderr")(`${words.join(" ")}\n`)),
  ];
  const before = process.exitCode;
  try {
    return { code: await runCommandLine(args), ...printed };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** A folder of its own for the tests of a file. */
export function temporaryFolder(): (name: string) => string {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bindscape-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** The last line of standard output as JSON. */
export function lastJson(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;
}
