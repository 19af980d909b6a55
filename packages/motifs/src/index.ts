export * from "./aligned-logos.js";
export * from "./alphabet.js";
export * from "./background.js";
export * from "./cluster/align-family.js";
export * from "./cluster/cluster-motifs.js";
export * from "./cluster/k-mer-set.js";
export * from "./cluster/match-profiles.js";
export * from "./cluster/newick.js";
export * from "./cluster/non-redundant.js";
export { MOTIF_DISTANCES, type MotifDistance } from "./compare/column-scores.js";
export * from "./compare/compare.js";
export { type Alignments, type ComparerOptions, MotifComparer } from "./compare/motif-comparer.js";
export * from "./compare/tomtom-tsv.js";
export * from "./consensus-to-motif.js";
export * from "./conversions.js";
export { discover } from "./discover/discover.js";
export type { DiscoverOptions, NamedSequence } from "./discover/discover-plan.js";
export * from "./discover/discovered-motif.js";
export * from "./discover/discovered-tables.js";
export type { SiteDistribution } from "./discover/site-alignment.js";
export * from "./enrich/central-enrichment.js";
export * from "./enrich/centrality.js";
export * from "./enrich/enrich.js";
export * from "./enrich/enrich-peaks.js";
export { formatEnrichment, formatLogarithm } from "./enrich/enrichment-tsv.js";
export * from "./enrich/occurrence-ratio.js";
export * from "./enrich/rank-enrichment.js";
export * from "./find.js";
export * from "./formats/kernels-npz/kernels.js";
export { writeMeme } from "./formats/meme/write.js";
export * from "./formats/motif-format.js";
export * from "./formats/read-motifs.js";
export * from "./formats/write-motifs.js";
export { basesOf, iupacOf } from "./iupac.js";
export * from "./logo.js";
export * from "./logo-letters.js";
export * from "./matched-regions.js";
export * from "./motif.js";
export * from "./pipeline/find-motifs.js";
export type { GenomicWindow } from "./pipeline/peak-windows.js";
export * from "./pipeline/read-peaks.js";
export * from "./pipeline/run-pipeline.js";
export * from "./pipeline/select-peaks.js";
export * from "./pipeline/write-results.js";
export * from "./read-sequences.js";
export * from "./scan/best-score.js";
export { type GenomicPlace, parseGenomicPlace } from "./scan/genomic-coordinates.js";
export * from "./scan/scan.js";
export type { MotifCounts, MotifStatistics } from "./scan/scan-counts.js";
export {
  averageStrands,
  type PlannedMotif,
  planScan,
  type ScanOptions,
  type ScanPlan,
} from "./scan/scan-plan.js";
export * from "./scan/score-distribution.js";
export {
  bitsOfScore,
  highestScore,
  makeScoreMatrix,
  type ScoreMatrix,
  type ScoreMatrixOptions,
} from "./scan/score-matrix.js";
export { type SiteListener, SiteScanner, type SiteScannerOptions } from "./scan/site-scanner.js";
export * from "./shuffle.js";
export * from "./write-shuffled.js";
