import { BindscapeError } from "@bindscape/numerics";
import { clip } from "./formats/matrix-rows.js";
import type { Motif } from "./motif.js";

/**
 * The motif of a factor, found without regard to case: by whole id, else by whole name, else by a part of the id
 * or name between separators ("Reb1" is a part of "MA0363.2_MA0363.2.REB1"). Among equally good ones the
 * first in the list.
 *
 * @throws BindscapeError that lists similar names when there is none
 */
export function findMotif(motifs: readonly Motif[], factor: string): Motif {
  const wanted = factor.trim().toLowerCase();
  const found =
    motifs.find((motif) => motif.id.toLowerCase() === wanted) ??
    motifs.find((motif) => motif.name.toLowerCase() === wanted) ??
    motifs.find((motif) => nameParts(motif).includes(wanted));
  if (found !== undefined && wanted !== "") return found;
  const near = similarNames(motifs, wanted);
  throw new BindscapeError({
    source: "motifs",
    found: `no motif for "${clip(factor)}" among ${motifs.length}`,
    next: near.length === 0 ? undefined : `Similar names: ${near.map(clip).join(", ")}`,
  });
}

function nameParts(motif: Motif): string[] {
  return `${motif.id} ${motif.name}`.toLowerCase().split(/[^a-z0-9-]+/);
}

/** The five motifs closest in name: by the least edit distance of any part, at most half of what was asked for. */
function similarNames(motifs: readonly Motif[], wanted: string): string[] {
  if (wanted === "" || wanted.length > 100) return motifs.slice(0, 5).map((motif) => motif.name);
  return motifs
    .map((motif) => ({
      name: motif.name,
      distance: Math.min(...nameParts(motif).map((part) => editDistance(part.slice(0, 100), wanted))),
    }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 2))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 5)
    .map(({ name }) => name);
}

/** Levenshtein's distance: insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}
