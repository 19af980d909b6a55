import { basename } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  compareProfiles,
  loadAttributionFile,
  type NamedProfile,
  nameTarget,
  profileAroundCore,
  renderProfilesPage,
  writeProfilesTable,
} from "@bindscape/interpret";
import { makeRunRecord } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { Command } from "commander";
import { printJson } from "../../print.js";
import { ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads as parseCount, parseList } from "../shared-options.js";

export function addProfilesCommand(parent: Command): void {
  parent
    .command("profiles")
    .description(
      "factors side by side: mean |score| around their cores, z-normalised, as a heat map with a dendrogram",
    )
    .argument("<files...>", "attributions of one factor each (.npz)")
    .requiredOption("--out <file>", "page to write (HTML); the numbers stand beside it as FILE.tsv")
    .option("--names <names>", "names of the factors, in the order of the files", parseList)
    .option("--bin <bp>", "width of a bin (default: a hundredth of the windows)", parseCount)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Scores are averaged over bound sequences where the files have labels, over all where not, put with their cores in the
same place and direction. Factors are ordered by average linkage on 1 - correlation of the profiles without the core.

Example:
  bindscape interpret profiles gata1.npz tal1.npz ctcf.npz --out profiles.html`,
    )
    .action(async (files: readonly string[], given: ProfilesFlags) => {
      const started = performance.now();
      const { names } = given;
      if (names && names.length !== files.length) {
        throw new BindscapeError({
          found: `${names.length} names of ${files.length} files`,
          expected: "a name for every file",
        });
      }
      const profiles: NamedProfile[] = [];
      for (const [i, path] of files.entries()) {
        const file = await loadAttributionFile(path);
        const named = file.tasks.length > 0 ? nameTarget(file) : basename(path, ".npz");
        profiles.push({ name: names?.[i] ?? named, source: path, profile: profileAroundCore(file) });
      }
      // Two files of one factor are told apart by their names.
      const isTwice = new Set(profiles.map(({ name }) => name)).size < profiles.length;
      const told = profiles.map((profile, i) =>
        isTwice && !names ? { ...profile, name: basename(files[i], ".npz") } : profile,
      );
      const found = compareProfiles(told, given.bin);
      const table = `${given.out.replace(/\.html?$/, "")}.tsv`;
      await writeFileAtomically(given.out, renderProfilesPage(found));
      await writeFileAtomically(table, writeProfilesTable(found));
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, files, seconds);
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      const written = [given.out, table, `${given.out}.run.json`];
      new ProgressBar().say(`wrote ${written.join(", ")}: ${found.names.length} factors`);
      if (given.json)
        printJson({
          out: given.out,
          files: written,
          factors: found.order.map((item) => found.names[item]),
          binWidth: found.binWidth,
          seconds,
        });
    });
}

interface ProfilesFlags {
  readonly out: string;
  readonly names?: readonly string[];
  readonly bin?: number;
  readonly json?: boolean;
}
