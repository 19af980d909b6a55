// Trains the models of the zoo (packages/models/zoo) on the yeast study and writes their bundles and cards. Takes
// about ten minutes on two cores; needs the demo's data (BINDSCAPE_DATA, or ../shared/data beside the repository).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { build, install, root, run } from "./run.mjs";

install();
build();
const data = join(process.env.BINDSCAPE_DATA ?? resolve(root, "../shared/data"), "yeast/original");
if (!existsSync(join(data, "single_sequences.2bit"))) {
  console.error(`train-zoo: no yeast data in ${data}; set BINDSCAPE_DATA`);
  process.exit(2);
}
const study = join(root, "examples/yeast/study.yaml");
const cli = join(root, "packages/cli/bin/bindscape.js");
const zoo = join(root, "packages/models/zoo");
const seed = 420;
const models = [
  { name: "yeast-reb1", factors: ["Reb1"] },
  { name: "yeast-abf1", factors: ["Abf1"] },
  { name: "yeast-rap1", factors: ["Rap1"] },
  { name: "yeast-mcm1", factors: ["Mcm1"] },
  { name: "yeast-eight", factors: ["Reb1", "Abf1", "Rap1", "Mcm1", "Fkh1", "Cin5", "Phd1", "Mbp1"] },
];
const commit = spawnSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).stdout.trim();
const sources = [
  { what: "genome", source: "BSgenome.Scerevisiae.ensembl.release94", licence: "Artistic-2.0" },
  { what: "ATAC-seq fragments, SRR1822137", source: "MACS3 test data", licence: "BSD-3-Clause" },
  { what: "ChIP-exo peaks", source: "Rossi et al. 2021, CEGRcode/2021-Rossi_Nature", licence: "MIT" },
  { what: "motifs", source: "JASPAR 2022 fungi", licence: "CC BY 4.0" },
];
mkdirSync(zoo, { recursive: true });
const cards = [];
for (const { name, factors } of models) {
  const bundle = join(zoo, name);
  rmSync(bundle, { recursive: true, force: true });
  run(process.execPath, [
    cli,
    ...["train", study, "--data", data, "--factor", factors.join(","), "--preset", "compact"],
    ...["--seed", String(seed), "--out", bundle],
  ]);
  // A record others can read: files by name, not where this machine has them.
  const record = JSON.parse(readFileSync(join(bundle, "run.json"), "utf8"));
  const command = `bindscape train examples/yeast/study.yaml --factor ${factors.join(",")} --preset compact --seed ${seed}`;
  const inputs = record.inputs.map((input) => ({ ...input, file: basename(input.file) }));
  writeFileSync(join(bundle, "run.json"), `${JSON.stringify({ ...record, command, inputs }, null, 2)}\n`);
  const evaluated = spawnSync(
    process.execPath,
    [cli, "evaluate", bundle, "--study", study, "--data", data, "--json"],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  if (evaluated.status !== 0) throw new Error(evaluated.stderr);
  const metrics = JSON.parse(evaluated.stdout.trim().split("\n").at(-1)).factors;
  const round = ({ auroc, auprc }) => ({ auroc: Number(auroc.toFixed(4)), auprc: Number(auprc.toFixed(4)) });
  const weights = readFileSync(join(bundle, "weights.safetensors"));
  cards.push({
    name,
    title: `${factors.join(", ")} in budding yeast`,
    model: "factornet",
    factors,
    cell: "BY4741",
    study: "examples/yeast/study.yaml",
    assembly: "sacCer3",
    holdOut: { validation: "chrII", test: "chrIV, chrVII, chrXIV" },
    tracks: ["ATAC"],
    seed,
    commit,
    trained: new Date().toISOString().slice(0, 10),
    metrics: Object.fromEntries(
      factors.map((factor) => [
        factor,
        { model: round(metrics[factor].model), regression: round(metrics[factor].regression) },
      ]),
    ),
    data: sources,
    weights: {
      sha256: createHash("sha256").update(weights).digest("hex"),
      bytes: statSync(join(bundle, "weights.safetensors")).size,
    },
  });
}
writeFileSync(
  join(zoo, "zoo.json"),
  `${JSON.stringify({ format: "bindscape-zoo", version: 1, models: cards }, null, 2)}\n`,
);
console.log(`train-zoo: ${cards.length} models in packages/models/zoo`);
