import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { makeRunRecord, renderFamiliesPage } from "@bindscape/models";
import {
  clusterMotifs,
  kMerSet,
  MOTIF_DISTANCES,
  type Motif,
  type MotifClusters,
  type MotifDistance,
  nonRedundant,
  pairSimilaritiesInThreads,
  readMotifFile,
  writeMotifs,
  writeNewick,
} from "@bindscape/motifs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads } from "../shared-options.js";

export function addMotifsClusterCommand(parent: Command): void {
  parent
    .command("cluster")
    .description("sort motifs into families with root motifs; non-redundant sets, k-mer sets")
    .argument("<motifs>", "motif file of any format")
    .requiredOption(
      "--out <folder>",
      "folder to write clusters.tsv, roots.meme, tree.nwk and cluster.html to",
    )
    .option(
      "--similarity <number>",
      "families are joined while the mean -log10 p between their members is at least this (0 to 10)",
      parseSimilarity,
      3,
    )
    .addOption(
      new Option("--dist <distance>", "how alike two columns are")
        .choices([...MOTIF_DISTANCES])
        .default("ed"),
    )
    .option("--norc", "do not try reverse complements")
    .option("--equal-weights", "each motif counts alike in root motifs (default: by its sites)")
    .option(
      "--non-redundant [p-value]",
      "also write nonredundant.meme: the best motif by E-value (or file order) of all that match at this p-value",
      parseProbability,
    )
    .option(
      "--kmers <k>",
      "also write kmers.tsv: words of k bp (1 to 12) that each family's root picks",
      parseWord,
    )
    .option(
      "--kmer-share <share>",
      "least log-odds of a word, as a share of the best word's",
      parseProbability,
      0.8,
    )
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
All motifs are compared with all others, as by \`bindscape motifs compare\`; the tree is that of average linkage on the
mean -log10 p of either motif with the other (10 at most). Root motifs average a family's aligned members.

Examples:
  bindscape motifs cluster JASPAR_fungi.pfm --out families
  bindscape motifs cluster discovered.meme --similarity 5 --non-redundant 1e-6 --kmers 8 --out families`,
    )
    .action(async (file: string, given: ClusterFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const motifs = await readMotifFile(file);
      const options = { distance: given.dist, bothStrands: !given.norc };
      const threads = given.threads ?? availableParallelism();
      const clusters = await withInterrupt("Nothing was written", async (signal) =>
        clusterMotifs(motifs, {
          ...options,
          similarity: given.similarity,
          weights: given.equalWeights ? "equal" : "sites",
          similarities: await pairSimilaritiesInThreads(motifs, {
            ...options,
            threads,
            onProgress: bar.listener,
            signal,
          }),
        }),
      );
      bar.clear();
      const files: [string, string][] = [
        ["clusters.tsv", writeClusters(clusters, motifs)],
        ["roots.meme", writeMotifs(rootsOf(clusters), "meme", { replaceSpaces: true })],
        ["tree.nwk", writeNewick(clusters.merges, leafNames(motifs))],
        [
          "cluster.html",
          renderFamiliesPage({
            motifs,
            clusters,
            setName: basename(file),
            similarity: given.similarity,
            command: commandText(),
          }),
        ],
      ];
      if (given.nonRedundant !== undefined) {
        const pValue = given.nonRedundant === true ? 1e-5 : given.nonRedundant;
        const standsFor = nonRedundant(motifs, { ...options, pValue });
        const kept = motifs.filter((_, index) => standsFor[index] === index);
        files.push(["nonredundant.meme", writeMotifs(kept, "meme", { replaceSpaces: true })]);
      }
      if (given.kmers !== undefined) {
        files.push(["kmers.tsv", writeKMers(clusters, given.kmers, given.kmerShare)]);
      }
      await mkdir(given.out, { recursive: true });
      for (const [name, text] of files) await writeFileAtomically(join(given.out, name), text);
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, [file], seconds);
      await writeFileAtomically(join(given.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      const names = files.map(([name]) => name);
      bar.say(
        `wrote ${names.join(", ")} to ${given.out}: ${motifs.length.toLocaleString("en-US")} motifs in ${clusters.families.length.toLocaleString("en-US")} families, ${formatDuration(seconds)}`,
      );
      if (given.json) {
        printJson({
          out: given.out,
          files: names,
          motifs: motifs.length,
          families: clusters.families.length,
          largest: clusters.families[0].members.length,
          seconds,
        });
      }
    });
}

/** A line a motif: family, place in its alignment, whether it is the family's medoid. */
function writeClusters({ families }: MotifClusters, motifs: readonly Motif[]): string {
  const lines = ["family\tmotif_id\tname\toffset\tstrand\tmedoid\tfamily_size\troot_id"];
  for (const { number, members, medoid, root } of families) {
    for (const { motif, offset, isReversed } of members) {
      const { id, name } = motifs[motif];
      lines.push(
        [
          number,
          oneField(id),
          oneField(name),
          offset,
          isReversed ? "-" : "+",
          motif === medoid ? "yes" : "no",
          members.length,
          root.id,
        ].join("\t"),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function rootsOf({ families }: MotifClusters): Motif[] {
  return families.map(({ root }) => root);
}

/** Ids where each names one motif, else ids with a number. */
function leafNames(motifs: readonly Motif[]): string[] {
  const seen = new Map<string, number>();
  return motifs.map(({ id, name }) => {
    const text = name === id || id.includes(name) ? id : `${id} ${name}`;
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return times === 1 ? text : `${text} (${times})`;
  });
}

function writeKMers({ families }: MotifClusters, k: number, share: number): string {
  const lines = ["family\troot_id\tname\tk_mer\tlog_odds_bits"];
  for (const { number, root } of families) {
    for (const { word, score } of kMerSet(root, { k, share })) {
      lines.push([number, root.id, oneField(root.name), word, score.toFixed(3)].join("\t"));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A tab or line end in a name would shift the columns. */
function oneField(text: string): string {
  return text.replace(/[\t\r\n]+/g, " ");
}

interface ClusterFlags {
  readonly out: string;
  readonly similarity: number;
  readonly dist: MotifDistance;
  readonly norc?: boolean;
  readonly equalWeights?: boolean;
  readonly nonRedundant?: true | number;
  readonly kmers?: number;
  readonly kmerShare: number;
  readonly threads?: number;
  readonly json?: boolean;
}

function parseSimilarity(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 10)) {
    throw new InvalidArgumentError("Expected a number from 0 to 10.");
  }
  return value;
}

function parseProbability(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("Expected a number above 0, at most 1.");
  return value;
}

function parseWord(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1 && value <= 12)) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 12.");
  }
  return value;
}
