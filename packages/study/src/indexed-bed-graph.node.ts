import {
  BgzfReader,
  type FileSource,
  fileNameOf,
  openSource,
  readTabixLines,
  TabixIndex,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Assembly, Segment } from "./assembly.js";
import { ChromosomeNames } from "./chromosome-names.js";
import { openBeside } from "./genome-file.node.js";

/** A bedGraph of which the lines of a region can be read without the rest. */
export interface IndexedBedGraph {
  /** Fills the values of segments, each at its offset; bases without data are 0. */
  read(segments: readonly Segment[], values: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a bedGraph with a tabix index (.tbi or .csi) beside it; null for other files. */
export async function openIndexedBedGraph(file: string, assembly: Assembly): Promise<IndexedBedGraph | null> {
  if (!/\.(bedgraph|bdg|bg)\.gz$/i.test(fileNameOf(file))) return null;
  const opened: FileSource[] = [];
  const close = async () => {
    for (const source of opened.splice(0)) await source.close();
  };
  try {
    const indexSource = (await openBeside(file, ".tbi", opened)) ?? (await openBeside(file, ".csi", opened));
    if (indexSource === undefined) return null;
    const index = await TabixIndex.read(indexSource);
    const names = ChromosomeNames.match(index.names, assembly, file);
    const source = await openSource(file);
    opened.push(source);
    const blocks = new BgzfReader(source);
    return {
      async read(segments, values) {
        for (const segment of segments) {
          const { chromosome, start, end, offset } = segment;
          values.fill(0, offset, offset + end - start);
          const name = names.inFile(chromosome);
          if (name === undefined) continue;
          for await (const line of readTabixLines(blocks, index, name, start, end)) {
            const from = Math.max(line.start, start) - start;
            const to = Math.min(line.end, end) - start;
            if (from < to) values.fill(parseValue(line.text, file), offset + from, offset + to);
          }
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function parseValue(text: string, file: string): number {
  const field = text.split("\t")[3];
  const value = Number(field || Number.NaN);
  if (Number.isFinite(value)) return value;
  throw new BindscapeError({
    source: file,
    found: `the line ${JSON.stringify(text.slice(0, 60))}`,
    expected: "chromosome, start, end and value (bedGraph)",
  });
}
