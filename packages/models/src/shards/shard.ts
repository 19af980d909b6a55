import { BindscapeError } from "@bindscape/numerics";

/** Part `index` of `count` of a command's work, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** More parts than any scheduler takes in one array. */
const mostShards = 100_000;

/**
 * Reads "3/7".
 * @throws BindscapeError for anything else
 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text.trim());
  const shard = { index: Number(match?.[1]), count: Number(match?.[2]) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= mostShards) return shard;
  throw new BindscapeError({
    found: `--shard ${text}`,
    expected: `a part and the number of parts, 1/7 to 7/7 for seven (at most ${mostShards})`,
  });
}

/** The items of a shard: contiguous, in order, and as many in each shard as can be (they differ by one at most). */
export function rowsOfShard({ index, count }: Shard, total: number): { from: number; to: number } {
  return { from: Math.floor((total * (index - 1)) / count), to: Math.floor((total * index) / count) };
}

/** Where the shards of an output lie. */
export function shardFolder(output: string): string {
  return `${output}.shards`;
}

/** How the files of a shard are called, but for their endings. */
export function shardName({ index, count }: Shard): string {
  return `${index}-of-${count}`;
}

/** How messages call a shard. */
export function describeShard({ index, count }: Shard): string {
  return `shard ${index} of ${count}`;
}
