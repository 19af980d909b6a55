import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, findData, makeFigure, repositoryRoot } from "./figure.js";

/** Seconds from the start of the process to the end of the first training step of the yeast study, files in the system's cache. */
export async function run(): Promise<Figure[]> {
  const data = findData("yeast/original");
  if (data === null) throw new Error("first-step needs the yeast data: set BINDSCAPE_DATA");
  const study = join(repositoryRoot, "examples/yeast/study.yaml");
  const child = join(repositoryRoot, "bench/dist/first-step-child.js");
  const folder = await mkdtemp(join(tmpdir(), "bindscape-first-step-"));
  try {
    const figures: Figure[] = [];
    for (const preset of ["paper", "compact"]) {
      const times: number[] = [];
      for (let i = 0; i < 6; i++) {
        const args = [child, study, data, join(folder, `${preset}-${i}`), preset];
        const result = spawnSync(process.execPath, args, { encoding: "utf8" });
        if (result.status !== 0) throw new Error(`training failed: ${result.stderr}`);
        // The first run brings the files into the cache.
        if (i > 0) times.push(JSON.parse(result.stdout.trim()).milliseconds / 1000);
      }
      times.sort((a, b) => a - b);
      const goal = { name: "goal", value: 2.5 };
      figures.push(makeFigure(`start to first training step, ${preset} preset`, times[2], "s", "less", goal));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
