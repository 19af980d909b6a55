import { readAllBytes } from "@bindscape/genome";
import { MOTIF_FORMATS, type Motif, type MotifFormat, readMotifs, writeMotifs } from "@bindscape/motifs";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

/** Damaged motif files of every format, read by the format's own reader and with the format guessed. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const counts = Float64Array.from([8, 1, 0, 1, 0, 10, 0, 0, 3, 3, 4, 0, 0, 0, 0, 10]);
  const motifs: Motif[] = ["MA0001.1", "M2"].map((id) => ({
    id,
    name: "RUNX1",
    length: 4,
    sites: 10,
    counts,
    probabilities: counts.map((count) => count / 10),
    annotations: { DE: "a factor", Species: "Homo sapiens" },
  }));
  const files = MOTIF_FORMATS.map((format) => new TextEncoder().encode(writeMotifs(motifs, format)));
  let format: MotifFormat | undefined;
  return fuzzReader(
    iterations,
    seed,
    (random) => {
      const chosen = random.integer(MOTIF_FORMATS.length);
      format = random.integer(2) === 0 ? MOTIF_FORMATS[chosen] : undefined;
      return mutate(files[chosen], random);
    },
    async (source) => readMotifs(new TextDecoder().decode(await readAllBytes(source)), "fuzz", format),
  );
}
