// Trains on HepG2 with sequence alone, with DNase-seq beside it, and with DNase-seq alone, and measures the three on
// held-out regions with 95 % intervals. A fourth network is trained on MAX in both cells, pooled. `--small` does two
// factors for two epochs. Needs the shared data; without it the example says so and ends.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FACTORS, findSource, prepare } from "./prepare.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const isSmall = process.argv.includes("--small");
const source = findSource();
if (source === null) {
  console.log(
    "skipped: this example needs the folder human_hg38_regions of the shared data (BINDSCAPE_DATA)",
  );
  process.exit(0);
}

function bindscape(...args) {
  const cli = join(here, "../../packages/cli/bin/bindscape.js");
  const { status } = spawnSync(process.execPath, [cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const study = prepare(source);
// The same study without tracks: what sequence alone can do.
const withoutTracks = join(dirname(study), "study-sequence.yaml");
writeFileSync(withoutTracks, readFileSync(study, "utf8").replaceAll(/\n {4}tracks:\n.*(?=\n)/g, " {}"));

const factors = isSmall ? FACTORS.slice(0, 2) : FACTORS;
const options = ["--factor", factors.join(","), "--cell", "HepG2", "--preset", "compact"];
const size = isSmall ? ["--epochs", "2", "--negatives-per-positive", "3"] : [];
const out = join(here, "out");
mkdirSync(out, { recursive: true });
for (const [name, file, ...inputs] of [
  ["sequence", withoutTracks, "--bin-features", "motif"],
  ["sequence-and-dnase", study, "--bin-features", "motif-and-signal"],
  ["dnase", study, "--no-sequence", "--no-seed-kernels", "--bin-features", "signal"],
]) {
  const bundle = join(out, name);
  rmSync(bundle, { recursive: true, force: true });
  console.log(`\n== ${name.replaceAll("-", " ")}`);
  bindscape("train", file, ...options, ...size, ...inputs, "--out", bundle, "--overwrite");
  bindscape("evaluate", bundle, "--study", file, "--bootstrap", isSmall ? "100" : "2000");
}

if (!isSmall) {
  const bundle = join(out, "max-pooled");
  rmSync(bundle, { recursive: true, force: true });
  console.log("\n== MAX, HepG2 and GM12878 pooled");
  bindscape(
    "train",
    study,
    "--factor",
    "MAX",
    "--cell",
    "HepG2,GM12878",
    "--preset",
    "compact",
    "--out",
    bundle,
  );
  for (const cell of ["HepG2", "GM12878"]) {
    console.log(`\nin ${cell}`);
    bindscape("evaluate", bundle, "--study", study, "--cell", cell, "--bootstrap", "2000");
  }
}
