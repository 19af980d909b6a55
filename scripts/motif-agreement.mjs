// Compares what packages/motifs computes with the outputs of the MEME suite that lie in the shared data, and writes
// the table to packages/motifs/AGREEMENT.md: `npm run agreement` (all verbs) or `npm run agreement -- scan` (one, printed
// only). Each verb has a module in scripts/agreement that exports `section(data)`:
//   { title, about, rows: [{ file, compared, equal, deviation }] }
// with `about` a paragraph on what is compared, `compared` and `equal` counts or short texts, `deviation` the largest one.
// `data(path)` gives the path of a file of the shared data, or null where it is absent.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, install, root } from "./run.mjs";

install();
build();
const folder = process.env.BINDSCAPE_DATA ?? resolve(root, "../shared/data");
const data = (path) => (existsSync(join(folder, path)) ? join(folder, path) : null);
if (data("gold") === null) {
  console.error(`agreement: there are no gold files in ${folder} (set BINDSCAPE_DATA): nothing compared`);
  process.exit(1);
}
const modules = join(root, "scripts", "agreement");
const verbs = readdirSync(modules)
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -".mjs".length))
  .sort();
const only = process.argv[2];
if (only !== undefined && !verbs.includes(only)) {
  console.error(`usage: npm run agreement -- [${verbs.join(" | ")}]`);
  process.exit(2);
}

const cell = (value) =>
  `${typeof value === "number" ? value.toLocaleString("en-US") : value}`.replaceAll("|", "\\|");
const parts = [
  "# Agreement with the MEME suite\n",
  "Made by `npm run agreement` from the reference outputs in the shared data (`gold/`); do not edit by hand.\n",
];
for (const verb of only === undefined ? verbs : [only]) {
  console.error(`comparing: ${verb}`);
  const { section } = await import(pathToFileURL(join(modules, `${verb}.mjs`)).href);
  const { title, about, rows } = await section(data);
  parts.push(`## ${title}\n`, `${about}\n`);
  parts.push(
    [
      "| reference | compared | equal | largest deviation |",
      "| --- | --- | --- | --- |",
      ...rows.map(
        ({ file, compared, equal, deviation }) =>
          `| ${[file, compared, equal, deviation].map(cell).join(" | ")} |`,
      ),
      "",
    ].join("\n"),
  );
}
const text = parts.join("\n");
if (only === undefined) {
  const file = join(root, "packages", "motifs", "AGREEMENT.md");
  writeFileSync(file, text);
  console.error(`wrote ${file}`);
} else process.stdout.write(text);
