// AgentBind's analysis on six budding yeast factors, from the study to a report a factor; `--small` does a part of it on
// a simulated study in under a minute. Output goes to `out/yeast` (`out/small`) beside this file, or
// to the folder that --out names; called again, the full form makes only what is missing.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { locateDemoData } from "@bindscape/study";

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(here, "../../packages/cli/bin/bindscape.js");
const options = process.argv.slice(2);
const at = options.indexOf("--out");
const isSmall = options.includes("--small");
const out = at >= 0 ? options[at + 1] : join(here, isSmall ? "out/small" : "out/yeast");
const threads = options.includes("--threads") ? ["--threads", options[options.indexOf("--threads") + 1]] : [];

function bindscape(...args) {
  const { status } = spawnSync(process.execPath, [cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Few sequences: steps of 32, a slow rate, and weights averaged over the last ten steps or so. */
const fineTuning = "--batch-size 32 --learning-rate 0.0005 --weight-average 0.9 --patience 6";

if (isSmall) {
  const simulated = `${out}-study`;
  for (const folder of [out, simulated]) rmSync(folder, { recursive: true, force: true });
  bindscape("simulate", simulated, "--seed", "7");
  bindscape(
    ...["agentbind", join(simulated, "study.yaml"), "--factor", "SimC", "--out", out],
    ...[
      "--architecture",
      "deepsea",
      "--length",
      "200",
      "--controls",
      "baseline,gc",
      "--no-masked",
      "--no-scratch",
    ],
    ...["--motifs", join(simulated, "motifs.meme"), "--explained", "200", "--gapped", "200", ...threads],
    ...["--compendium-options", "--sample 500", "--pretrain-options", "--preset short --epochs 2"],
    ...["--train-options", `--epochs 2 ${fineTuning}`],
  );
} else {
  const factors = ["Reb1", "Abf1", "Rap1", "Mcm1", "Cin5", "Fkh1"];
  // The compendium is made of all eight factors of the study.
  const data = await locateDemoData({ factors: [...factors, "Phd1", "Mbp1"] });
  if (data.folder === null) {
    console.error(`SKIPPED: no yeast data (${data.reason}); nothing was made`);
    process.exit(0);
  }
  const genes = [process.env.BINDSCAPE_DATA, join(here, "../../../shared/data")]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "yeast/SGD_features.tab.gz"))
    .find(existsSync);
  if (genes === undefined)
    console.error("no SGD_features.tab.gz: words are not split into proximal and distal");
  bindscape(
    ...["agentbind", join(here, "../yeast/study.yaml"), "--data", data.folder, "--factor", factors.join(",")],
    ...["--out", out, "--architecture", "deepsea", "--length", "500", ...threads],
    ...["--motifs", join(data.folder, "JASPAR2022_fungi.pfm")],
    ...(genes === undefined ? [] : ["--tss", genes, "--assembly", "sacCer3"]),
    // A fifth of this dense genome is accessible; two factors keep but a few dozen sites.
    ...["--sites-options", "--accessible-share 0.2 --minimum-sites 20"],
    ...["--compendium-options", "--step 50", "--pretrain-options", "--preset compact --epochs 10"],
    ...["--train-options", `--preset compact --epochs 16 ${fineTuning}`],
  );
}
