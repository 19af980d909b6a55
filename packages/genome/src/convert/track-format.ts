import { BindscapeError } from "@bindscape/numerics";

/** The kinds of file a track can be converted between. */
export type TrackFormat = "bedGraph" | "bigWig" | "BED" | "npz";

/** What {@link findTrackFormat} knows, for help texts and errors. */
export const trackFileEndings = ".bedGraph, .bdg or .bg (also .gz), .bw or .bigWig, .bed (also .gz), .npz";

/**
 * The format a file's name ends in, upper or lower case.
 * @throws BindscapeError that lists the endings there are
 */
export function findTrackFormat(path: string): TrackFormat {
  if (/\.(bedgraph|bdg|bg)(\.gz)?$/i.test(path)) return "bedGraph";
  if (/\.(bw|bigwig)$/i.test(path)) return "bigWig";
  if (/\.bed(\.gz)?$/i.test(path)) return "BED";
  if (/\.npz$/i.test(path)) return "npz";
  throw new BindscapeError({
    source: path,
    found: "the file's ending says no kind of track",
    expected: `a name that ends in ${trackFileEndings}`,
  });
}

/** Whether a file of this name holds gzip. */
export function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}
