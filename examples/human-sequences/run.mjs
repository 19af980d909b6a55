// Trains networks on three published sets of human sequences and measures them on rows that were kept aside, beside a
// logistic regression on 6-mers of the same rows; then does it again from networks pre-trained on the other sets.
// `--seeds N` (default 5), `--tuned-seeds N` (default as many), `--targets tf0,tf1,tf2`, `--architecture deepsea|danq`,
// `--skip-pretraining`; `--keep` goes on with what an earlier run left in `out`; `--small` is a form of less than a
// minute. Needs the shared data; without it the example says so and ends.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { takeSequences, trainKMerLogistic } from "@bindscape/models";
import { areaUnderRoc } from "@bindscape/numerics";
import { readTargets, TARGETS, writeCompendium, writeTarget } from "./prepare.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const isSmall = process.argv.includes("--small");
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const source = join(process.env.BINDSCAPE_DATA ?? resolve(here, "../../../shared/data"), "human_sequences");
if (!existsSync(source)) {
  console.log("SKIPPED: this example needs the folder human_sequences of the shared data (BINDSCAPE_DATA)");
  process.exit(0);
}

const architecture = option("architecture", "deepsea");
const targetNames = option("targets", isSmall ? "tf2" : TARGETS.join(",")).split(",");
const seeds = Number(option("seeds", isSmall ? "1" : "5"));
const tunedSeeds = Number(option("tuned-seeds", String(seeds)));
/** What the form of under a minute leaves of the sets and the networks. */
const rows = isSmall ? 1500 : Number.POSITIVE_INFINITY;
const size = isSmall
  ? ["--epochs", "2", ...(architecture === "deepsea" ? ["--kernels", "16", "--second-kernels", "16"] : [])]
  : [];
/** Epochs of a fixed number, so that no run takes longer than another; all else is the preset's. */
const schedule = ["--epochs", "12", "--plateau", "0", "--final-learning-rate", "0.00002"];
/** Largest number of peaks a DeepBind set has in the compendium: one of them would else be half of it. */
const peaks = isSmall ? 200 : 10_000;

/** Runs one command and returns its JSON line. */
function bindscape(...args) {
  const cli = join(here, "../../packages/cli/bin/bindscape.js");
  const command = [cli, ...args, "--threads", "1", "--json"];
  const { status, stdout } = spawnSync(process.execPath, command, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** Trains a network, unless an earlier run that is gone on with left it. */
function train(table, bundle, ...options) {
  if (existsSync(join(bundle, "model.json"))) return;
  bindscape(
    ...["sequences", "train", table, "--architecture", architecture, "--out", bundle, "--overwrite"],
    ...schedule,
    ...options,
    ...size,
  );
}

const data = join(here, "data");
const out = join(here, "out");

const results = [];

/** Trains one network and measures it on the rows kept aside. */
function measure(result, kind, seed, ...options) {
  const { target, regression } = result;
  const table = join(data, `${target}.csv`);
  const bundle = join(out, `${target}-${kind}-${seed}`);
  train(table, bundle, "--seed", String(seed), ...options);
  const { auroc } = bindscape(
    ...["sequences", "evaluate", bundle, table, "--split", "test", "--strands", "mean"],
  );
  result[kind].push(auroc);
  const name = kind === "tuned" ? "pre-trained" : "from scratch";
  console.log(
    `${target}, ${name}, seed ${seed}: auROC ${auroc.toFixed(4)} (6-mers ${regression.toFixed(4)})`,
  );
  writeFileSync(join(out, "results.json"), `${JSON.stringify({ architecture, results }, null, 2)}\n`);
}

if (!process.argv.includes("--keep")) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const targets = await readTargets(source, rows);
for (const name of targetNames) {
  const set = targets.get(name);
  writeTarget(set, data, name);
  const part = (split) =>
    Uint32Array.from({ length: set.count }, (_, row) => row).filter((row) => set.splits[row] === split);
  const measured = takeSequences(set, part("test"));
  // The regression is trained on every row that the networks see: it chooses its penalty on some of them itself.
  const regression = trainKMerLogistic(set, set.labels, [...part("training"), ...part("validation")], {
    k: 6,
  });
  const result = {
    target: name,
    rows: { training: part("training").length, validation: part("validation").length, test: measured.count },
    regression: areaUnderRoc(regression.model.score(measured), measured.labels),
    scratch: [],
    tuned: [],
  };
  results.push(result);
}
for (let seed = 1; seed <= seeds; seed++) for (const result of results) measure(result, "scratch", seed);
if (!process.argv.includes("--skip-pretraining")) {
  for (const result of results) {
    const name = result.target;
    const compendium = await writeCompendium(source, targets, name, data, peaks);
    console.log(
      `${name}: ${compendium.kept} sequences to pre-train on; ${compendium.left} left out that share 26 bp with a validation or test row`,
    );
    result.compendium = { kept: compendium.kept, left: compendium.left };
    const pretrained = join(out, `${name}-pretrained`);
    // Many more sequences an epoch than any target has.
    train(compendium.path, pretrained, "--seed", "0", "--epochs", "5");
    for (let seed = 1; seed <= tunedSeeds; seed++) measure(result, "tuned", seed, "--from", pretrained);
  }
}

const describe = (values) => {
  if (values.length === 0) return "";
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return values.length === 1 ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${spread.toFixed(4)}`;
};
console.log("\nauROC on the rows kept aside, mean ± standard deviation over seeds");
console.log("| set | rows measured on | 6-mers | network | pre-trained |\n|---|---|---|---|---|");
for (const { target, rows: counts, regression, scratch, tuned } of results) {
  console.log(
    `| ${target} | ${counts.test} | ${regression.toFixed(4)} | ${describe(scratch)} | ${describe(tuned)} |`,
  );
}
