import { checkColumn } from "../text/write-fields.js";
import type { ChromosomeSize } from "./read.js";

/** The text of a chrom.sizes file. */
export function formatChromosomeSizes(sizes: readonly ChromosomeSize[]): string {
  return sizes.map(({ name, size }) => `${checkColumn(name, "chromosome")}\t${size}\n`).join("");
}
