import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, makeFigure, repositoryRoot } from "./figure.js";

/** Peak resident memory of the small demo (training, prediction, evaluation, report) in a process of its own. */
export async function run(): Promise<Figure[]> {
  const out = await mkdtemp(join(tmpdir(), "bindscape-memory-"));
  try {
    const cli = join(repositoryRoot, "packages/cli/bin/bindscape.js");
    const code = `
      process.argv = [process.execPath, ${JSON.stringify(cli)}, "demo", "--small", "--json", "--out", ${JSON.stringify(out)}];
      process.on("exit", () => console.log("maxRSS " + process.resourceUsage().maxRSS));
      await import(${JSON.stringify(`file://${cli}`)});`;
    const result = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    const kibibytes = Number(/maxRSS (\d+)/.exec(result.stdout)?.[1]);
    if (result.status !== 0 || !(kibibytes > 0)) throw new Error(`the demo failed: ${result.stderr}`);
    const data = result.stdout.includes('"data":"yeast"') ? "yeast" : "simulated";
    return [
      makeFigure(`peak memory of the small demo (${data} data)`, (kibibytes * 1024) / 1e6, "MB", "less", {
        name: "goal",
        value: 1500,
      }),
    ];
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
