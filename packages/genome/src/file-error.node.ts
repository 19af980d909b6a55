import { BindscapeError } from "@bindscape/numerics";

const reasons: Record<string, { found: string; next?: string }> = {
  ENOENT: { found: "there is no such file or folder", next: "Check the path" },
  EACCES: { found: "permission denied", next: "Check who may read and write there" },
  EPERM: { found: "operation not permitted", next: "Check who may read and write there" },
  EROFS: { found: "the file system is read-only", next: "Choose another folder" },
  EEXIST: { found: "a part of the path is a file, not a folder", next: "Check the path" },
  EISDIR: { found: "this is a folder", next: "Name a file" },
  ENOTDIR: { found: "a part of the path is a file, not a folder", next: "Check the path" },
  ENOSPC: { found: "the disk is full", next: "Free some space or choose another folder" },
  EDQUOT: { found: "the disk quota is used up", next: "Free some space or choose another folder" },
  EFBIG: { found: "the file grew past the largest size allowed there", next: "Choose another folder" },
  EMFILE: { found: "too many files are open", next: "Raise the limit (ulimit -n)" },
  ENAMETOOLONG: { found: "the name is too long", next: "Choose a shorter name" },
  EIO: { found: "the disk reported an error", next: "Check the disk, or copy the file elsewhere" },
};

/**
 * The operating system's errors that a user can do something about, as {@link BindscapeError}s that name the
 * file; any other error is returned as it is.
 */
export function describeFileError(error: unknown, path: string, what: "read" | "write"): unknown {
  if (error instanceof BindscapeError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = reasons[code];
  if (reason === undefined) return error;
  const verb = what === "read" ? "read" : "written";
  return new BindscapeError({
    source: path,
    found: `the file could not be ${verb}: ${reason.found} (${code})`,
    next: reason.next,
    cause: error,
  });
}
