import { existsSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { describeFileError, refuseExisting } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** Folder of the checkpoints of a bundle in the making. */
export function trainingFolderOf(out: string): string {
  return `${out.replace(/[/\\]+$/, "")}.training`;
}

/**
 * Makes a bundle with a folder for checkpoints beside it: what is there is kept where the work fails or is stopped
 * after its first checkpoint, and removed when it is done.
 * @param make trains and writes the bundle
 * @throws BindscapeError where the bundle's name is taken, or there is nothing to resume
 */
export async function withTrainingFolder<T>(
  out: string,
  options: { readonly resume?: boolean; readonly overwrite?: boolean },
  make: (folder: string) => Promise<T>,
): Promise<T> {
  refuseExisting(out, options.overwrite ?? false);
  const folder = trainingFolderOf(out);
  if (options.resume && !existsSync(folder)) {
    throw new BindscapeError({
      source: folder,
      found: "no checkpoint to go on from",
      expected: "the folder of a training run that was stopped",
      next: "Train without --resume",
    });
  }
  try {
    if (!options.resume) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw describeFileError(error, folder, "write");
  }
  let made: T;
  try {
    made = await make(folder);
  } catch (error) {
    // What fails before its first checkpoint has nothing to go on from: an empty folder goes, any other stays.
    await rmdir(folder).catch(() => {});
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
  return made;
}
