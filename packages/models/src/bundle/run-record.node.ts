import { stat } from "node:fs/promises";
import { isAddress } from "@bindscape/genome";
import { hashFile } from "@bindscape/study";
import type { ChosenDevice } from "../devices/choose-device.node.js";
import { BINDSCAPE_VERSION } from "../version.js";

/** What `run.json` of every output folder says: how to make the output again. */
export interface RunRecord {
  readonly command: string;
  readonly seed: number | null;
  /** What networks were computed on, with the card's name behind a colon; absent where none was. */
  readonly device?: string;
  readonly versions: { readonly bindscape: string; readonly node: string };
  /** Files on web servers by their addresses alone: length and hash are null. */
  readonly inputs: readonly {
    readonly file: string;
    readonly bytes: number | null;
    readonly sha256: string | null;
  }[];
  readonly finished: string;
  readonly seconds: number;
}

export async function makeRunRecord(
  command: string,
  seed: number | null,
  files: readonly string[],
  seconds: number,
  device?: ChosenDevice,
): Promise<RunRecord> {
  return {
    command,
    seed,
    ...(device && {
      device: device.adapter === null ? device.device : `${device.device}: ${device.adapter}`,
    }),
    versions: { bindscape: BINDSCAPE_VERSION, node: process.versions.node },
    inputs: await Promise.all(
      files.map(async (file) =>
        isAddress(file)
          ? { file: hideSecrets(file), bytes: null, sha256: null }
          : { file, bytes: (await stat(file)).size, sha256: await hashFile(file) },
      ),
    ),
    finished: new Date().toISOString(),
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** An address without what may be a key to it: name and password, query and fragment. */
function hideSecrets(address: string): string {
  const { origin, pathname, search } = new URL(address);
  return `${origin}${pathname}${search === "" ? "" : "?..."}`;
}

/** What tells one version of an input from another: the SHA-256 of a file, the address of one on a web server. */
export async function hashInput(file: string): Promise<string> {
  return isAddress(file) ? file : hashFile(file);
}
