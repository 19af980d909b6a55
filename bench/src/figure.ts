import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** One measured figure; `npm run bench -- NAME --json` prints one a line. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly unit: string;
  /** The peer's figure in the same unit from the same run, or null where the peer is not installed. */
  readonly peer: number | null;
  readonly peerName: string | null;
  /** How many times better ours is (above 1 is better, whatever the unit), or null without a peer. */
  readonly ratio: number | null;
  readonly machine: Machine;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
}

/** The machine the figures were measured on. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** A figure where less is better (milliseconds, bytes) or more is better (windows a second). */
export function makeFigure(
  name: string,
  ours: number,
  unit: string,
  better: "less" | "more",
  peer?: { name: string; value: number } | null,
): Figure {
  const ratio = peer ? (better === "less" ? peer.value / ours : ours / peer.value) : null;
  return {
    name,
    ours,
    unit,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    ratio,
    machine: describeMachine(),
  };
}

/** Median milliseconds of `repeats` calls after `warmUps` calls that are not counted. */
export async function medianMilliseconds(
  work: () => unknown | Promise<unknown>,
  repeats = 20,
  warmUps = 5,
): Promise<number> {
  for (let i = 0; i < warmUps; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const middle = times.length >> 1;
  return times.length % 2 === 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

/** The repository's root folder. */
export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A file of the shared data (`BINDSCAPE_DATA`, else `../shared/data` beside the repository), or null. */
export function findData(path: string): string | null {
  const folder = process.env.BINDSCAPE_DATA ?? resolve(repositoryRoot, "../shared/data");
  const file = resolve(folder, path);
  return existsSync(file) ? file : null;
}

/**
 * Runs `bench/peers/SCRIPT` with Python (`BINDSCAPE_PEER_PYTHON`, else python3) and returns the JSON object it
 * prints on its last line, or null (said on stderr) where Python or the script's packages are missing.
 */
export function runPeer(script: string, args: readonly string[] = []): Record<string, number> | null {
  const python = process.env.BINDSCAPE_PEER_PYTHON ?? "python3";
  const result = spawnSync(python, [resolve(repositoryRoot, "bench/peers", script), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0) {
    const reason = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    console.error(`peer ${script} did not run (${reason}): figures stand without a ratio`);
    return null;
  }
  return JSON.parse(result.stdout.trim().split("\n").at(-1)!);
}
