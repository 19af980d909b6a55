import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  describeFileError,
  type NpyArray,
  openFile,
  readNpz,
  writeFileAtomically,
  writeNpz,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { hashFile } from "@bindscape/study";
import { hashInput } from "../bundle/run-record.node.js";
import { BINDSCAPE_VERSION } from "../version.js";
import { checkShardsFit, parseManifest, type ShardManifest } from "./manifest.js";
import { describeShard, type Shard, shardFolder, shardName } from "./shard.js";

/** What a shard's numbers depend on, by what messages call it. */
export type ShardSettings = Readonly<Record<string, string>>;

/** A shard on disk. */
export interface StoredShard {
  /** Path of the manifest. */
  readonly source: string;
  readonly manifest: ShardManifest;
  /** Path of the arrays. */
  readonly data: string;
}

/**
 * Settings common to all commands: the version, what the bundles and the study's files hold (by SHA-256, so that
 * shards may run where the files lie elsewhere; files on web servers by their address), and the choices given. The number of threads is none of them.
 */
export async function describeSettings(
  command: string,
  bundles: readonly string[],
  inputs: readonly string[],
  choices: ShardSettings,
): Promise<ShardSettings> {
  const settings: Record<string, string> = { command, version: BINDSCAPE_VERSION, ...choices };
  for (const [index, bundle] of bundles.entries()) {
    for (const part of ["model.json", "weights.safetensors"]) {
      settings[`${part} of bundle ${index + 1}`] = await hashFile(join(bundle, part));
    }
  }
  for (const [index, input] of inputs.entries()) {
    settings[`input ${index + 1} (${basename(input)})`] = await hashInput(input);
  }
  return settings;
}

export function fingerprintOf(settings: ShardSettings): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

/** True where a shard with these settings is there and whole. */
export async function isShardFinished(
  output: string,
  shard: Shard,
  settings: ShardSettings,
): Promise<boolean> {
  const source = join(shardFolder(output), `${shardName(shard)}.json`);
  if (!existsSync(source)) return false;
  try {
    const stored = await readShardManifest(source, shard);
    if (stored.manifest.fingerprint !== fingerprintOf(settings)) return false;
    await checkShardData(stored);
    return true;
  } catch (error) {
    // A damaged shard is made anew.
    if (error instanceof BindscapeError) return false;
    throw error;
  }
}

/** Writes a shard: its arrays, and then the manifest that vouches for them. */
export async function writeShard(
  output: string,
  shard: Shard,
  settings: ShardSettings,
  content: ShardManifest["content"],
  arrays: ReadonlyMap<string, NpyArray>,
  run: { readonly command: string; readonly seconds: number },
): Promise<string> {
  const folder = shardFolder(output);
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw describeFileError(error, folder, "write");
  });
  const file = `${shardName(shard)}.npz`;
  const data = join(folder, file);
  await writeFileAtomically(data, (sink) => writeNpz(sink, arrays));
  const manifest: ShardManifest = {
    format: "bindscape-shard",
    version: 1,
    shard: { ...shard },
    settings: { ...settings },
    fingerprint: fingerprintOf(settings),
    content,
    data: { file, bytes: (await stat(data)).size, sha256: await hashFile(data) },
    run: { ...run, finished: new Date().toISOString() },
  };
  const path = join(folder, `${shardName(shard)}.json`);
  await writeFileAtomically(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return path;
}

/**
 * All shards of an output, in order, checked to be whole and to fit one another.
 * @param count how many there are; where left out, the shards that are there say so
 * @throws BindscapeError naming the missing or damaged shard, or the first thing in which two differ
 */
export async function findShards(output: string, count?: number): Promise<StoredShard[]> {
  const folder = shardFolder(output);
  const total = count ?? (await countShards(folder));
  const shards: StoredShard[] = [];
  for (let index = 1; index <= total; index++) {
    const shard = { index, count: total };
    const source = join(folder, `${shardName(shard)}.json`);
    if (!existsSync(source)) {
      throw new BindscapeError({
        source: folder,
        found: `${describeShard(shard)} is missing`,
        expected: `the files ${shardName(shard)}.json and .npz`,
        next: `Run it: the same command with --shard ${index}/${total}`,
      });
    }
    shards.push(await readShardManifest(source, shard));
  }
  checkShardsFit(shards);
  for (const shard of shards) await checkShardData(shard);
  return shards;
}

async function countShards(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error) => {
    if (error.code !== "ENOENT") throw describeFileError(error, folder, "read");
    throw new BindscapeError({
      source: folder,
      found: "no such folder",
      expected: "the shards of an output, as --shard i/n writes them",
    });
  });
  const counts = new Set(names.flatMap((name) => /^\d+-of-(\d+)\.json$/.exec(name)?.[1] ?? []));
  if (counts.size === 1) return Number([...counts][0]);
  throw new BindscapeError({
    source: folder,
    found:
      counts.size === 0
        ? "no shard"
        : `shards of ${[...counts].sort((a, b) => Number(a) - Number(b)).join(" and of ")}`,
    expected: "the shards of one splitting",
    next: counts.size === 0 ? "Run the command with --shard 1/n to n/n first" : "Say which with --shards",
  });
}

async function readShardManifest(source: string, shard: Shard): Promise<StoredShard> {
  let text: string;
  try {
    text = await readFile(source, "utf8");
  } catch (error) {
    throw describeFileError(error, source, "read");
  }
  const manifest = parseManifest(text, source);
  const problem =
    manifest.shard.index !== shard.index || manifest.shard.count !== shard.count
      ? `it says that it is ${describeShard(manifest.shard)}`
      : manifest.fingerprint !== fingerprintOf(manifest.settings)
        ? "its settings do not have its fingerprint"
        : manifest.data.file !== `${shardName(shard)}.npz`
          ? `its data are in ${JSON.stringify(manifest.data.file)}`
          : null;
  if (problem !== null) {
    throw new BindscapeError({
      source,
      found: problem,
      expected: `the description of ${describeShard(shard)}`,
      next: "It was renamed or edited: delete it and run the shard again",
    });
  }
  return { source, manifest, data: join(shardFolderOf(source), manifest.data.file) };
}

function shardFolderOf(manifest: string): string {
  return join(manifest, "..");
}

async function checkShardData({ data, manifest }: StoredShard): Promise<void> {
  const problem = !existsSync(data)
    ? "no such file"
    : (await hashFile(data)) !== manifest.data.sha256
      ? "its bytes are not those that were written (SHA-256)"
      : null;
  if (problem === null) return;
  throw new BindscapeError({
    source: data,
    found: problem,
    expected: `the numbers of ${describeShard(manifest.shard)}`,
    next: `It is damaged: run --shard ${manifest.shard.index}/${manifest.shard.count} again`,
  });
}

/** The arrays of a shard, each checked to have the length its manifest says. */
export async function readShardArrays(
  { data }: StoredShard,
  lengths: Readonly<Record<string, number>>,
): Promise<Map<string, NpyArray>> {
  const source = await openFile(data);
  const arrays = await readNpz(source).finally(() => source.close());
  for (const [name, length] of Object.entries(lengths)) {
    const found = arrays.get(name)?.data.length;
    if (found === length) continue;
    throw new BindscapeError({
      source: data,
      found: found === undefined ? `no array "${name}"` : `${found} numbers in the array "${name}"`,
      expected: `${length}, as its description says`,
      next: "Delete the shard and run it again",
    });
  }
  return arrays;
}
