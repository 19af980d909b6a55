import { stat } from "node:fs/promises";
import { hashFile } from "@bindscape/study";
import { BINDSCAPE_VERSION } from "../version.js";

/** What `run.json` of every output folder says: how to make the output again. */
export interface RunRecord {
  readonly command: string;
  readonly seed: number | null;
  readonly versions: { readonly bindscape: string; readonly node: string };
  readonly inputs: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[];
  readonly finished: string;
  readonly seconds: number;
}

export async function makeRunRecord(
  command: string,
  seed: number | null,
  files: readonly string[],
  seconds: number,
): Promise<RunRecord> {
  return {
    command,
    seed,
    versions: { bindscape: BINDSCAPE_VERSION, node: process.versions.node },
    inputs: await Promise.all(
      files.map(async (file) => ({ file, bytes: (await stat(file)).size, sha256: await hashFile(file) })),
    ),
    finished: new Date().toISOString(),
    seconds: Math.round(seconds * 10) / 10,
  };
}
