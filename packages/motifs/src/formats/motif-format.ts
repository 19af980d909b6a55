/**
 * Formats of motif files. "pfm" and "pcm" have a row of A, C, G, T for each position under a ">" header, probabilities or counts
 * (HOCOMOCO, GimmeMotifs, ENCODE); "jaspar" and "jaspar-raw" a row for each base; "jaspar-sites" the sites themselves.
 */
export const MOTIF_FORMATS = [
  "meme",
  "jaspar",
  "jaspar-raw",
  "jaspar-sites",
  "transfac",
  "homer",
  "pfm",
  "pcm",
  "uniprobe",
  "cis-bp",
] as const;

export type MotifFormat = (typeof MOTIF_FORMATS)[number];
