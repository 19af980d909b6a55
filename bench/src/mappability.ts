import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeMappability } from "@bindscape/genome";
import { type Figure, findData, makeFigure } from "./figure.js";

/** Uniqueness of the 35-mers of the yeast genome, from FASTA to bigWig, on one thread and on two. */
export async function run(): Promise<Figure[]> {
  const genome = findData("yeast/sacCer3_nuclear.fa.gz");
  if (genome === null) {
    console.error("mappability: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), "bindscape-bench-"));
  try {
    const figures: Figure[] = [];
    for (const threads of [1, 2]) {
      const started = performance.now();
      await writeMappability(genome, join(folder, `${threads}.bw`), { k: 35, threads });
      const seconds = (performance.now() - started) / 1000;
      const name = `mappability/yeast, k 35, ${threads} ${threads === 1 ? "thread" : "threads"}`;
      figures.push(makeFigure(name, seconds, "s", "less", { name: "goal", value: 60 }));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
