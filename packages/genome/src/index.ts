export { type BedRecord, type ReadBedOptions, readBed, readBedRecords, type Strand } from "./bed/read.js";
export * from "./bed/write.js";
export * from "./bed-graph/read.js";
export * from "./bed-graph/write.js";
export type { SynchronousByteSource } from "./bigwig/block-reader.js";
export type { Deflate, Inflate } from "./bigwig/codec.js";
export type { BigWigSummary } from "./bigwig/header.js";
export * from "./bigwig/read.js";
export * from "./bigwig/write.js";
export { type ByteSink, MemorySink } from "./byte-sink.js";
export * from "./byte-source.js";
export * from "./chromosome-sizes/read.js";
export * from "./chromosome-sizes/write.js";
export * from "./chromosomes/match.js";
export * from "./compression/bgzf.js";
export * from "./compression/gunzip.js";
export { writeGzip } from "./compression/gzip-sink.js";
export { npzTrackLayout } from "./convert/npz-track.js";
export { findTrackFormat, type TrackFormat, trackFileEndings } from "./convert/track-format.js";
export * from "./dream-labels/read.js";
export * from "./dream-labels/write.js";
export * from "./dream-submission/read.js";
export * from "./dream-submission/write.js";
export * from "./fasta/index-file.js";
export * from "./fasta/indexed.js";
export * from "./fasta/read.js";
export * from "./fasta/write.js";
export * from "./fragments/read.js";
export * from "./gff/gene-parts.js";
export * from "./gff/read.js";
export * from "./http/file-name.js";
export * from "./http/http-source.js";
export * from "./intervals/interval.js";
export * from "./intervals/interval-index.js";
export {
  intersectIntervals,
  mergeIntervals,
  type SortedArrays,
  subtractIntervals,
  totalLength,
} from "./intervals/set-algebra.js";
export * from "./mappability/joined-genome.js";
export * from "./mappability/k-mer-counter.js";
export * from "./mappability/uniqueness.js";
export * from "./narrow-peak/read.js";
export * from "./narrow-peak/write.js";
export type { NpyArray, NpyData } from "./npy/array.js";
export * from "./npy/read.js";
export { encodeNpy, writeNpy } from "./npy/write.js";
export * from "./npz/read.js";
export * from "./npz/write.js";
export * from "./sequence/encode.js";
export { type TabixColumns, TabixIndex } from "./tabix/index-file.js";
export * from "./tabix/read.js";
export { type OffsetListener, readTextChunks } from "./text/chunks.js";
export { readLineBatches, readTextLines, type TextLine, type TextLines } from "./text/lines.js";
export * from "./two-bit/read.js";
export * from "./two-bit/write.js";
export * from "./vcf/read.js";
export * from "./vcf/variant.js";
export * from "./vcf/variant-table.js";
