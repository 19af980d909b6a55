import type { NpyArray } from "@bindscape/genome";
import {
  describeSettings,
  describeShard,
  isShardFinished,
  type Shard,
  type ShardManifest,
  type ShardSettings,
  writeShard,
} from "@bindscape/models";
import type { Study } from "@bindscape/study";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, type ProgressBar } from "../progress-bar.js";
import { commandText } from "./shared-options.js";

export interface ShardWork {
  /** "predict" or "evaluate". */
  readonly command: string;
  readonly out: string;
  readonly shard: Shard;
  readonly bundles: readonly string[];
  readonly study: Study;
  /** What was chosen beside bundles and study and decides the numbers. */
  readonly choices: ShardSettings;
  readonly json?: boolean;
  readonly work: (
    signal: AbortSignal,
  ) => Promise<{ content: ShardManifest["content"]; arrays: ReadonlyMap<string, NpyArray> }>;
}

/** Does a shard of a command, unless it is there already with the same settings. */
export async function runShard(
  { command, out, shard, bundles, study, choices, json, work }: ShardWork,
  bar: ProgressBar,
): Promise<void> {
  const started = performance.now();
  const inputs = [...study.inputs];
  const settings = await describeSettings(command, bundles, inputs, choices);
  const name = describeShard(shard);
  const skipped = await isShardFinished(out, shard, settings);
  if (!skipped) {
    const { content, arrays } = await withInterrupt(`${name} was not written`, work);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    await writeShard(out, shard, settings, content, arrays, { command: commandText(), seconds });
    for (const warning of study.warnings) bar.say(`warning: ${warning}`);
  }
  bar.say(
    skipped
      ? `${name} of ${out} is there already, with the same inputs and options: nothing to do`
      : `wrote ${name} of ${out}, ${formatDuration((performance.now() - started) / 1000)}`,
  );
  if (json) printJson({ out, shard: shard.index, shards: shard.count, skipped });
}
