// Writes bigWig files with Bindscape and has pyBigWig (libBigWig) read them: values, header totals, zoom means.
// `npm run build` first. BINDSCAPE_PEER_PYTHON names a Python with pyBigWig (Debian: python3-pybigwig).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBigWig, writeBigWigFile } from "../packages/genome/dist/index.node.js";
import { Random } from "../packages/numerics/dist/index.js";

const python = process.env.BINDSCAPE_PEER_PYTHON ?? "python3";
const probe = spawnSync(python, ["-c", "import pyBigWig"], { encoding: "utf8" });
if (probe.status !== 0) {
  const reason = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1);
  console.error(`NOT CHECKED: bigWig files against pyBigWig, which ${python} does not have (${reason}).`);
  if (process.env.CI === "true") {
    console.error("CI must have it: apt-get install python3-pybigwig");
    process.exit(1);
  }
  process.exit(0);
}

/** Intervals of one chromosome: `gap` and `length` are functions of a random generator. */
function makeRun(chromosome, count, seed, gap, length, value) {
  const random = new Random(seed);
  const run = { chromosome, starts: [], ends: [], values: [] };
  let at = 0;
  for (let i = 0; i < count; i++) {
    at += gap(random, i);
    run.starts.push(at);
    at += length(random, i);
    run.ends.push(at);
    run.values.push(Math.fround(value(random, i)));
  }
  return run;
}

const none = () => 0;
const one = () => 1;
const files = {
  bedGraph: [
    makeRun(
      "chr2",
      30000,
      1,
      (r) => r.integer(40),
      (r) => 1 + r.integer(60),
      (r) => r.normal(),
    ),
    makeRun(
      "chr10",
      5000,
      2,
      (r) => r.integer(4000),
      (r) => 1 + r.integer(60),
      (r) => r.integer(9),
    ),
    makeRun(
      "chr1",
      3,
      3,
      (r) => r.integer(10),
      one,
      (r) => r.normal(),
    ),
  ],
  fixedStep: [
    makeRun("chrI", 100000, 4, none, one, (r, i) => Math.sin(i / 50) + r.uniform()),
    makeRun(
      "chrII",
      20000,
      5,
      none,
      () => 50,
      (r) => r.uniform(),
    ),
  ],
  variableStep: [
    makeRun(
      "c",
      50000,
      6,
      (r) => r.integer(20),
      () => 10,
      (r) => r.integer(100) / 8,
    ),
  ],
  oneValue: [{ chromosome: "c", starts: [99], ends: [100], values: [2.5] }],
  scaffolds: Array.from({ length: 2000 }, (_, i) =>
    makeRun(
      `scaffold_${i}`,
      1 + (i % 9),
      i,
      (r) => r.integer(30),
      (r) => 1 + r.integer(9),
      (r) => r.normal(),
    ),
  ),
};

const variants = {
  compressed: {},
  uncompressed: { compress: false },
  // Zoom blocks between the data, as in files with more of them than may wait in memory.
  interleaved: { zoomMemory: 0, itemsPerSlot: 200, blockSize: 16 },
};

const folder = mkdtempSync(join(tmpdir(), "bindscape-check-bigwig-"));
let status = 1;
try {
  const tracks = [];
  for (const [name, runs] of Object.entries(files)) {
    const chromosomes = runs.map(({ chromosome, ends }) => ({ name: chromosome, size: ends.at(-1) + 500 }));
    // A chromosome without data, in the middle of the list.
    chromosomes.splice(1, 0, { name: "empty", size: 1234 });
    for (const [kind, options] of Object.entries(variants)) {
      const path = join(folder, `${name}-${kind}.bw`);
      await writeBigWigFile(path, chromosomes, runs, options);
      const { reader, close } = await openBigWig(path);
      tracks.push({
        path,
        chromosomes,
        runs,
        reductions: reader.zoomLevels.map(({ reduction }) => reduction),
      });
      close();
    }
  }
  const list = join(folder, "expected.json");
  writeFileSync(list, JSON.stringify(tracks));
  const script = fileURLToPath(new URL("check-bigwig.py", import.meta.url));
  const checked = spawnSync(python, [script, list], { stdio: "inherit" });
  status = checked.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
