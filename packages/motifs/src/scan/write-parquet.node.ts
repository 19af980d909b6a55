import { writeFileAtomically } from "@bindscape/genome";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { SiteWriter } from "./site-lines.js";
import type { SiteRecords } from "./site-records.js";

/** Columns of sites.parquet; start is 0-based, end exclusive. */
const COLUMNS = [
  { name: "motif_id", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "motif_alt_id", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "sequence_name", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "start", type: "INT64" },
  { name: "end", type: "INT64" },
  { name: "strand", type: "BYTE_ARRAY", converted_type: "UTF8" },
  { name: "score", type: "DOUBLE" },
  { name: "p_value", type: "DOUBLE" },
  { name: "q_value", type: "DOUBLE" },
  { name: "matched_sequence", type: "BYTE_ARRAY", converted_type: "UTF8" },
] as const;

/**
 * Writes sites as a Parquet table (snappy), a row group for each block of records; without q-values that column is
 * all null.
 */
export async function writeSitesParquet(
  path: string,
  records: SiteRecords,
  sites: SiteWriter,
  content: (write: (block: Uint32Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  await writeFileAtomically(path, async (sink) => {
    const bytes = new ByteWriter();
    const flush = async () => {
      await sink.write(bytes.getBytes());
      bytes.index = 0;
    };
    const writer = new ParquetWriter({
      writer: bytes,
      schema: [
        { name: "root", num_children: COLUMNS.length },
        ...COLUMNS.map((column) => ({
          ...column,
          repetition_type: column.name === "q_value" ? ("OPTIONAL" as const) : ("REQUIRED" as const),
        })),
      ],
      createdBy: "bindscape",
    });
    await content(async (block) => {
      const rows = Array.from({ length: block.length / records.words }, (_, i) =>
        sites.rowOf(block, i * records.words),
      );
      if (rows.length === 0) return;
      const values = [
        rows.map(({ motif }) => motif),
        rows.map(({ alternative }) => alternative),
        rows.map(({ sequence }) => sequence),
        rows.map(({ start }) => BigInt(start - 1)),
        rows.map(({ stop }) => BigInt(stop)),
        rows.map(({ strand }) => strand),
        rows.map(({ score }) => score),
        rows.map(({ pValue }) => pValue),
        rows.map(({ qValue }) => qValue),
        rows.map(({ matched }) => matched),
      ];
      await writer.write({
        columnData: COLUMNS.map(({ name }, i) => ({ name, data: values[i] })),
        rowGroupSize: rows.length,
      });
      await flush();
    });
    writer.finish();
    await flush();
  });
}
