import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { type HeaderRecord, readHeaderRecords, splitHeader, transposeRows } from "../header-records.js";
import { clip, motifFromRows, parseNumberRow } from "../matrix-rows.js";

/** Reads JASPAR matrices: a row for each base under a ">" header, lettered and bracketed, or four bare rows. */
export function readJaspar(lines: readonly string[], source: string): Motif[] {
  return readHeaderRecords(lines, source).map((record) => motifOfBaseRows(record, source));
}

/** A record whose four rows are bases. */
export function motifOfBaseRows(record: HeaderRecord, source: string): Motif {
  const rows = record.body.map(({ text, line }) => parseNumberRow(text, source, line));
  const positions = transposeRows(rows, record.header, source, record.line);
  return motifFromRows(splitHeader(record, source), positions, source, record.line);
}

/**
 * Reads JASPAR's list of sites: FASTA in which the site's bases are upper case and those beside it lower case.
 * Records of one id, which number their sites behind it, make one motif.
 */
export function readJasparSites(lines: readonly string[], source: string): Motif[] {
  const motifs = new Map<
    string,
    { id: string; name: string; line: number; counts: number[][]; sites: number }
  >();
  for (const record of readHeaderRecords(lines, source)) {
    const { id, name: rest } = splitHeader(record, source);
    const name = rest === id ? id : rest.replace(/\s*\d+$/, "") || id;
    const site = record.body
      .map(({ text }) => text)
      .join("")
      .replace(/[^A-Z]/g, "");
    const line = record.body[0]?.line ?? record.line;
    if (!/^[ACGT]+$/.test(site)) {
      throw new BindscapeError({
        source,
        line,
        found: site === "" ? `no site in "${clip(record.header)}"` : `the site "${clip(site)}"`,
        expected: "the site's bases A, C, G, T in upper case, those beside it in lower case",
      });
    }
    const known = motifs.get(id) ?? { id, name, line: record.line, counts: [], sites: 0 };
    if (known.sites === 0) for (const _ of site) known.counts.push([0, 0, 0, 0]);
    if (known.counts.length !== site.length) {
      throw new BindscapeError({
        source,
        line,
        found: `a site of ${site.length} bp in motif "${clip(id)}"`,
        expected: `${known.counts.length} bp, as its first site`,
      });
    }
    known.sites++;
    for (let position = 0; position < site.length; position++)
      known.counts[position]["ACGT".indexOf(site[position])]++;
    motifs.set(id, known);
  }
  return [...motifs.values()].map(({ id, name, line, counts, sites }) =>
    motifFromRows(
      { id, name, sites },
      counts.map((values) => ({ line, letter: "", values })),
      source,
      line,
    ),
  );
}
