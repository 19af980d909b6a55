import type { ChromosomeSize } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { AttributionFile } from "../attribution-file.js";
import { scorePositions } from "../position-scores.js";

/**
 * Scores along chromosomes, a value a base; where windows overlap, the mean of theirs. What windows have beyond the ends
 * of a chromosome is left out.
 * @throws BindscapeError for sequences whose places are not known, or on a chromosome that is not there
 */
export function* attributionRuns(file: AttributionFile, chromosomes: readonly ChromosomeSize[]) {
  const { places, length } = file;
  if (!places) {
    throw new BindscapeError({
      source: file.source,
      found: "sequences whose places on a genome are not known",
      expected: "regions of a study, or a data set with places, for a bigWig",
    });
  }
  const known = new Set(chromosomes.map(({ name }) => name));
  const lost = places.find(({ chromosome }) => !known.has(chromosome));
  if (lost) {
    throw new BindscapeError({
      source: file.source,
      found: `a window on ${lost.chromosome}`,
      expected: `chromosomes among ${[...known].slice(0, 20).join(", ")}`,
      next: "Is it another assembly?",
    });
  }
  const scores = scorePositions(file);
  for (const { name, size } of chromosomes) {
    const rows = places
      .flatMap(({ chromosome }, row) => (chromosome === name ? [row] : []))
      .sort((a, b) => places[a].start - places[b].start);
    for (let next = 0; next < rows.length; ) {
      const start = Math.max(0, places[rows[next]].start);
      const first = next;
      let end = start;
      for (; next < rows.length && places[rows[next]].start <= end; next++)
        end = Math.max(end, Math.min(size, places[rows[next]].end));
      if (next === first) next++;
      if (end <= start) continue;
      const sums = new Float64Array(end - start);
      const counts = new Uint32Array(end - start);
      for (const row of rows.slice(first, next)) {
        const place = places[row];
        for (let k = 0; k < length; k++) {
          const at = (place.strand === "-" ? place.end - 1 - k : place.start + k) - start;
          if (!(at in sums)) continue;
          sums[at] += scores[row * length + k];
          counts[at]++;
        }
      }
      yield {
        chromosome: name,
        starts: Array.from(sums, (_, i) => start + i),
        ends: Array.from(sums, (_, i) => start + i + 1),
        values: Array.from(sums, (sum, i) => sum / counts[i]),
      };
    }
  }
}
