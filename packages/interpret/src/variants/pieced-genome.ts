import { unknownBase } from "@bindscape/genome";
import type { Assembly } from "@bindscape/study";
import type { GenomeReader } from "./variant-windows.js";

/** An assembly in memory as variants are read from it; what lies between its pieces is unknown. */
export function readFromAssembly(assembly: Assembly): GenomeReader {
  return {
    chromosomes: assembly.chromosomes,
    readCodes: async (name, start, end) => {
      const codes = new Uint8Array(end - start).fill(unknownBase);
      for (const segment of assembly.segmentsOf(name)) {
        const from = Math.max(start, segment.start);
        const to = Math.min(end, segment.end);
        if (from >= to) continue;
        const at = segment.offset - segment.start;
        codes.set(assembly.codes.subarray(at + from, at + to), from - start);
      }
      return codes;
    },
  };
}
