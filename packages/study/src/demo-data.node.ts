import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomically } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { DEMO_FILES, type DemoFile } from "./demo-files.js";
import { type DownloadOptions, downloadFile, hashFile } from "./download.node.js";

export interface LocateDemoDataOptions {
  /** Factors whose peaks are wanted; all eight where left out. */
  readonly factors?: readonly string[];
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
  /** Where repositories are served, in place of raw.githubusercontent.com. */
  readonly baseUrl?: string;
  /** In place of the user's cache. */
  readonly cacheFolder?: string;
  /** In place of the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folders that may hold shared data, in place of `../shared/data` beside the repository and the current folder. */
  readonly sharedFolders?: readonly string[];
  /** In place of the yeast study's files. */
  readonly files?: readonly DemoFile[];
  /** Attempts and waits of each download. */
  readonly download?: Partial<Omit<DownloadOptions, "url" | "file" | "bytes" | "sha256">>;
}

export type DemoData =
  | { readonly folder: string; readonly origin: "environment" | "shared" | "cache" | "download" }
  /** The data cannot be had here; the reason is one sentence. */
  | { readonly folder: null; readonly reason: string };

const DEFAULT_BASE_URL = "https://raw.githubusercontent.com";
/** Where the shared data keeps the files as published. */
const SHARED_PATH = join("yeast", "original");
const REMEMBERED = ".verified.json";

/**
 * Finds the demo's real data: in the folder BINDSCAPE_DATA names, in `../shared/data`, in the user's cache, or
 * by downloading into that cache (5.4 MB; only what is missing). Files in the cache are checked by SHA-256 once
 * and again when they have changed.
 * @throws BindscapeError for an unknown factor, or where BINDSCAPE_DATA is set but lacks a file
 */
export async function locateDemoData(options: LocateDemoDataOptions = {}): Promise<DemoData> {
  const env = options.env ?? process.env;
  const files = chooseFiles(options.files ?? DEMO_FILES, options.factors);
  if (env.BINDSCAPE_DATA) {
    const folder = resolve(env.BINDSCAPE_DATA, SHARED_PATH);
    const problem = await findProblem(folder, files);
    if (problem === undefined) return { folder, origin: "environment" };
    throw new BindscapeError({
      source: "BINDSCAPE_DATA",
      found: problem,
      expected: `the demo's files in ${folder}`,
      next: "Correct BINDSCAPE_DATA, or unset it to have them downloaded",
    });
  }
  for (const shared of options.sharedFolders ?? defaultSharedFolders()) {
    const folder = resolve(shared, SHARED_PATH);
    if ((await findProblem(folder, files)) === undefined) return { folder, origin: "shared" };
  }
  const cache = new DemoCache(options.cacheFolder ?? defaultCacheFolder(env));
  const missing = await cache.findMissing(files);
  if (missing.length === 0) return { folder: cache.folder, origin: "cache" };
  try {
    await downloadAll(missing, cache, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return { folder: null, reason: describeReason(error) };
  }
  return { folder: cache.folder, origin: "download" };
}

/** The files that every study needs, and the peaks of the factors asked for. */
function chooseFiles(
  files: readonly DemoFile[],
  factors: readonly string[] | undefined,
): readonly DemoFile[] {
  if (factors === undefined) return files;
  const known = files.flatMap(({ factor }) => (factor === undefined ? [] : [factor]));
  const wanted = factors.map((factor) => {
    const found = known.find((name) => name.toLowerCase() === factor.toLowerCase());
    if (found !== undefined) return found;
    throw new BindscapeError({
      found: `no demo data for the factor "${factor}"`,
      expected: `one of ${known.join(", ")}`,
    });
  });
  return files.filter(({ factor }) => factor === undefined || wanted.includes(factor));
}

/** What is wrong with a folder's files, judged by their presence and length. */
async function findProblem(folder: string, files: readonly DemoFile[]): Promise<string | undefined> {
  for (const { name, bytes } of files) {
    const status = await stat(join(folder, name)).catch(() => undefined);
    if (!status?.isFile()) return `${folder} has no file ${name}`;
    if (status.size !== bytes) return `${name} in ${folder} has ${status.size} bytes, not ${bytes}`;
  }
  return undefined;
}

function defaultSharedFolders(): string[] {
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  return [...new Set([resolve(repository, "../shared/data"), resolve("../shared/data")])];
}

function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  // The XDG Base Directory Specification says that a relative path there is to be ignored.
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : undefined;
  return join(base ?? join(env.HOME || homedir(), ".cache"), "bindscape", "yeast");
}

async function downloadAll(
  files: readonly DemoFile[],
  cache: DemoCache,
  { baseUrl = DEFAULT_BASE_URL, onProgress, signal, download }: LocateDemoDataOptions,
): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const { name, repository, commit, path, bytes, sha256 } of files) {
    const url = [
      baseUrl.replace(/\/$/, ""),
      ...`${repository}/${commit}/${path}`.split("/").map(encodeURIComponent),
    ];
    const task = "downloading the demo's data";
    await downloadFile({
      ...download,
      url: url.join("/"),
      file: join(cache.folder, name),
      bytes,
      sha256,
      signal,
      onProgress:
        onProgress &&
        (({ done }) => onProgress({ task, done: before + done, total, unit: "bytes", note: name })),
    });
    await cache.remember(name, sha256);
    before += bytes;
  }
}

/** One sentence: the place and what happened, without advice. */
function describeReason(error: unknown): string {
  if (!(error instanceof BindscapeError)) throw error;
  return `${error.source === undefined ? "" : `${error.source}: `}${error.found}.`;
}

type Notes = Record<string, { sha256: string; bytes: number; modifiedMilliseconds: number }>;

/** The user's cache, with a note of the files whose hash was right and how they looked then. */
class DemoCache {
  #remembered: Notes | undefined;

  constructor(readonly folder: string) {}

  async findMissing(files: readonly DemoFile[]): Promise<DemoFile[]> {
    const missing: DemoFile[] = [];
    for (const file of files) if (!(await this.#has(file))) missing.push(file);
    return missing;
  }

  /** Notes that a file's hash is right. */
  async remember(name: string, sha256: string): Promise<void> {
    const { size, mtimeMs } = await stat(join(this.folder, name));
    const remembered = await this.#read();
    remembered[name] = { sha256, bytes: size, modifiedMilliseconds: mtimeMs };
    // Without the note the files are only hashed again: a read-only cache still serves.
    await writeFileAtomically(
      join(this.folder, REMEMBERED),
      `${JSON.stringify(remembered, null, 1)}\n`,
    ).catch(() => {});
  }

  async #has({ name, bytes, sha256 }: DemoFile): Promise<boolean> {
    const path = join(this.folder, name);
    const status = await stat(path).catch(() => undefined);
    if (!status?.isFile() || status.size !== bytes) return false;
    const note = (await this.#read())[name];
    if (note?.sha256 === sha256 && note.bytes === bytes && note.modifiedMilliseconds === status.mtimeMs)
      return true;
    if ((await hashFile(path)) !== sha256) return false;
    await this.remember(name, sha256);
    return true;
  }

  async #read(): Promise<Notes> {
    if (this.#remembered !== undefined) return this.#remembered;
    const text = await readFile(join(this.folder, REMEMBERED), "utf8").catch(() => "{}");
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = null;
    }
    const isNotes = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    this.#remembered = isNotes ? (parsed as Notes) : {};
    return this.#remembered;
  }
}
