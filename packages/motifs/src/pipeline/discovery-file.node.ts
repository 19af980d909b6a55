import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { decodeSequence, writeFileAtomically } from "@bindscape/genome";
import type { Motif } from "../motif.js";
import type { MotifFinder } from "./run-pipeline.js";

interface StoredMotif extends Omit<Motif, "probabilities" | "counts"> {
  readonly probabilities: readonly number[];
  readonly counts?: readonly number[];
}

/**
 * A finder that keeps what it found in a file, and, where it may, takes it from there if the sequences and all that
 * `choices` names are the same: the one slow step of the pipeline is not done again after a stop.
 *
 * @param choices whatever the motifs depend on besides the sequences: method, widths, seed, version
 */
export function keepDiscovery(
  find: MotifFinder,
  file: string,
  choices: Readonly<Record<string, string | number>>,
  mayReuse: boolean,
  onReuse: () => void,
): MotifFinder {
  return async (centres, options) => {
    const hash = createHash("sha256").update(JSON.stringify(choices));
    for (const { codes } of centres) hash.update(`\n${decodeSequence(codes)}`);
    const key = hash.digest("hex");
    const kept = mayReuse ? await readKept(file, key) : null;
    if (kept !== null) {
      onReuse();
      return kept;
    }
    const motifs = await find(centres, options);
    const stored: StoredMotif[] = motifs.map((motif) => ({
      ...motif,
      probabilities: Array.from(motif.probabilities),
      ...(motif.counts === undefined ? {} : { counts: Array.from(motif.counts) }),
    })) as StoredMotif[];
    await writeFileAtomically(file, `${JSON.stringify({ key, choices, motifs: stored })}\n`);
    return motifs;
  };
}

/** What the file holds under the key; null for another key, and for what is not such a file. */
async function readKept(file: string, key: string): Promise<Motif[] | null> {
  if (!existsSync(file)) return null;
  try {
    const held = JSON.parse(await readFile(file, "utf8")) as { key?: string; motifs: StoredMotif[] };
    if (held.key !== key) return null;
    return held.motifs.map(({ counts, probabilities, ...rest }) => ({
      ...rest,
      probabilities: Float64Array.from(probabilities),
      ...(counts === undefined ? {} : { counts: Float64Array.from(counts) }),
    }));
  } catch {
    return null;
  }
}
