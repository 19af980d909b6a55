import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically, writeNpz } from "@bindscape/genome";
import { BINDSCAPE_VERSION, type RunRecord } from "@bindscape/models";
import { type Motif, type MotifMatch, writeMotifs, writeTomtomTsv } from "@bindscape/motifs";
import type { AttributionFile } from "../attribution-file.js";
import type { SeqletMotifs } from "./find-motifs.js";
import type { SeqletHit } from "./seqlet-hits.js";
import { formatHitsBed, formatHitsTsv, patternArrays, type SeqletMotifSummary } from "./seqlet-tables.js";

/** What the files of `bindscape seqlets` are made of. */
export interface SeqletFiles {
  readonly file: AttributionFile;
  readonly motifs: SeqletMotifs;
  readonly hits: readonly SeqletHit[];
  readonly summary: readonly SeqletMotifSummary[];
  readonly known?: { readonly targets: readonly Motif[]; readonly matches: readonly MotifMatch[] };
  readonly page: string;
  readonly record: RunRecord;
}

/**
 * Writes `motifs.meme`, `patterns.npz`, `seqlets.tsv`, `seqlets.json`, `seqlets.html` and `run.json` to a folder, with
 * known motifs `tomtom.tsv`, and where places are known `hits.bed`. Files of an earlier output in the folder are
 * replaced; those that this one does not have are removed.
 * @returns names of the files
 */
export async function writeSeqletFiles(folder: string, files: SeqletFiles): Promise<string[]> {
  const { file, motifs, hits, summary, known, page, record } = files;
  const { found, patterns, unused, clustered } = motifs;
  const queries = patterns.map(({ motif }) => motif);
  const bed = formatHitsBed(hits, file);
  const json = {
    source: file.source,
    method: file.method,
    sequences: file.count,
    length: file.length,
    seqlets: { positive: found.positive.length, negative: found.negative.length, width: found.width },
    clustered,
    unused,
    thresholds: Object.fromEntries(
      Object.entries(found.thresholds).map(([sign, value]) => [sign, Number.isFinite(value) ? value : null]),
    ),
    motifs: summary,
  };
  const texts: [string, string][] = [
    ...(queries.length > 0 ? [["motifs.meme", writeMotifs(queries, "meme")] as [string, string]] : []),
    ["seqlets.tsv", formatHitsTsv(hits, file)],
    ...(bed === null ? [] : [["hits.bed", bed] as [string, string]]),
    ...(known && queries.length > 0
      ? [
          [
            "tomtom.tsv",
            writeTomtomTsv(known.matches, queries, known.targets, [
              `bindscape seqlets: Version ${BINDSCAPE_VERSION}`,
              record.command,
            ]),
          ] as [string, string],
        ]
      : []),
    ["seqlets.json", `${JSON.stringify(json, null, 2)}\n`],
    ["seqlets.html", page],
    ["run.json", `${JSON.stringify(record, null, 2)}\n`],
  ];
  const optional = ["motifs.meme", "hits.bed", "tomtom.tsv"];
  // Without a seqlets.json, files of these names are not ours.
  const stale = existsSync(join(folder, "seqlets.json"))
    ? optional.filter((name) => !texts.some(([written]) => written === name))
    : [];
  for (const name of stale) await rm(join(folder, name), { force: true });
  await writeFileAtomically(join(folder, "patterns.npz"), (sink) => writeNpz(sink, patternArrays(patterns)));
  for (const [name, text] of texts) await writeFileAtomically(join(folder, name), text);
  return ["patterns.npz", ...texts.map(([name]) => name)];
}
